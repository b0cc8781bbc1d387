//! The state that steps run on: the files on disk, HEAD, branch, references and index.
//! It is fixed before the first step. Every step must leave it as it is.

use std::collections::BTreeMap;

use crate::change::{
    Change, Commit, History as _, Repository as _, RepositoryError, Selection, SelectionMode, TreeEntry,
};
use crate::check::is_personal;
use crate::pipeline::packet_gate::GateResult;
use crate::system::git::{GitRepository, GitState};
use crate::text::RepoPath;

/// Maximum number of references and files that one message names.
const MAX_NAMED: usize = 5;

/// Files, HEAD, branch, references and index at one moment.
pub(super) struct JudgedState {
    git: GitState,
    /// All paths on disk that differ from the commit that was HEAD before the first
    /// step. The value is true for a path that this commit contains, with the entry on
    /// disk; no entry for a deleted file.
    files: BTreeMap<RepoPath, (bool, Option<TreeEntry>)>,
    /// The commit that was HEAD before the first step: its ignore files exempt
    /// untracked files, also after a step moved HEAD.
    base: Option<Commit>,
}

/// Differences between two states.
#[derive(Default)]
pub(super) struct StateChanges {
    /// What happened to HEAD, branch, references and index; clauses without a subject.
    pub repository: Vec<String>,
    /// What happened to settings and hooks of git; clauses without a subject.
    pub settings: Vec<String>,
    /// Why the evidence of the run cannot be trusted; a clause without a subject.
    /// References of other repositories move with each fetch.
    pub untrusted: Option<String>,
    /// Files that existed before and were edited or removed, in order.
    pub edited: Vec<RepoPath>,
    /// New files, in order.
    pub new_files: Vec<RepoPath>,
}

fn list_changes(
    repo: &GitRepository,
    base: Option<Commit>,
    mode: SelectionMode,
) -> Result<Vec<Change>, RepositoryError> {
    let selection =
        Selection { mode, base, head: None, reason: String::new(), is_explicit: false, left_end: None };
    Ok(repo.changes(&selection)?.changes)
}

/// Describes the first difference between the files on disk and the judged files: its
/// path, if it has one, and a clause about it. `None` if they are the same.
pub(super) fn describe_difference(
    repo: &GitRepository,
    gate_result: &GateResult,
) -> Result<Option<(Option<RepoPath>, String)>, RepositoryError> {
    let Some(selection) = &gate_result.selection else { return Ok(None) };
    let head = repo.head()?;
    let entries = |changes: Vec<Change>| -> BTreeMap<RepoPath, Option<TreeEntry>> {
        changes.into_iter().map(|change| (change.path, change.after)).collect()
    };
    match selection.mode {
        SelectionMode::Range | SelectionMode::Rev => {
            if selection.head != head {
                return Ok(Some((None, "HEAD is not the head of the judged range".to_owned())));
            }
            let mut edited = list_changes(repo, head, SelectionMode::Worktree)?.into_iter();
            let edited = edited.find(|change| !is_aside(change));
            Ok(edited.map(|change| (Some(change.path), "differs from the judged commit".to_owned())))
        }
        SelectionMode::Worktree => {
            let now = entries(list_changes(repo, selection.base, SelectionMode::Worktree)?);
            Ok(first_difference(&gate_result.judged_entries, &now)
                .map(|path| (Some(path), "changed while the checks ran".to_owned())))
        }
        SelectionMode::Staged => {
            let staged = entries(list_changes(repo, head, SelectionMode::Staged)?);
            let mut disk = list_changes(repo, head, SelectionMode::Worktree)?;
            disk.retain(|change| !is_aside(change));
            let disk = entries(disk);
            Ok(first_difference(&staged, &disk)
                .map(|path| (Some(path), "differs from the staged content".to_owned())))
        }
    }
}

/// Returns whether a file of one person on disk is no part of what is judged.
fn is_aside(change: &Change) -> bool {
    change.user_ignored.is_some() && is_personal(&change.path)
}

/// Returns the first path whose entries differ, or that only one of both contains.
fn first_difference(
    judged: &BTreeMap<RepoPath, Option<TreeEntry>>,
    now: &BTreeMap<RepoPath, Option<TreeEntry>>,
) -> Option<RepoPath> {
    let differing = judged.iter().find(|(path, after)| now.get(*path) != Some(after)).map(|(path, _)| path);
    differing.or_else(|| now.keys().find(|path| !judged.contains_key(*path))).cloned()
}

impl JudgedState {
    /// Records the state before the first step.
    pub(super) fn take(repo: &GitRepository) -> Result<Self, RepositoryError> {
        Self::take_with_base(repo, repo.head()?)
    }

    /// Records the state now, with the base of an earlier state.
    pub(super) fn take_again(&self, repo: &GitRepository) -> Result<Self, RepositoryError> {
        Self::take_with_base(repo, self.base)
    }

    fn take_with_base(repo: &GitRepository, base: Option<Commit>) -> Result<Self, RepositoryError> {
        let git = repo.read_state()?;
        let files = list_changes(repo, base, SelectionMode::Worktree)?
            .into_iter()
            .map(|change| (change.path.clone(), (change.before.is_some(), change.after)))
            .collect();
        Ok(Self { git, files, base })
    }

    /// Returns the differences to a later state.
    pub(super) fn changes_to(&self, later: &Self) -> StateChanges {
        let mut out = StateChanges { repository: self.repository_changes(later), ..StateChanges::default() };
        if self.git.settings_sha256 != later.git.settings_sha256 {
            out.settings.push("changed the settings of git".to_owned());
        }
        if self.git.hooks_sha256 != later.git.hooks_sha256 {
            out.settings.push("changed the hooks of git".to_owned());
        }
        let only_remotes = later.git.without_remotes() == self.git.without_remotes();
        let trusted = out.settings.is_empty() && only_remotes;
        out.untrusted =
            (!trusted).then(|| out.settings.first().or(out.repository.first()).cloned()).flatten();
        for (path, (is_tracked, entry)) in &later.files {
            match self.files.get(path) {
                Some((_, before)) if before == entry => {}
                None if !is_tracked => out.new_files.push(path.clone()),
                _ => out.edited.push(path.clone()),
            }
        }
        out.edited.extend(self.files.keys().filter(|path| !later.files.contains_key(*path)).cloned());
        out.edited.sort();
        out
    }

    fn repository_changes(&self, later: &Self) -> Vec<String> {
        let mut out = Vec::new();
        let (before, after) = (&self.git, &later.git);
        let shown = |commit: Option<Commit>| commit.map_or("no commit".to_owned(), Commit::short);
        if before.head != after.head {
            out.push(format!("moved HEAD from {} to {}", shown(before.head), shown(after.head)));
        }
        if before.branch != after.branch {
            let name =
                |branch: &Option<String>| branch.clone().unwrap_or_else(|| "a detached HEAD".to_owned());
            out.push(format!("switched from {} to {}", name(&before.branch), name(&after.branch)));
        }
        let own = before.branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
        let is_own = |name: &String| own.as_ref() == Some(name) && before.head != after.head;
        let names = before.references.keys().chain(after.references.keys());
        let mut moved: Vec<&String> = names
            .filter(|name| before.references.get(*name) != after.references.get(*name) && !is_own(name))
            .collect();
        moved.sort();
        moved.dedup();
        if !moved.is_empty() {
            let shown: Vec<&str> = moved.iter().take(MAX_NAMED).map(|name| name.as_str()).collect();
            let more = if moved.len() > MAX_NAMED { " and others" } else { "" };
            out.push(format!("changed the reference {}{more}", shown.join(", ")));
        }
        if before.index_sha256 != after.index_sha256 {
            out.push("changed the index".to_owned());
        }
        out
    }
}
