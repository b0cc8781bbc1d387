//! Compares the files on disk: with the judged tree before the steps, and with
//! themselves before and after a step.

use std::collections::BTreeMap;

use crate::change::{
    Change, History as _, Repository as _, RepositoryError, Selection, SelectionMode, TreeEntry,
};
use crate::pipeline::packet_gate::GateResult;
use crate::system::git::GitRepository;
use crate::text::RepoPath;

/// All paths on disk that differ from HEAD. The value is true for a path that
/// HEAD contains, with the entry on disk; no entry for a deleted file.
pub(super) type WorktreeSnapshot = BTreeMap<RepoPath, (bool, Option<TreeEntry>)>;

fn list_changes(repo: &GitRepository, mode: SelectionMode) -> Result<Vec<Change>, RepositoryError> {
    let selection = Selection {
        mode,
        base: repo.head()?,
        head: None,
        reason: String::new(),
        is_explicit: false,
        left_end: None,
    };
    Ok(repo.changes(&selection)?.changes)
}

/// Describes the first difference between the files on disk and the judged
/// files: its path, if it has one, and a clause about it. `None` if they are
/// the same.
pub(super) fn describe_difference(
    repo: &GitRepository,
    gate_result: &GateResult,
) -> Result<Option<(Option<RepoPath>, String)>, RepositoryError> {
    let Some(selection) = &gate_result.selection else { return Ok(None) };
    match selection.mode {
        SelectionMode::Worktree => Ok(None),
        SelectionMode::Range | SelectionMode::Rev => {
            if selection.head != repo.head()? {
                return Ok(Some((None, "HEAD is not the head of the judged range".to_owned())));
            }
            let edited = list_changes(repo, SelectionMode::Worktree)?.into_iter().next();
            Ok(edited.map(|change| (Some(change.path), "differs from the judged commit".to_owned())))
        }
        SelectionMode::Staged => {
            let staged: BTreeMap<RepoPath, Option<TreeEntry>> =
                list_changes(repo, SelectionMode::Staged)?.into_iter().map(|c| (c.path, c.after)).collect();
            let disk: BTreeMap<RepoPath, Option<TreeEntry>> =
                list_changes(repo, SelectionMode::Worktree)?.into_iter().map(|c| (c.path, c.after)).collect();
            let differing =
                staged.iter().find(|(path, after)| disk.get(*path) != Some(after)).map(|(path, _)| path);
            let unstaged = disk.keys().find(|path| !staged.contains_key(*path));
            Ok(differing
                .or(unstaged)
                .map(|path| (Some(path.clone()), "differs from the staged content".to_owned())))
        }
    }
}

/// Takes a snapshot of the files on disk.
pub(super) fn take_snapshot(repo: &GitRepository) -> Result<WorktreeSnapshot, RepositoryError> {
    Ok(list_changes(repo, SelectionMode::Worktree)?
        .into_iter()
        .map(|change| (change.path.clone(), (change.before.is_some(), change.after)))
        .collect())
}

/// Returns the paths that differ between two snapshots, in order. New files
/// that HEAD does not contain are left out.
pub(super) fn edited_paths(before: &WorktreeSnapshot, after: &WorktreeSnapshot) -> Vec<RepoPath> {
    let mut out: Vec<RepoPath> = Vec::new();
    for (path, (is_tracked, entry)) in after {
        let is_same = before.get(path).is_some_and(|(_, entry_before)| entry_before == entry);
        if !is_same && (*is_tracked || before.contains_key(path)) {
            out.push(path.clone());
        }
    }
    out.extend(before.iter().filter(|(path, _)| !after.contains_key(*path)).map(|(path, _)| path.clone()));
    out.sort();
    out
}
