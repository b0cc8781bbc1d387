//! A folder of documents that is no git repository.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::change::{
    ChangeSet, Commit, CommitInfo, FileMode, FoundVersion, History, ObjectStore, Repository, RepositoryError,
    Selection, SelectionRequest, TreeEntry, TreeState, VersionRequest, WorkingTree, Worktree,
};
use crate::digest::git_blob_id;
use crate::text::RepoPath;

use super::{files, walk};

/// The most bytes of one file that are read.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Folders nested deeper than this are not looked into.
const MAX_DEPTH: usize = 64;

/// A folder; its files are read as a working tree without history.
pub struct PlainFolder {
    root: PathBuf,
}

impl PlainFolder {
    /// Takes a folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// Where a path lies, and what is there; nothing if the path leaves the
    /// folder.
    fn locate(&self, path: &RepoPath) -> Result<Option<(PathBuf, Metadata)>, RepositoryError> {
        let leaves =
            path.as_bytes().split(|byte| *byte == b'/').any(|name| matches!(name, b"" | b"." | b".."));
        if leaves {
            return Ok(None);
        }
        let place = files::join_repo_path(&self.root, path);
        let metadata = files::find_metadata(&place).map_err(|error| unreadable(path, &error))?;
        Ok(metadata.map(|metadata| (place, metadata)))
    }
}

/// All files and links below a folder of a working tree, sorted.
pub(crate) fn list_files_below(root: &Path, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out = Vec::new();
    let mut open = vec![(RepoPath::from(folder), MAX_DEPTH)];
    while let Some((folder, depth)) = open.pop() {
        let place = files::join_repo_path(root, &folder);
        let Some(metadata) = files::find_metadata(&place).map_err(|error| unreadable(&folder, &error))?
        else {
            continue;
        };
        if !metadata.is_dir() {
            continue;
        }
        for (name, metadata) in files::list_folder(&place).map_err(|error| unreadable(&folder, &error))? {
            let path = folder.join(name.as_bytes());
            if metadata.is_dir() {
                if name.as_bytes() != b".git" && depth > 0 {
                    open.push((path, depth - 1));
                }
            } else if files::file_mode(&metadata).is_some() {
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
    fn entry(&self, side: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        let Some(mode) = self.mode(side, path)? else { return Ok(None) };
        let bytes = self.read(side, path)?.unwrap_or_default();
        Ok(Some(TreeEntry { mode, id: git_blob_id(&bytes) }))
    }

    fn mode(&self, side: TreeState, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        if side != TreeState::Worktree {
            return Ok(None);
        }
        Ok(self.locate(path)?.and_then(|(_, metadata)| files::file_mode(&metadata)))
    }

    fn read(&self, side: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Some(mode) = self.mode(side, path)? else { return Ok(None) };
        let Some((place, _)) = self.locate(path)? else { return Ok(None) };
        files::read_as_stored(&place, mode == FileMode::Symlink, MAX_FILE_BYTES)
            .map(Some)
            .map_err(|error| unreadable(path, &error))
    }

    fn read_entry(&self, side: TreeState, path: &RepoPath, _: TreeEntry) -> Result<Vec<u8>, RepositoryError> {
        Ok(self.read(side, path)?.unwrap_or_default())
    }

    fn list(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        let all = self.list_below(side, folder)?;
        Ok(all.into_iter().filter(|path| path.folder() == folder.as_bytes()).collect())
    }

    fn list_below(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        if side != TreeState::Worktree {
            return Ok(Vec::new());
        }
        list_files_below(&self.root, folder.strip_suffix('/').unwrap_or(folder))
    }

    fn exists(&self, side: TreeState, path: &RepoPath) -> Result<bool, RepositoryError> {
        Ok(side == TreeState::Worktree && self.locate(path)?.is_some())
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
    fn list_sources(&self, side: TreeState) -> Result<Vec<RepoPath>, RepositoryError> {
        if side != TreeState::Worktree {
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
        _: &[String],
    ) -> Result<Selection, RepositoryError> {
        Err(RepositoryError::NotARepository(self.root.display().to_string()))
    }

    fn changes(&self, _: &Selection) -> Result<ChangeSet, RepositoryError> {
        Err(RepositoryError::NotARepository(self.root.display().to_string()))
    }
}
