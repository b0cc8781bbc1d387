//! The index: what is staged.

use std::collections::BTreeMap;

use git2::{IndexEntryExtendedFlag, IndexEntryFlag};

use crate::change::{Change, ChangeSet, Commit, Entry, FileMode, RepositoryError};
use crate::text::RepoPath;

use super::{GitRepository, hash};

/// An index entry with what else it says.
#[derive(Debug, Clone)]
pub(super) struct Staged {
    pub entry: Entry,
    /// `git update-index --assume-unchanged`.
    pub assumed: bool,
    /// `git update-index --skip-worktree`, or a sparse checkout.
    pub skipped: bool,
    /// `git add --intent-to-add`: tracked, but nothing is staged.
    pub intended: bool,
}

impl GitRepository {
    /// All entries of the index.
    ///
    /// An index that libgit2 cannot read (split, sparse) or that has
    /// conflicts cannot be judged.
    pub(super) fn staged(&self) -> Result<BTreeMap<RepoPath, Staged>, RepositoryError> {
        let index = self.repo.index().map_err(|error| RepositoryError::Git {
            doing: "reading the index".into(),
            reason: super::unsupported(error.message()),
        })?;
        let mut out = BTreeMap::new();
        for entry in index.iter() {
            let path = RepoPath::from_bytes(&entry.path);
            if (entry.flags >> 12) & 3 != 0 {
                return Err(RepositoryError::Conflicted(path));
            }
            let Some(mode) = FileMode::from_raw(entry.mode) else {
                return Err(RepositoryError::Git {
                    doing: format!("reading the index entry of {path}"),
                    reason: format!("mode {:o} is not one that can be judged (a sparse index?)", entry.mode),
                });
            };
            let staged = Staged {
                entry: Entry { mode, id: hash(entry.id) },
                assumed: entry.flags & IndexEntryFlag::VALID.bits() != 0,
                skipped: entry.flags_extended & IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0,
                intended: entry.flags_extended & IndexEntryExtendedFlag::INTENT_TO_ADD.bits() != 0,
            };
            out.insert(path, staged);
        }
        Ok(out)
    }

    /// HEAD's tree against the index.
    pub(super) fn index_changes(&self, base: Option<Commit>) -> Result<ChangeSet, RepositoryError> {
        let staged = self.staged()?;
        let mut before = self.flat_tree(base)?;
        let mut changes = Vec::new();
        for (path, staged) in staged {
            let pre = before.remove(&path);
            let post = Some(staged.entry).filter(|_| !staged.intended);
            changes.extend(Change::between(path, pre, post));
        }
        changes.extend(before.into_iter().filter_map(|(path, pre)| Change::between(path, Some(pre), None)));
        Ok(ChangeSet::new(changes))
    }

    pub(super) fn index_entry(&self, path: &RepoPath) -> Result<Option<Entry>, RepositoryError> {
        Ok(self.staged()?.get(path).filter(|staged| !staged.intended).map(|staged| staged.entry))
    }

    pub(super) fn index_list(&self, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let staged = self.staged()?;
        Ok(staged
            .into_iter()
            .filter(|(path, s)| !s.intended && path.folder() == folder.as_bytes())
            .map(|(path, _)| path)
            .collect())
    }

    pub(super) fn index_exists(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        let staged = self.staged()?;
        Ok(staged.iter().any(|(other, s)| !s.intended && (other == path || other.is_below(path.as_bytes()))))
    }
}
