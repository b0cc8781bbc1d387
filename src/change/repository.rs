//! Read access to a repository, as traits.
//!
//! `system` implements them with git. Tests implement them in memory, so that they
//! can define the repository of a check as data.

use crate::text::RepoPath;

use super::{
    BranchTip, ChangeSet, Commit, FileMode, History, Selection, SelectionRequest, TreeEntry, TreeState,
};

/// An error while a repository is read. The tool then ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The folder is not in a git repository.
    #[error("{0} is not in a git repository")]
    NotARepository(String),
    /// The repository has no working tree, and the command needs one.
    #[error(
        "this repository is bare: it has no working tree and no index; run the command in a clone, or judge commits: `countersign verify --range A..B`"
    )]
    Bare,
    /// A revision that does not exist or is ambiguous.
    #[error("revision `{revision}`: {reason}")]
    Revision {
        /// The revision as given.
        revision: String,
        /// The reason why it cannot be resolved.
        reason: String,
    },
    /// The index contains merge conflicts.
    #[error("the index has unresolved conflicts, for example in {0}; resolve them first")]
    Conflicted(RepoPath),
    /// A file is larger than the limit.
    #[error("{path} is {bytes} bytes long; countersign reads at most {limit} bytes")]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// Its size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The files of the change have more bytes than the limit.
    #[error(
        "up to {path}, the files of the change have more than {limit} bytes; check the change in parts (--range)"
    )]
    ChangeTooLarge {
        /// The file at which the limit was exceeded.
        path: RepoPath,
        /// The maximum number of bytes.
        limit: u64,
    },
    /// Patterns and paths are together too many to be compared.
    #[error(
        "{what} and the paths of the change need more than {limit} steps to be compared; write fewer or simpler patterns, or check the change in parts (--range)"
    )]
    TooManyComparisons {
        /// The patterns, as a noun.
        what: &'static str,
        /// The maximum number of steps.
        limit: u64,
    },
    /// The change has more paths than the limit.
    #[error(
        "the change has more than {limit} paths; add files that do not belong to the work to a tracked .gitignore, or check the change in parts (--range)"
    )]
    TooManyPaths {
        /// The maximum number of paths.
        limit: usize,
    },
    /// A search in the history would read more commits than the limit.
    #[error("{operation}: this would require reading more than {limit} commits")]
    TooManyCommits {
        /// The operation, as the start of a message.
        operation: &'static str,
        /// The maximum number of commits.
        limit: usize,
    },
    /// A file that cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: RepoPath,
        /// The error message of the operating system.
        reason: String,
    },
    /// An operation on git's objects or files failed.
    #[error("{operation}: {reason}")]
    Git {
        /// The operation, as the start of a message ("reading HEAD").
        operation: String,
        /// The error message of the library.
        reason: String,
    },
}

/// A working tree of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Name of its folder, without the path.
    pub folder: String,
    /// The branch that is checked out there; `None` if HEAD is detached.
    pub branch: Option<String>,
}

/// A file with its mode, and its bytes as git stores them. The error is one of this file
/// only: it is too large, or the disk does not give it.
#[derive(Debug)]
pub struct StoredFile {
    /// The mode that git stores.
    pub mode: FileMode,
    /// The bytes; empty for links and submodules.
    pub content: Result<Vec<u8>, RepositoryError>,
}

/// Read access to the files of a commit, of the index, or on disk. Another git
/// library can implement this trait.
pub trait ObjectStore {
    /// Returns mode and content id of a path; `None` if there is no file or link.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn entry(&self, tree: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError>;

    /// Returns the mode of a path without reading its content.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn mode(&self, tree: TreeState, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        Ok(self.entry(tree, path)?.map(|entry| entry.mode))
    }

    /// Returns the bytes of a path as git stores them; for a symbolic link, its
    /// target. `None` if the path does not exist, or is a folder or a submodule.
    ///
    /// # Errors
    /// Missing objects, unreadable or too large files.
    fn read(&self, tree: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError>;

    /// Returns the bytes of an entry, as [`ObjectStore::read`] does, without
    /// resolving the path again. For a submodule, the commit id as text.
    ///
    /// # Errors
    /// Missing objects, unreadable or too large files.
    fn read_entry(
        &self,
        tree: TreeState,
        path: &RepoPath,
        entry: TreeEntry,
    ) -> Result<Vec<u8>, RepositoryError>;

    /// Returns the files and links directly in a folder, sorted; empty if the
    /// folder does not exist. The folder may end in `/`.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn list(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError>;

    /// Returns those documents that may contain some ASCII bytes, in any encoding. The others
    /// certainly do not, so that they need not be decoded.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn find_containing(
        &self,
        _tree: TreeState,
        paths: Vec<RepoPath>,
        _bytes: &[u8],
    ) -> Result<Vec<RepoPath>, RepositoryError> {
        Ok(paths)
    }

    /// Reads a path with its mode; `None` if there is no file, link or submodule. The content
    /// of links and submodules is not read.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn read_stored_file(
        &self,
        tree: TreeState,
        path: &RepoPath,
    ) -> Result<Option<StoredFile>, RepositoryError> {
        let Some(mode) = self.mode(tree, path)? else { return Ok(None) };
        if !matches!(mode, FileMode::Regular | FileMode::Executable) {
            return Ok(Some(StoredFile { mode, content: Ok(Vec::new()) }));
        }
        match self.read(tree, path) {
            Ok(Some(bytes)) => Ok(Some(StoredFile { mode, content: Ok(bytes) })),
            Ok(None) => Ok(None),
            Err(error @ (RepositoryError::TooLarge { .. } | RepositoryError::Unreadable { .. })) => {
                Ok(Some(StoredFile { mode, content: Err(error) }))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads small files as [`ObjectStore::read_stored_file`] does, in the same order; `None` for
    /// a path that has to be read by itself. A working tree reads them on several threads.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn read_small_files(
        &self,
        _tree: TreeState,
        paths: &[RepoPath],
    ) -> Result<Vec<Option<StoredFile>>, RepositoryError> {
        Ok(paths.iter().map(|_| None).collect())
    }

    /// Returns all files and links below a folder, at any depth, sorted. `.git` is
    /// excluded, and links are not followed.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn list_below(&self, tree: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError>;

    /// Returns whether the path exists; folders count.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn exists(&self, tree: TreeState, path: &RepoPath) -> Result<bool, RepositoryError>;
}

/// Read access to the working trees of a repository and to the files on disk.
pub trait WorkingTree: ObjectStore {
    /// Returns the files that a scan of a tree reads, sorted. For a working tree
    /// these are the files that are tracked or not ignored.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn list_sources(&self, tree: TreeState) -> Result<Vec<RepoPath>, RepositoryError> {
        self.list_below(tree, "")
    }

    /// Returns the root of the working tree, for readers on several threads; `None`
    /// if the files are not on disk.
    fn disk_root(&self) -> Option<&std::path::Path> {
        None
    }

    /// Returns all working trees, this one first; `None` if the folder is not a git
    /// repository.
    ///
    /// # Errors
    /// The records of the working trees cannot be read.
    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError>;

    /// Returns the checked-out branch, without `refs/heads/`; `None` if HEAD is
    /// detached.
    ///
    /// # Errors
    /// HEAD cannot be read.
    fn current_branch(&self) -> Result<Option<String>, RepositoryError>;

    /// Returns the name of the folder of the working tree, without its path.
    fn worktree_name(&self) -> Option<String>;
}

/// Opens a repository again, on another thread.
pub(crate) type Reopen = Box<dyn Fn() -> Result<Box<dyn Repository>, RepositoryError> + Send + Sync>;

/// Complete read access to a repository, as the pipelines need it.
pub trait Repository: ObjectStore + History + WorkingTree {
    /// Returns what opens this repository on another thread; `None` if there is one thread
    /// only, or if the repository is not on disk.
    fn reopen(&self) -> Option<Reopen> {
        None
    }

    /// Resolves a selection request to commits.
    ///
    /// `merge_base` returns the packet's `MERGE_BASE_SHA` as written at a commit.
    /// `main` is the main branch, if it is known.
    ///
    /// # Errors
    /// A revision does not exist, or the repository is bare and files are needed.
    fn select(
        &self,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError>;

    /// Returns the change set of a selection.
    ///
    /// # Errors
    /// Missing objects, unmerged index, unreadable files.
    fn changes(&self, selection: &Selection) -> Result<ChangeSet, RepositoryError>;
}
