//! A git repository, read through libgit2 objects, index entries and files.
//!
//! `status` and `diff` of libgit2 are not used, because they follow settings that the
//! change under judgement can control. Instead, trees and index entries are read and
//! bytes are hashed. Replace references, grafts and commit-graph files are ignored,
//! configured programs are never started, and GIT_* variables are not read.

mod ancestry;
mod attributes;
mod batch;
mod branch_name;
mod branches;
mod builder;
mod clean;
#[cfg(test)]
mod differential;
mod disk_modes;
mod fingerprint;
mod history;
mod hooks;
mod index;
mod index_compare;
mod known_caches;
mod lfs;
mod library;
mod metadata_files;
mod objects;
mod own_outputs;
mod read_ahead;
mod read_lock;
mod remembered;
mod revision;
mod sparse;
mod submodule;
mod tree_objects;
mod trees;
mod untracked;
mod user_ignores;
mod version;
mod version_search;
mod working_tree;
mod worktree;

use std::cell::{Cell, OnceCell, RefCell};
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, RepositoryOpenFlags};

use crate::change::{
    BranchTip, ChangeSet, Commit, FileMode, ObjectStore, Repository, RepositoryError, Selection,
    SelectionMode, SelectionRequest, StoredFile, TreeEntry, TreeState,
};
use crate::system::folder::list_files_below;
use crate::system::transaction::ReadLock;
use crate::text::RepoPath;

pub(crate) use branch_name::is_valid_branch_name;
pub(crate) use builder::Identity;
pub use builder::RepositoryBuilder;
pub(crate) use fingerprint::GitState;
pub(crate) use library::libgit2_version;
pub(crate) use objects::{to_hash, to_oid};

/// Maximum size of a file in bytes; larger files are an error.
pub(crate) const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// Maximum number of paths of one change.
const MAX_CHANGED_PATHS: usize = 100_000;

/// A repository on disk.
pub struct GitRepository {
    repo: git2::Repository,
    commit_cache: ancestry::CommitCache,
    tree_cache: tree_objects::TreeCache,
    /// Settings of the disk, once they are read.
    disk_modes: OnceCell<disk_modes::DiskModes>,
    /// Report files of earlier commands, once they are read.
    own_outputs: OnceCell<own_outputs::OwnOutputs>,
    /// Whether any path can have attributes; `None` before the first walk.
    has_attributes: Cell<Option<bool>>,
    /// What this run has read already.
    remembered: remembered::Remembered,
    /// The second thread, and what it has read.
    read_ahead: read_ahead::ReadAhead,
    /// Keeps writers of countersign away while the checks read files.
    read_lock: RefCell<Option<ReadLock>>,
    /// Attributes files that were read since the last walk.
    attribute_rules: RefCell<Option<attributes::AttributeRules>>,
    /// Numbers of tree entries and of folders of commits that were read.
    entries_read: Cell<u64>,
    folders_read: Cell<u64>,
    /// Number of repositories that contain this one as a nested submodule.
    submodule_depth: usize,
}

pub(crate) fn git_error(operation: impl Into<String>) -> impl FnOnce(git2::Error) -> RepositoryError {
    let operation = operation.into();
    move |error| RepositoryError::Git { operation, reason: error.message().to_owned() }
}

fn unreadable(path: &RepoPath, error: &std::io::Error) -> RepositoryError {
    RepositoryError::Unreadable { path: path.clone(), reason: error.to_string() }
}

impl GitRepository {
    /// Opens the repository that contains `folder`, without environment variables.
    ///
    /// # Errors
    /// There is no repository, or libgit2 cannot read it (the message contains why).
    pub fn discover(folder: &Path) -> Result<Self, RepositoryError> {
        metadata_files::refuse_special_files(folder)?;
        let no_ceiling: [&Path; 0] = [];
        let repo = git2::Repository::open_ext(folder, RepositoryOpenFlags::empty(), no_ceiling).map_err(
            |error| {
                if error.code() == git2::ErrorCode::NotFound {
                    RepositoryError::NotARepository(folder.display().to_string())
                } else {
                    RepositoryError::Git {
                        operation: format!("opening the repository of {}", folder.display()),
                        reason: library::explain_unsupported(error.message()),
                    }
                }
            },
        )?;
        let found = Self::from_git2(repo);
        found.refuse_redirected_worktree(folder)?;
        Ok(found)
    }

    fn from_git2(repo: git2::Repository) -> Self {
        objects::configure_library();
        Self {
            repo,
            commit_cache: ancestry::CommitCache::default(),
            tree_cache: tree_objects::TreeCache::default(),
            disk_modes: OnceCell::new(),
            own_outputs: OnceCell::new(),
            has_attributes: Cell::new(None),
            remembered: remembered::Remembered::default(),
            read_ahead: read_ahead::ReadAhead::default(),
            read_lock: RefCell::new(None),
            attribute_rules: RefCell::new(None),
            entries_read: Cell::new(0),
            folders_read: Cell::new(0),
            submodule_depth: 0,
        }
    }

    /// Returns the root of the working tree.
    ///
    /// # Errors
    /// The repository is bare.
    pub fn root(&self) -> Result<&Path, RepositoryError> {
        self.repo.workdir().ok_or(RepositoryError::Bare)
    }

    /// Returns the folder for the tool's own files, inside git's folder.
    #[must_use]
    pub fn state_folder(&self) -> PathBuf {
        self.repo.path().join("countersign")
    }

    /// Returns the folder of the ledger: all working trees of a repository share it.
    #[must_use]
    pub(crate) fn ledger_folder(&self) -> PathBuf {
        self.repo.commondir().join("countersign")
    }

    /// Returns the id of a commit's tree.
    fn tree_of(&self, commit: Commit) -> Result<Oid, RepositoryError> {
        Ok(self.commit_node(to_oid(commit.0))?.tree)
    }

    /// Returns the bytes of a blob. `path` is for messages.
    fn read_blob(&self, id: Oid, path: &RepoPath) -> Result<Vec<u8>, RepositoryError> {
        let odb = self.object_store()?;
        let missing = |error: &git2::Error| self.missing_object(format!("reading {path} ({id})"), error);
        let (size, kind) = odb.read_header(id).map_err(|error| missing(&error))?;
        let bytes = u64::try_from(size).unwrap_or(u64::MAX);
        if bytes > MAX_FILE_BYTES {
            return Err(RepositoryError::TooLarge { path: path.clone(), bytes, limit: MAX_FILE_BYTES });
        }
        if kind != ObjectType::Blob {
            return Err(RepositoryError::Git {
                operation: format!("reading {path} ({id})"),
                reason: "the object is not a blob".into(),
            });
        }
        if let Some(bytes) = self.read_equal_on_disk(path, id, bytes) {
            return Ok(bytes);
        }
        let object = self.read_object(&odb, id, ObjectType::Blob, &|| format!("reading {path} ({id})"))?;
        Ok(object.data().to_vec())
    }
}

impl ObjectStore for GitRepository {
    fn entry(&self, tree: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        match tree {
            TreeState::Empty => Ok(None),
            TreeState::Commit(commit) => Ok(self
                .tree_entry(commit, path)?
                .and_then(|(raw, id)| Some(TreeEntry { mode: FileMode::from_raw(raw)?, id }))),
            TreeState::Index => self.index_entry(path),
            TreeState::Worktree => self.worktree_entry(path),
        }
    }

    fn find_containing(
        &self,
        tree: TreeState,
        paths: Vec<RepoPath>,
        bytes: &[u8],
    ) -> Result<Vec<RepoPath>, RepositoryError> {
        let finder = memchr::memmem::Finder::new(bytes);
        // In UTF-16, every second byte of ASCII text is zero.
        let contains = |text: &[u8]| finder.find(text).is_some() || memchr::memchr(0, text).is_some();
        if tree == TreeState::Worktree {
            return self.filter_on_disk(paths, contains);
        }
        let on_disk = self.filter_equal_on_disk(&paths, contains);
        let mut out = Vec::new();
        for (path, on_disk) in paths.into_iter().zip(on_disk) {
            let is_wanted = match (self.entry(tree, &path)?, on_disk) {
                (Some(entry), Some((id, is_wanted))) if entry.id == id => is_wanted,
                _ => self.read(tree, &path)?.is_none_or(|text| contains(&text)),
            };
            if is_wanted {
                out.push(path);
            }
        }
        Ok(out)
    }

    fn read_small_files(
        &self,
        tree: TreeState,
        paths: &[RepoPath],
    ) -> Result<Vec<Option<StoredFile>>, RepositoryError> {
        if tree == TreeState::Worktree {
            return self.read_small_files_on_disk(paths);
        }
        Ok(paths.iter().map(|_| None).collect())
    }

    fn mode(&self, tree: TreeState, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        match tree {
            TreeState::Worktree => {
                let found = self.worktree_path(path)?;
                let disk = found.and_then(|(_, metadata)| crate::system::files::file_mode(&metadata));
                disk.map(|mode| self.git_mode(path, mode)).transpose()
            }
            tree => Ok(self.entry(tree, path)?.map(|entry| entry.mode)),
        }
    }

    fn read(&self, tree: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        match tree {
            TreeState::Worktree => self.worktree_bytes(path),
            tree => match self.entry(tree, path)? {
                Some(entry) if entry.mode != FileMode::Submodule => {
                    self.read_blob(to_oid(entry.id), path).map(Some)
                }
                _ => Ok(None),
            },
        }
    }

    fn read_entry(
        &self,
        tree: TreeState,
        path: &RepoPath,
        entry: TreeEntry,
    ) -> Result<Vec<u8>, RepositoryError> {
        match (entry.mode, tree) {
            (FileMode::Submodule, _) => Ok(entry.id.to_string().into_bytes()),
            (_, TreeState::Worktree) => self.disk_content(path, entry),
            _ => self.read_blob(to_oid(entry.id), path),
        }
    }

    fn list(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        let mut out = match tree {
            TreeState::Empty => Vec::new(),
            TreeState::Commit(commit) => self.list_tree(commit, folder)?,
            TreeState::Index => self.list_index(folder)?,
            TreeState::Worktree => self.list_worktree(folder)?,
        };
        out.sort();
        Ok(out)
    }

    fn list_below(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        Ok(match tree {
            TreeState::Empty => Vec::new(),
            TreeState::Commit(commit) => self.list_tree_below(commit, folder)?,
            TreeState::Index => self.list_index_below(folder)?,
            TreeState::Worktree => list_files_below(self.root()?, folder)?,
        })
    }

    fn exists(&self, tree: TreeState, path: &RepoPath) -> Result<bool, RepositoryError> {
        match tree {
            TreeState::Empty => Ok(false),
            TreeState::Commit(commit) => Ok(self.tree_entry(commit, path)?.is_some()),
            TreeState::Index => self.exists_in_index(path),
            TreeState::Worktree => Ok(self.worktree_path(path)?.is_some()),
        }
    }
}

impl Repository for GitRepository {
    fn reopen(&self) -> Option<crate::change::Reopen> {
        self.reopen_handle()
    }

    fn select(
        &self,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        self.resolve_selection(request, merge_base, main)
    }

    fn changes(&self, selection: &Selection) -> Result<ChangeSet, RepositoryError> {
        match selection.mode {
            SelectionMode::Range | SelectionMode::Rev => {
                trees::limit_changes(self.tree_changes(selection.base, selection.head)?.changes)
            }
            SelectionMode::Staged => trees::limit_changes(self.index_changes(selection.base)?.changes),
            SelectionMode::Worktree => {
                let ChangeSet { changes, exempted } = self.worktree_changes(selection.base)?;
                Ok(ChangeSet { exempted, ..trees::limit_changes(changes)? })
            }
        }
    }
}
