//! A repository with some files of its working tree replaced in memory, to
//! judge what a command is about to write before it writes it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::digest::git_blob_id;
use crate::text::RepoPath;

use super::{
    ChangeSet, Commit, CommitInfo, FileMode, FoundVersion, History, ObjectStore, Repository, RepositoryError,
    Selection, SelectionRequest, TreeEntry, TreeState, VersionRequest, WorkingTree, Worktree,
};

/// The repository below, and the files above it.
pub struct Overlay<'a> {
    base: &'a dyn Repository,
    files: BTreeMap<RepoPath, Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// Nothing is replaced yet.
    #[must_use]
    pub fn new(base: &'a dyn Repository) -> Self {
        Self { base, files: BTreeMap::new() }
    }

    /// Replaces a file of the working tree.
    pub fn insert(&mut self, path: RepoPath, bytes: Vec<u8>) {
        self.files.insert(path, bytes);
    }

    /// What a file was replaced by.
    #[must_use]
    pub fn get(&self, path: &RepoPath) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    fn overlaid(&self, side: TreeState, path: &RepoPath) -> Option<&Vec<u8>> {
        self.files.get(path).filter(|_| side == TreeState::Worktree)
    }

    /// The paths above that lie below a folder.
    fn overlaid_paths_below<'b>(
        &'b self,
        side: TreeState,
        folder: &'b str,
    ) -> impl Iterator<Item = RepoPath> + 'b {
        let on_disk = side == TreeState::Worktree;
        self.files.keys().filter(move |path| on_disk && path.is_below(folder.as_bytes())).cloned()
    }
}

fn merge_paths(mut below: Vec<RepoPath>, above: impl Iterator<Item = RepoPath>) -> Vec<RepoPath> {
    below.extend(above);
    below.sort();
    below.dedup();
    below
}

impl ObjectStore for Overlay<'_> {
    fn entry(&self, side: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        match self.overlaid(side, path) {
            Some(bytes) => {
                let mode = self.base.mode(side, path)?.unwrap_or(FileMode::Regular);
                Ok(Some(TreeEntry { mode, id: git_blob_id(bytes) }))
            }
            None => self.base.entry(side, path),
        }
    }

    fn mode(&self, side: TreeState, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        let below = self.base.mode(side, path)?;
        Ok(below.or(self.overlaid(side, path).map(|_| FileMode::Regular)))
    }

    fn read(&self, side: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        match self.overlaid(side, path) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.base.read(side, path),
        }
    }

    fn read_entry(
        &self,
        side: TreeState,
        path: &RepoPath,
        entry: TreeEntry,
    ) -> Result<Vec<u8>, RepositoryError> {
        match self.overlaid(side, path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.base.read_entry(side, path, entry),
        }
    }

    fn list(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let name = folder.strip_suffix('/').unwrap_or(folder);
        let direct = self.overlaid_paths_below(side, name).filter(|path| path.folder() == name.as_bytes());
        Ok(merge_paths(self.base.list(side, folder)?, direct))
    }

    fn list_below(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        Ok(merge_paths(self.base.list_below(side, folder)?, self.overlaid_paths_below(side, folder)))
    }

    fn exists(&self, side: TreeState, path: &RepoPath) -> Result<bool, RepositoryError> {
        let above = self.overlaid(side, path).is_some()
            || self.overlaid_paths_below(side, &path.to_text()).next().is_some();
        Ok(above || self.base.exists(side, path)?)
    }
}

impl History for Overlay<'_> {
    fn main_fork_point(&self, main: &[String]) -> Result<Option<Commit>, RepositoryError> {
        self.base.main_fork_point(main)
    }

    fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        self.base.find_versions(head, wanted)
    }

    fn head(&self) -> Result<Option<Commit>, RepositoryError> {
        self.base.head()
    }

    fn find_commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        self.base.find_commit(hex)
    }

    fn is_ancestor(&self, ancestor: Commit, of: Commit) -> Result<bool, RepositoryError> {
        self.base.is_ancestor(ancestor, of)
    }

    fn find_introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        self.base.find_introductions(path, head, stop, holds)
    }

    fn commits_between(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        self.base.commits_between(base, head)
    }
}

impl WorkingTree for Overlay<'_> {
    fn list_sources(&self, side: TreeState) -> Result<Vec<RepoPath>, RepositoryError> {
        self.base.list_sources(side)
    }

    fn disk_root(&self) -> Option<&Path> {
        self.base.disk_root()
    }

    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError> {
        self.base.worktrees()
    }

    fn current_branch(&self) -> Result<Option<String>, RepositoryError> {
        self.base.current_branch()
    }

    fn worktree_name(&self) -> Option<String> {
        self.base.worktree_name()
    }
}

impl Repository for Overlay<'_> {
    fn select(
        &self,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: &[String],
    ) -> Result<Selection, RepositoryError> {
        self.base.select(request, merge_base, main)
    }

    fn changes(&self, selection: &Selection) -> Result<ChangeSet, RepositoryError> {
        self.base.changes(selection)
    }
}
