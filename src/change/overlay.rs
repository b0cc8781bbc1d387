//! A repository with some files of its working tree replaced in memory. Commands
//! use it to check new content before they write it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::digest::git_blob_id;
use crate::text::RepoPath;

use super::{
    BranchTip, ChangeSet, Commit, CommitInfo, FileMode, FoundVersion, History, ObjectStore, Repository,
    RepositoryError, Selection, SelectionRequest, TreeEntry, TreeState, VersionRequest, VersionVisitor,
    WorkingTree, Worktree,
};

/// A base repository with replaced files of the working tree. Other tree states
/// (commits, the index) are those of the base.
pub(crate) struct Overlay<'a> {
    base: &'a dyn Repository,
    files: BTreeMap<RepoPath, Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// Creates an overlay without replaced files.
    #[must_use]
    pub(crate) fn new(base: &'a dyn Repository) -> Self {
        Self { base, files: BTreeMap::new() }
    }

    /// Replaces a file of the working tree, or adds one.
    pub(crate) fn insert(&mut self, path: RepoPath, bytes: Vec<u8>) {
        self.files.insert(path, bytes);
    }

    /// Returns the bytes that replace a file; `None` if the file is not replaced.
    #[must_use]
    pub(crate) fn get(&self, path: &RepoPath) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    fn overlaid(&self, tree: TreeState, path: &RepoPath) -> Option<&Vec<u8>> {
        self.files.get(path).filter(|_| tree == TreeState::Worktree)
    }

    /// Returns the replaced paths below a folder; only for the working tree.
    fn overlaid_paths_below<'b>(
        &'b self,
        tree: TreeState,
        folder: &'b str,
    ) -> impl Iterator<Item = RepoPath> + 'b {
        let on_disk = tree == TreeState::Worktree;
        self.files.keys().filter(move |path| on_disk && path.is_below(folder.as_bytes())).cloned()
    }
}

/// Adds replaced paths to the sorted paths of the base.
fn merge_paths(mut base: Vec<RepoPath>, overlaid: impl Iterator<Item = RepoPath>) -> Vec<RepoPath> {
    base.extend(overlaid);
    base.sort();
    base.dedup();
    base
}

impl ObjectStore for Overlay<'_> {
    fn entry(&self, tree: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        match self.overlaid(tree, path) {
            Some(bytes) => {
                let mode = self.base.mode(tree, path)?.unwrap_or(FileMode::Regular);
                Ok(Some(TreeEntry { mode, id: git_blob_id(bytes) }))
            }
            None => self.base.entry(tree, path),
        }
    }

    fn mode(&self, tree: TreeState, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        let base = self.base.mode(tree, path)?;
        Ok(base.or(self.overlaid(tree, path).map(|_| FileMode::Regular)))
    }

    fn read(&self, tree: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        match self.overlaid(tree, path) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.base.read(tree, path),
        }
    }

    fn read_entry(
        &self,
        tree: TreeState,
        path: &RepoPath,
        entry: TreeEntry,
    ) -> Result<Vec<u8>, RepositoryError> {
        match self.overlaid(tree, path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.base.read_entry(tree, path, entry),
        }
    }

    fn list(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let trimmed = folder.strip_suffix('/').unwrap_or(folder);
        let direct =
            self.overlaid_paths_below(tree, trimmed).filter(|path| path.folder() == trimmed.as_bytes());
        Ok(merge_paths(self.base.list(tree, folder)?, direct))
    }

    fn list_below(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        Ok(merge_paths(self.base.list_below(tree, folder)?, self.overlaid_paths_below(tree, folder)))
    }

    fn exists(&self, tree: TreeState, path: &RepoPath) -> Result<bool, RepositoryError> {
        let is_overlaid = self.overlaid(tree, path).is_some()
            || self.overlaid_paths_below(tree, &path.to_text()).next().is_some();
        Ok(is_overlaid || self.base.exists(tree, path)?)
    }
}

impl History for Overlay<'_> {
    fn branch_tips(&self, names: &[String]) -> Result<Vec<BranchTip>, RepositoryError> {
        self.base.branch_tips(names)
    }

    fn branch_names(&self, limit: usize) -> Result<Option<Vec<String>>, RepositoryError> {
        self.base.branch_names(limit)
    }

    fn merge_base(&self, a: Commit, b: Commit) -> Result<Option<Commit>, RepositoryError> {
        self.base.merge_base(a, b)
    }

    fn commit_signature(&self, commit: Commit) -> Result<Option<(String, Vec<u8>)>, RepositoryError> {
        self.base.commit_signature(commit)
    }

    fn newest_time(&self, base: Option<Commit>, head: Commit) -> Result<Option<i64>, RepositoryError> {
        self.base.newest_time(base, head)
    }

    fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        self.base.find_versions(head, wanted)
    }

    fn visit_versions(
        &self,
        head: Commit,
        paths: &[RepoPath],
        visit: &mut VersionVisitor<'_>,
    ) -> Result<Vec<Option<Commit>>, RepositoryError> {
        self.base.visit_versions(head, paths, visit)
    }

    fn head(&self) -> Result<Option<Commit>, RepositoryError> {
        self.base.head()
    }

    fn find_commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        self.base.find_commit(hex)
    }

    fn find_abbreviated(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        self.base.find_abbreviated(hex)
    }

    fn parents(&self, commit: Commit) -> Result<Vec<Commit>, RepositoryError> {
        self.base.parents(commit)
    }

    fn is_shallow(&self) -> bool {
        self.base.is_shallow()
    }

    fn history_cut(&self) -> Option<(Commit, Commit)> {
        self.base.history_cut()
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

    fn subjects(&self, head: Commit) -> Result<Vec<String>, RepositoryError> {
        self.base.subjects(head)
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
    fn list_sources(&self, tree: TreeState) -> Result<Vec<RepoPath>, RepositoryError> {
        self.base.list_sources(tree)
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
        main: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        self.base.select(request, merge_base, main)
    }

    fn changes(&self, selection: &Selection) -> Result<ChangeSet, RepositoryError> {
        self.base.changes(selection)
    }
}
