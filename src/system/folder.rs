//! A folder of documents that is not a git repository.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::change::{
    BranchTip, ChangeSet, Commit, CommitInfo, FileMode, FoundVersion, History, ObjectStore, Repository,
    RepositoryError, Selection, SelectionRequest, TreeEntry, TreeState, VersionRequest, WorkingTree,
    Worktree,
};
use crate::digest::git_blob_id;
use crate::text::RepoPath;

use super::{files, walk};

/// Maximum size of a file in bytes; larger files are an error.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Maximum depth of nested folders; deeper folders are not read.
const MAX_DEPTH: usize = 64;

/// A folder whose files are read as a working tree without history.
pub struct PlainFolder {
    root: PathBuf,
}

impl PlainFolder {
    /// Creates the view of a folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// Returns the path on disk and its metadata; `None` if the path does not exist
    /// or leaves the folder.
    fn locate(&self, path: &RepoPath) -> Result<Option<(PathBuf, Metadata)>, RepositoryError> {
        let leaves_folder =
            path.as_bytes().split(|byte| *byte == b'/').any(|name| matches!(name, b"" | b"." | b".."));
        if leaves_folder {
            return Ok(None);
        }
        let disk = files::join_repo_path(&self.root, path);
        let metadata = files::find_metadata(&disk).map_err(|error| unreadable(path, &error))?;
        Ok(metadata.map(|metadata| (disk, metadata)))
    }
}

/// Returns all files and links below a folder of a working tree, sorted; `.git` is
/// excluded.
pub(crate) fn list_files_below(root: &Path, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out = Vec::new();
    let mut pending = vec![(RepoPath::from(folder), MAX_DEPTH)];
    while let Some((folder, depth)) = pending.pop() {
        let disk = files::join_repo_path(root, &folder);
        let Some(metadata) = files::find_metadata(&disk).map_err(|error| unreadable(&folder, &error))? else {
            continue;
        };
        if !metadata.is_dir() {
            continue;
        }
        for (name, kind) in files::list_folder(&disk).map_err(|error| unreadable(&folder, &error))? {
            let path = folder.join(name.as_bytes());
            if kind.is_dir() {
                if name.as_bytes() != b".git" && depth > 0 {
                    pending.push((path, depth - 1));
                }
            } else if kind.is_file() || kind.is_symlink() {
                out.push(path);
            }
        }
    }
    out.sort();
    Ok(out)
}

fn unreadable(path: &RepoPath, error: &std::io::Error) -> RepositoryError {
    RepositoryError::Unreadable { path: path.clone(), reason: error.to_string() }
}

impl ObjectStore for PlainFolder {
    fn entry(&self, tree: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        let Some(mode) = self.mode(tree, path)? else { return Ok(None) };
        let bytes = self.read(tree, path)?.unwrap_or_default();
        Ok(Some(TreeEntry { mode, id: git_blob_id(&bytes) }))
    }

    fn mode(&self, tree: TreeState, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        if tree != TreeState::Worktree {
            return Ok(None);
        }
        Ok(self.locate(path)?.and_then(|(_, metadata)| files::file_mode(&metadata)))
    }

    fn read(&self, tree: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Some(mode) = self.mode(tree, path)? else { return Ok(None) };
        let Some((disk, _)) = self.locate(path)? else { return Ok(None) };
        files::read_as_stored(&disk, mode == FileMode::Symlink, MAX_FILE_BYTES)
            .map(Some)
            .map_err(|error| unreadable(path, &error))
    }

    fn read_entry(&self, tree: TreeState, path: &RepoPath, _: TreeEntry) -> Result<Vec<u8>, RepositoryError> {
        Ok(self.read(tree, path)?.unwrap_or_default())
    }

    fn list(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        let all = self.list_below(tree, folder)?;
        Ok(all.into_iter().filter(|path| path.folder() == folder.as_bytes()).collect())
    }

    fn list_below(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        if tree != TreeState::Worktree {
            return Ok(Vec::new());
        }
        list_files_below(&self.root, folder.strip_suffix('/').unwrap_or(folder))
    }

    fn exists(&self, tree: TreeState, path: &RepoPath) -> Result<bool, RepositoryError> {
        Ok(tree == TreeState::Worktree && self.locate(path)?.is_some())
    }
}

impl History for PlainFolder {
    fn find_versions(
        &self,
        _: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        Ok(vec![None; wanted.len()])
    }

    fn head(&self) -> Result<Option<Commit>, RepositoryError> {
        Ok(None)
    }

    fn find_commit(&self, _: &str) -> Result<Option<Commit>, RepositoryError> {
        Ok(None)
    }

    fn is_ancestor(&self, _: Commit, _: Commit) -> Result<bool, RepositoryError> {
        Ok(false)
    }

    fn commits_between(&self, _: Option<Commit>, _: Commit) -> Result<Vec<CommitInfo>, RepositoryError> {
        Ok(Vec::new())
    }

    fn find_introductions(
        &self,
        _: &RepoPath,
        _: Commit,
        _: Option<Commit>,
        _: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        Ok(Vec::new())
    }
}

impl WorkingTree for PlainFolder {
    fn list_sources(&self, tree: TreeState) -> Result<Vec<RepoPath>, RepositoryError> {
        if tree != TreeState::Worktree {
            return Ok(Vec::new());
        }
        let mut found = walk::list_unignored_files(&self.root)
            .map_err(|error| unreadable(&RepoPath::default(), &error))?;
        found.sort();
        Ok(found)
    }

    fn disk_root(&self) -> Option<&Path> {
        Some(&self.root)
    }

    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError> {
        Ok(None)
    }

    fn current_branch(&self) -> Result<Option<String>, RepositoryError> {
        Ok(None)
    }

    fn worktree_name(&self) -> Option<String> {
        None
    }
}

impl Repository for PlainFolder {
    fn select(
        &self,
        _: &SelectionRequest,
        _: &dyn Fn(Commit) -> Option<String>,
        _: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        Err(RepositoryError::NotARepository(self.root.display().to_string()))
    }

    fn changes(&self, _: &Selection) -> Result<ChangeSet, RepositoryError> {
        Err(RepositoryError::NotARepository(self.root.display().to_string()))
    }
}
