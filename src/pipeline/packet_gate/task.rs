//! `--task`: restricts a packet to the files of one of its tasks.

use crate::change::{Repository, RepositoryError, Selection, TreeState};
use crate::document::Layout;
use crate::document::typed_contract::{ContractRole, TypedContract};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{LocatedPacket, apply_aliases, read_document};
use crate::text::{Source, to_single_line};

/// Maximum number of tasks of one packet.
const MAX_TASKS: usize = 2_000;

/// Restricts the scope of a packet to a task. A path must be allowed by the task of the
/// judged tree, of the trusted tree and of the base of the change; if neither has the task,
/// by its first version in the change. So the work cannot widen its own task.
///
/// # Errors
/// The judged tree has no such task, the task lists no file, or it cannot be read.
pub(crate) fn restrict_to_task(
    repo: &dyn Repository,
    layout: &Layout,
    located: &mut LocatedPacket,
    task: &str,
    (judged, trusted): (TreeState, TreeState),
    selection: Option<&Selection>,
) -> Result<(), PipelineError> {
    let tasks = read_tasks(repo, judged, layout, located)?;
    let id_of = |contract: &TypedContract| contract.value("task_id").map(|id| id.value.clone());
    let Some(found) = tasks.iter().find(|contract| id_of(contract).as_deref() == Some(task)) else {
        let known = tasks.iter().filter_map(id_of).map(|id| to_single_line(&id, 40)).collect();
        let packet = located.id.as_str().to_owned();
        return Err(PipelineError::NoSuchTask { packet, task: to_single_line(task, 60), known });
    };
    if found.allowed.is_empty() {
        return Err(PipelineError::TaskWithoutFiles { task: to_single_line(task, 60) });
    }
    let path = found.source.name().clone();
    located.packet.scope.restrict_to(found);
    let mut find_in = |tree: TreeState| -> Result<bool, PipelineError> {
        let before = read_tasks(repo, tree, layout, located)?;
        let before = before.iter().find(|contract| id_of(contract).as_deref() == Some(task));
        before.into_iter().for_each(|before| located.packet.scope.restrict_to(before));
        Ok(before.is_some())
    };
    let base = selection.and_then(|selection| selection.base);
    let in_trusted = find_in(trusted)?;
    let in_base = base.map(|base| find_in(TreeState::Commit(base))).transpose()?.unwrap_or(false);
    let head = selection.and_then(|selection| selection.head);
    if let Some(head) = head.filter(|_| !in_trusted && !in_base) {
        let is_task = |bytes: &[u8]| {
            let source = Source::from_bytes(path.clone(), bytes.to_vec());
            TypedContract::read(&source).and_then(|contract| id_of(&contract)).as_deref() == Some(task)
        };
        for commit in repo.find_introductions(&path, head, base, &is_task)? {
            find_in(TreeState::Commit(commit.commit))?;
        }
    }
    apply_aliases(&mut located.packet, layout);
    Ok(())
}

/// Returns the remark of the verdict about the task.
pub(crate) fn task_remark(task: &str) -> String {
    format!("task {}", to_single_line(task, 60))
}

/// Reads the contracts of a packet's tasks in a tree, in order of their files.
fn read_tasks(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    located: &LocatedPacket,
) -> Result<Vec<TypedContract>, RepositoryError> {
    let Some(folder) = layout.packet_folder(&located.id) else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for path in repo.list(tree, &folder)?.into_iter().take(MAX_TASKS) {
        if !path.as_bytes().ends_with(b".json") {
            continue;
        }
        let contract = read_document(repo, tree, &path)?.and_then(|source| TypedContract::read(&source));
        out.extend(contract.filter(|contract| contract.schema.role == ContractRole::Task));
    }
    Ok(out)
}
