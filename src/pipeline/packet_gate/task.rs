//! `--task`: restricts a packet to the files of one of its tasks.

use std::collections::BTreeSet;

use crate::change::{Repository, RepositoryError, Selection, TreeState};
use crate::document::Layout;
use crate::document::typed_contract::{ContractRole, TypedContract};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{LocatedPacket, apply_aliases, read_document};
use crate::text::{RepoPath, to_single_line};

/// Maximum number of tasks of one packet.
const MAX_TASKS: usize = 2_000;

/// Maximum number of commits of a change in which the versions of a task are read.
const MAX_TASK_COMMITS: usize = 200;

/// Restricts the scope of a packet to a task. A path must be allowed by every version of the
/// task: in the judged tree, in the trusted tree, at the base of the change and in each
/// commit since the trusted one. So the work cannot widen its own task, under whatever file name.
///
/// # Errors
/// The judged tree has no such task or several, the task lists no file, it has too many
/// versions, or it cannot be read.
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
    let is_wanted = |contract: &&TypedContract| id_of(contract).as_deref() == Some(task);
    let found: Vec<&TypedContract> = tasks.iter().filter(is_wanted).collect();
    let shown = to_single_line(task, 60);
    let found = match found.as_slice() {
        [only] => *only,
        [] => {
            let known = tasks.iter().filter_map(id_of).map(|id| to_single_line(&id, 40)).collect();
            let packet = located.id.as_str().to_owned();
            return Err(PipelineError::NoSuchTask { packet, task: shown, known });
        }
        [first, second, ..] => {
            let (first, second) = (first.source.name().clone(), second.source.name().clone());
            return Err(PipelineError::SeveralTasks { task: shown, first, second });
        }
    };
    if found.allowed.is_empty() {
        return Err(PipelineError::TaskWithoutFiles { task: shown });
    }
    let base = selection.and_then(|selection| selection.base);
    let mut trees = vec![trusted];
    trees.extend(base.map(TreeState::Commit));
    // An uncommitted change follows the commits of its branch.
    let head = match selection {
        Some(selection) => selection.head.or(repo.head()?),
        None => None,
    };
    // The work can move the base, but not the trusted commit.
    let start = match trusted {
        TreeState::Commit(commit) => Some(commit),
        _ => base,
    };
    if let Some(head) = head.filter(|head| Some(*head) != start) {
        let folder = layout.packet_folder(&located.id).unwrap_or_default();
        let in_folder = |path: &RepoPath| path.is_below(folder.as_bytes());
        let commits = repo.commits_between(start, head)?;
        let changing = commits.iter().filter(|commit| commit.changed_paths.iter().any(in_folder));
        trees.extend(changing.map(|commit| TreeState::Commit(commit.commit)));
        if trees.len() > MAX_TASK_COMMITS {
            let reason = format!("more than {MAX_TASK_COMMITS} commits of the change edit its folder");
            let operation = format!("reading the versions of the task {shown}");
            return Err(RepositoryError::Git { operation, reason }.into());
        }
    }
    located.packet.scope.restrict_to_task(found);
    let mut seen: BTreeSet<String> = BTreeSet::from([found.source.text().to_owned()]);
    for tree in trees {
        let versions = read_tasks(repo, tree, layout, located)?;
        for version in versions.iter().filter(is_wanted) {
            if seen.insert(version.source.text().to_owned()) {
                located.packet.scope.restrict_to_task(version);
            }
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
    let files = repo.list(tree, &folder)?;
    let names: BTreeSet<String> = files.iter().map(ToString::to_string).collect();
    // A task in JSON is in force before its copy in Markdown.
    let is_task = |path: &RepoPath| {
        let is_json = path.as_bytes().ends_with(b".json");
        let path = path.to_string();
        is_json || path.strip_suffix(".md").is_some_and(|stem| !names.contains(&format!("{stem}.json")))
    };
    let files: Vec<RepoPath> = files.into_iter().filter(is_task).collect();
    if files.len() > MAX_TASKS {
        let reason = format!("it has more than {MAX_TASKS} files");
        return Err(RepositoryError::Unreadable { path: RepoPath::from(folder.as_str()), reason });
    }
    for path in files {
        let contract = read_document(repo, tree, &path)?.and_then(|source| TypedContract::read(&source));
        out.extend(contract.filter(|contract| contract.schema.role == ContractRole::Task));
    }
    Ok(out)
}
