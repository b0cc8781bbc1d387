//! `--task`: restricts a packet to the files of one of its tasks.

use crate::change::{Repository, RepositoryError, TreeState};
use crate::document::Layout;
use crate::document::typed_contract::{ContractRole, TypedContract};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{LocatedPacket, apply_aliases, read_document};
use crate::text::to_single_line;

/// Maximum number of tasks of one packet.
const MAX_TASKS: usize = 2_000;

/// Restricts the scope of a packet to a task. The task is read from the judged and from the
/// trusted tree, and a path must be allowed by both: the work cannot widen its own task.
///
/// # Errors
/// The judged tree has no such task, the task lists no file, or it cannot be read.
pub(crate) fn restrict_to_task(
    repo: &dyn Repository,
    layout: &Layout,
    located: &mut LocatedPacket,
    task: &str,
    (judged, trusted): (TreeState, TreeState),
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
    located.packet.scope.restrict_to(found);
    let before = read_tasks(repo, trusted, layout, located)?;
    if let Some(before) = before.iter().find(|contract| id_of(contract).as_deref() == Some(task)) {
        located.packet.scope.restrict_to(before);
    }
    apply_aliases(&mut located.packet, layout);
    Ok(())
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
