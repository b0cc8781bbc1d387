//! Reads git trees and compares two of them entry by entry, by raw mode and object id.

use std::collections::BTreeMap;

use git2::Oid;

use crate::change::{Change, ChangeSet, Commit, FileMode, RepositoryError, TreeEntry};
use crate::digest::Hash20;
use crate::text::RepoPath;

use super::remembered::KnownFolders;
use super::tree_objects::{FOLDER_MODE, RawTreeEntry, merge_by_name};
use super::{GitRepository, to_hash, to_oid};

/// Maximum depth of nested folders; deeper trees are refused.
const MAX_DEPTH: usize = 512;

/// Maximum number of files of one tree, and of changed paths of one comparison. A few
/// small tree objects that name each other can unfold to more paths than memory holds.
const MAX_FILES: usize = 1_000_000;
impl GitRepository {
    /// Returns the changes between the trees of two commits; `None` is the empty tree.
    pub(super) fn tree_changes(
        &self,
        base: Option<Commit>,
        head: Option<Commit>,
    ) -> Result<ChangeSet, RepositoryError> {
        let root = |commit: Option<Commit>| commit.map(|commit| self.tree_of(commit)).transpose();
        let mut changes = Vec::new();
        self.compare_trees(root(base)?, root(head)?, &RepoPath::default(), 0, &mut changes)?;
        Ok(ChangeSet::new(changes))
    }

    /// Adds the changes between two trees to `out`, with their subfolders. `at` is the
    /// path of the trees, `depth` the number of folders above them.
    pub(super) fn compare_trees(
        &self,
        a: Option<Oid>,
        b: Option<Oid>,
        at: &RepoPath,
        depth: usize,
        out: &mut Vec<Change>,
    ) -> Result<(), RepositoryError> {
        if a == b {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(RepositoryError::Git {
                operation: format!("comparing folder {at}"),
                reason: format!("folders are nested more than {MAX_DEPTH} levels deep"),
            });
        }
        let (before, after) = (self.read_counted_tree(a, at)?, self.read_counted_tree(b, at)?);
        for (old, new) in merge_by_name(&before, &after) {
            let Some(name) = new.or(old).map(|entry| entry.name) else { continue };
            // Equal entries have equal names.
            if old == new {
                continue;
            }
            let path = at.join(name);
            let folder = |entry: Option<RawTreeEntry<'_>>| {
                entry.filter(|entry| entry.mode & 0o170_000 == FOLDER_MODE).map(|entry| to_oid(entry.id))
            };
            let file = |entry: Option<RawTreeEntry<'_>>| {
                entry
                    .and_then(|entry| Some(TreeEntry { mode: FileMode::from_raw(entry.mode)?, id: entry.id }))
            };
            self.compare_trees(folder(old), folder(new), &path, depth + 1, out)?;
            if out.len() >= MAX_FILES {
                return Err(RepositoryError::TooManyPaths { limit: MAX_FILES });
            }
            out.extend(Change::from_entries(path, file(old), file(new)));
        }
        Ok(())
    }

    /// Returns all files of a commit's tree; empty for `None`.
    pub(super) fn flat_tree(
        &self,
        commit: Option<Commit>,
    ) -> Result<BTreeMap<RepoPath, TreeEntry>, RepositoryError> {
        let changes = self.tree_changes(None, commit)?.changes;
        Ok(changes.into_iter().filter_map(|change| Some((change.path, change.after?))).collect())
    }

    /// Returns raw mode and object id of a path in a commit's tree; folders count.
    /// `None` if the path does not exist.
    pub(super) fn tree_entry(
        &self,
        commit: Commit,
        path: &RepoPath,
    ) -> Result<Option<(u32, Hash20)>, RepositoryError> {
        let mut tree = self.tree_of(commit)?;
        if path.as_bytes().is_empty() {
            return Ok(Some((FOLDER_MODE, to_hash(tree))));
        }
        let mut names = path.as_bytes().split(|byte| *byte == b'/').peekable();
        while let Some(name) = names.next() {
            let level = self.read_tree(tree, path)?;
            let Some(entry) = level.find(name) else { return Ok(None) };
            if names.peek().is_none() {
                return Ok(Some((entry.mode, entry.id)));
            }
            if entry.mode & 0o170_000 != FOLDER_MODE {
                return Ok(None);
            }
            tree = to_oid(entry.id);
        }
        Ok(None)
    }

    /// Returns what [`GitRepository::tree_entry`] returns, for walks through history: trees
    /// are searched and not decoded. `known` holds the results for folders that commits
    /// share; those for root trees only if they are asked for again (`keep_roots`).
    pub(super) fn entry_in_history(
        &self,
        commit: Commit,
        path: &RepoPath,
        known: &mut KnownFolders,
        keep_roots: bool,
    ) -> Result<Option<(u32, Oid)>, RepositoryError> {
        let mut tree = self.tree_of(commit)?;
        let mut names = path.as_bytes().split(|byte| *byte == b'/').enumerate().peekable();
        while let Some((depth, name)) = names.next() {
            let found = match known.get(&(tree, depth)) {
                Some(found) => *found,
                None => {
                    let found = self.find_in_tree(tree, name, path)?;
                    if depth > 0 || keep_roots {
                        known.insert((tree, depth), found);
                    }
                    found
                }
            };
            let Some((mode, id)) = found else { return Ok(None) };
            if names.peek().is_none() {
                return Ok(Some((mode, id)));
            }
            if mode & 0o170_000 != FOLDER_MODE {
                return Ok(None);
            }
            tree = id;
        }
        Ok(None)
    }

    /// Lists all files and links below a folder of a commit, sorted; everything for the
    /// empty folder. Other folders are not read.
    pub(super) fn list_tree_below(
        &self,
        commit: Commit,
        folder: &str,
    ) -> Result<Vec<RepoPath>, RepositoryError> {
        let at = RepoPath::from(folder);
        let Some((FOLDER_MODE, id)) = self.tree_entry(commit, &at)? else { return Ok(Vec::new()) };
        let mut changes = Vec::new();
        let depth = folder.split('/').count();
        self.compare_trees(None, Some(super::to_oid(id)), &at, depth, &mut changes)?;
        let mut out: Vec<RepoPath> = changes.into_iter().map(|change| change.path).collect();
        out.sort();
        Ok(out)
    }

    /// Lists the files and links directly in a folder of a commit.
    pub(super) fn list_tree(&self, commit: Commit, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let at = RepoPath::from(folder);
        let tree = if folder.is_empty() {
            self.tree_of(commit)?
        } else {
            match self.tree_entry(commit, &at)? {
                Some((raw, id)) if raw & 0o170_000 == FOLDER_MODE => super::to_oid(id),
                _ => return Ok(Vec::new()),
            }
        };
        let level = self.read_counted_tree(Some(tree), &at)?;
        let files = level.entries().filter(|entry| entry.mode & 0o170_000 != FOLDER_MODE);
        Ok(files.map(|entry| at.join(entry.name)).collect())
    }
}

/// Creates a change set; an error if it has more than [`super::MAX_CHANGED_PATHS`] paths.
pub(super) fn limit_changes(changes: Vec<Change>) -> Result<ChangeSet, RepositoryError> {
    if changes.len() > super::MAX_CHANGED_PATHS {
        Err(RepositoryError::TooManyPaths { limit: super::MAX_CHANGED_PATHS })
    } else {
        Ok(ChangeSet::new(changes))
    }
}
