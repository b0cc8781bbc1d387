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

impl GitRepository {
    /// Returns all entries of the index, by path.
    ///
    /// # Errors
    /// libgit2 cannot read the index (split or sparse), or it has conflicts.
    pub(super) fn staged_entries(&self) -> Result<BTreeMap<RepoPath, StagedEntry>, RepositoryError> {
        let index = self.repo.index().map_err(|error| RepositoryError::Git {
            operation: "reading the index".into(),
            reason: super::library::explain_unsupported(error.message()),
        })?;
        let mut out = BTreeMap::new();
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
            out.insert(path, staged);
        }
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

    pub(super) fn list_index(&self, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let staged = self.staged_entries()?;
        Ok(staged
            .into_iter()
            .filter(|(path, s)| !s.intent_to_add && path.folder() == folder.as_bytes())
            .map(|(path, _)| path)
            .collect())
    }

    pub(super) fn exists_in_index(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        let staged = self.staged_entries()?;
        Ok(staged
            .iter()
            .any(|(other, s)| !s.intent_to_add && (other == path || other.is_below(path.as_bytes()))))
    }
}
