//! The index: staged entries and their flags.

use std::collections::BTreeMap;

use git2::{IndexEntryExtendedFlag, IndexEntryFlag};

use crate::change::{FileMode, RepositoryError, TreeEntry};
use crate::text::RepoPath;

use super::tree_objects::forbidden_name;
use super::{GitRepository, to_hash};

/// An index entry with its flags.
#[derive(Debug, Clone)]
pub(super) struct StagedEntry {
    pub entry: TreeEntry,
    /// `git update-index --assume-unchanged`.
    pub assume_unchanged: bool,
    /// `git update-index --skip-worktree`, or a sparse checkout.
    pub skip_worktree: bool,
    /// `git add --intent-to-add`: the path is tracked, but no content is staged.
    pub intent_to_add: bool,
}

/// A staged path.
pub(super) type Staged = (RepoPath, StagedEntry);

impl GitRepository {
    /// Returns all entries of the index, by path.
    ///
    /// # Errors
    /// Those of [`GitRepository::read_staged`].
    pub(super) fn staged_entries(&self) -> Result<BTreeMap<RepoPath, StagedEntry>, RepositoryError> {
        Ok(self.read_staged()?.into_iter().collect())
    }

    /// Returns all entries of the index, in order of path.
    ///
    /// # Errors
    /// libgit2 cannot read the index (split or sparse), or it has conflicts.
    pub(super) fn read_staged(&self) -> Result<Vec<Staged>, RepositoryError> {
        let index = self.repo.index().map_err(|error| RepositoryError::Git {
            operation: "reading the index".into(),
            reason: super::library::explain_unsupported(error.message()),
        })?;
        let mut out: Vec<Staged> = Vec::with_capacity(index.len());
        for entry in index.iter() {
            let path = RepoPath::from_bytes(&entry.path);
            if let Some(problem) = entry.path.split(|byte| *byte == b'/').find_map(forbidden_name) {
                return Err(RepositoryError::Git {
                    operation: "reading the index".into(),
                    reason: format!("{path} {problem}"),
                });
            }
            if (entry.flags >> 12) & 3 != 0 {
                return Err(RepositoryError::Conflicted(path));
            }
            let Some(mode) = FileMode::from_raw(entry.mode) else {
                return Err(RepositoryError::Git {
                    operation: format!("reading the index entry of {path}"),
                    reason: format!("mode {:o} is not supported; this may be a sparse index", entry.mode),
                });
            };
            let staged = StagedEntry {
                entry: TreeEntry { mode, id: to_hash(entry.id) },
                assume_unchanged: entry.flags & IndexEntryFlag::VALID.bits() != 0,
                skip_worktree: entry.flags_extended & IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0,
                intent_to_add: entry.flags_extended & IndexEntryExtendedFlag::INTENT_TO_ADD.bits() != 0,
            };
            out.push((path, staged));
        }
        // Git stores them in this order. Of two entries of one path, the last one counts.
        out.sort_by(|(a, _), (b, _)| a.cmp(b));
        out.dedup_by(|(later, last), (path, entry)| {
            let is_same = later == path;
            if is_same {
                std::mem::swap(last, entry);
            }
            is_same
        });
        Ok(out)
    }

    pub(super) fn index_entry(&self, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        let index = self.repo.index().map_err(|error| RepositoryError::Git {
            operation: "reading the index".into(),
            reason: super::library::explain_unsupported(error.message()),
        })?;
        let disk = crate::system::files::to_relative_path(path);
        let Some(entry) = index.get_path(&disk, 0) else { return Ok(None) };
        let is_intent = entry.flags_extended & IndexEntryExtendedFlag::INTENT_TO_ADD.bits() != 0;
        let mode = FileMode::from_raw(entry.mode).filter(|_| !is_intent && entry.path == path.as_bytes());
        Ok(mode.map(|mode| TreeEntry { mode, id: to_hash(entry.id) }))
    }

    /// Returns the staged files directly in a folder.
    pub(super) fn list_index(&self, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let staged = below(self.staged_list()?, folder.as_bytes());
        Ok(staged.filter(|path| path.folder() == folder.as_bytes()).cloned().collect())
    }

    /// Returns the staged files in a folder and its subfolders.
    pub(super) fn list_index_below(&self, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        Ok(below(self.staged_list()?, folder.as_bytes()).cloned().collect())
    }

    /// Returns whether the index has this file, or a file below this folder.
    pub(super) fn exists_in_index(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        let staged = self.staged_list()?;
        let own = staged.binary_search_by(|(staged, _)| staged.cmp(path)).ok().and_then(|at| staged.get(at));
        let is_file = own.is_some_and(|(_, entry)| !entry.intent_to_add);
        Ok(is_file || below(staged, path.as_bytes()).next().is_some())
    }
}

/// Returns the paths with content below a folder. They stand together: paths are ordered by
/// their bytes.
fn below<'a>(staged: &'a [Staged], folder: &'a [u8]) -> impl Iterator<Item = &'a RepoPath> {
    let mut first = folder.strip_suffix(b"/").unwrap_or(folder).to_vec();
    if !first.is_empty() {
        first.push(b'/');
    }
    let start = staged.partition_point(|(path, _)| path.as_bytes() < first.as_slice());
    let inside = staged.get(start..).unwrap_or_default().iter();
    inside
        .take_while(|(path, _)| path.is_below(folder))
        .filter(|(_, entry)| !entry.intent_to_add)
        .map(|(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(paths: &[&str]) -> Vec<Staged> {
        let entry = StagedEntry {
            entry: TreeEntry { mode: FileMode::Regular, id: crate::digest::Hash20([0; 20]) },
            assume_unchanged: false,
            skip_worktree: false,
            intent_to_add: false,
        };
        paths.iter().map(|path| (RepoPath::from(*path), entry.clone())).collect()
    }

    #[test]
    fn a_folder_has_the_files_that_a_look_at_every_file_finds() {
        let all = ["a", "a-b/c", "a.b", "a/b", "a/b-c", "a/b/c", "a0", "b", "b/"];
        for kept in 0_u32..1 << all.len() {
            let some: Vec<&str> = (0..all.len()).filter(|i| kept >> i & 1 == 1).map(|i| all[i]).collect();
            let staged = staged(&some);
            for folder in ["", "a", "a/", "a/b", "a-b", "a.b", "b", "c"] {
                let expected: Vec<&RepoPath> =
                    staged.iter().map(|(path, _)| path).filter(|p| p.is_below(folder.as_bytes())).collect();
                let found: Vec<&RepoPath> = below(&staged, folder.as_bytes()).collect();
                assert_eq!(found, expected, "{folder} of {some:?}");
            }
        }
    }
}
