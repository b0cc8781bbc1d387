//! A repository with some files of its working tree replaced in memory, to
//! judge what a command is about to write before it writes it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::digest::git_blob_id;
use crate::text::RepoPath;

use super::{
    ChangeSet, Commit, CommitFacts, Entry, FileMode, FoundVersion, Repository, RepositoryError, Selection,
    SelectionRequest, Side, WantedVersion, Worktree,
};

/// The repository below, and the files above it.
pub struct Overlay<'a> {
    below: &'a dyn Repository,
    files: BTreeMap<RepoPath, Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// Nothing is replaced yet.
    #[must_use]
    pub fn over(below: &'a dyn Repository) -> Self {
        Self { below, files: BTreeMap::new() }
    }

    /// Replaces a file of the working tree.
    pub fn put(&mut self, path: RepoPath, bytes: Vec<u8>) {
        self.files.insert(path, bytes);
    }

    /// What a file was replaced by.
    #[must_use]
    pub fn get(&self, path: &RepoPath) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    fn above(&self, side: Side, path: &RepoPath) -> Option<&Vec<u8>> {
        self.files.get(path).filter(|_| side == Side::Worktree)
    }

    /// The paths above that lie below a folder.
    fn names<'b>(&'b self, side: Side, folder: &'b str) -> impl Iterator<Item = RepoPath> + 'b {
        let on_disk = side == Side::Worktree;
        self.files.keys().filter(move |path| on_disk && path.is_below(folder.as_bytes())).cloned()
    }
}

fn merged(mut below: Vec<RepoPath>, above: impl Iterator<Item = RepoPath>) -> Vec<RepoPath> {
    below.extend(above);
    below.sort();
    below.dedup();
    below
}

impl Repository for Overlay<'_> {
    fn select(
        &self,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: &[String],
    ) -> Result<Selection, RepositoryError> {
        self.below.select(request, merge_base, main)
    }

    fn base_with(&self, main: &[String]) -> Result<Option<Commit>, RepositoryError> {
        self.below.base_with(main)
    }

    fn changes(&self, selection: &Selection) -> Result<ChangeSet, RepositoryError> {
        self.below.changes(selection)
    }

    fn entry(&self, side: Side, path: &RepoPath) -> Result<Option<Entry>, RepositoryError> {
        match self.above(side, path) {
            Some(bytes) => {
                let mode = self.below.mode(side, path)?.unwrap_or(FileMode::Regular);
                Ok(Some(Entry { mode, id: git_blob_id(bytes) }))
            }
            None => self.below.entry(side, path),
        }
    }

    fn mode(&self, side: Side, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        let below = self.below.mode(side, path)?;
        Ok(below.or(self.above(side, path).map(|_| FileMode::Regular)))
    }

    fn read(&self, side: Side, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        match self.above(side, path) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.below.read(side, path),
        }
    }

    fn content(&self, side: Side, path: &RepoPath, entry: Entry) -> Result<Vec<u8>, RepositoryError> {
        match self.above(side, path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.below.content(side, path, entry),
        }
    }

    fn list(&self, side: Side, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let name = folder.strip_suffix('/').unwrap_or(folder);
        let direct = self.names(side, name).filter(|path| path.folder() == name.as_bytes());
        Ok(merged(self.below.list(side, folder)?, direct))
    }

    fn list_below(&self, side: Side, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        Ok(merged(self.below.list_below(side, folder)?, self.names(side, folder)))
    }

    fn sources(&self, side: Side) -> Result<Vec<RepoPath>, RepositoryError> {
        self.below.sources(side)
    }

    fn disk_root(&self) -> Option<&Path> {
        self.below.disk_root()
    }

    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError> {
        self.below.worktrees()
    }

    fn versions(
        &self,
        head: Commit,
        wanted: &[WantedVersion],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        self.below.versions(head, wanted)
    }

    fn exists(&self, side: Side, path: &RepoPath) -> Result<bool, RepositoryError> {
        let above = self.above(side, path).is_some() || self.names(side, &path.to_text()).next().is_some();
        Ok(above || self.below.exists(side, path)?)
    }

    fn head(&self) -> Result<Option<Commit>, RepositoryError> {
        self.below.head()
    }

    fn commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        self.below.commit(hex)
    }

    fn is_ancestor(&self, ancestor: Commit, of: Commit) -> Result<bool, RepositoryError> {
        self.below.is_ancestor(ancestor, of)
    }

    fn branch(&self) -> Result<Option<String>, RepositoryError> {
        self.below.branch()
    }

    fn worktree_name(&self) -> Option<String> {
        self.below.worktree_name()
    }

    fn introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitFacts>, RepositoryError> {
        self.below.introductions(path, head, stop, holds)
    }

    fn commits_between(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Vec<CommitFacts>, RepositoryError> {
        self.below.commits_between(base, head)
    }
}
