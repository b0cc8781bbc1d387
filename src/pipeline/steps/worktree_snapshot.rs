//! Is the tree on disk the judged one, and did a step leave it alone?

use crate::change::{History as _, Repository as _};
use std::collections::BTreeMap;

use crate::change::{Change, RepositoryError, Selection, SelectionMode, TreeEntry};
use crate::pipeline::packet_gate::GateResult;
use crate::system::git::GitRepository;
use crate::text::RepoPath;

/// Every path on disk that differs from HEAD, with what stands there.
pub(crate) type WorktreeSnapshot = BTreeMap<RepoPath, (bool, Option<TreeEntry>)>;

fn list_changes(repo: &GitRepository, mode: SelectionMode) -> Result<Vec<Change>, RepositoryError> {
    let selection = Selection {
        mode,
        base: repo.head()?,
        head: None,
        reason: String::new(),
        is_explicit: false,
        policy_source: None,
    };
    Ok(repo.changes(&selection)?.changes)
}

/// How the files on disk differ from the judged ones, if they do.
pub(crate) fn describe_difference(
    repo: &GitRepository,
    judgement: &GateResult,
) -> Result<Option<(Option<RepoPath>, String)>, RepositoryError> {
    let Some(selection) = &judgement.selection else { return Ok(None) };
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
                staged.iter().find(|(path, post)| disk.get(*path) != Some(post)).map(|(path, _)| path);
            let unstaged = disk.keys().find(|path| !staged.contains_key(*path));
            Ok(differing
                .or(unstaged)
                .map(|path| (Some(path.clone()), "differs from what is staged".to_owned())))
        }
    }
}

/// What is on disk now.
pub(crate) fn take_snapshot(repo: &GitRepository) -> Result<WorktreeSnapshot, RepositoryError> {
    Ok(list_changes(repo, SelectionMode::Worktree)?
        .into_iter()
        .map(|change| (change.path.clone(), (change.before.is_some(), change.after)))
        .collect())
}

/// Tracked files (by HEAD) that differ between two snapshots.
pub(crate) fn edited_paths(before: &WorktreeSnapshot, after: &WorktreeSnapshot) -> Vec<RepoPath> {
    let mut out: Vec<RepoPath> = Vec::new();
    for (path, (tracked, entry)) in after {
        let same = before.get(path).is_some_and(|(_, old)| old == entry);
        if !same && (*tracked || before.contains_key(path)) {
            out.push(path.clone());
        }
    }
    out.extend(before.iter().filter(|(path, _)| !after.contains_key(*path)).map(|(path, _)| path.clone()));
    out.sort();
    out
}
