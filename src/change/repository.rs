//! Read access to a repository, as traits.
//!
//! `system` implements them with git. Tests implement them in memory, so that they
//! can define the repository of a check as data.

use crate::text::RepoPath;

use super::{BranchTip, ChangeSet, Commit, FileMode, Selection, SelectionRequest, TreeEntry, TreeState};

/// An error while a repository is read. The tool then ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The folder is not in a git repository.
    #[error("{0} is not in a git repository")]
    NotARepository(String),
    /// The repository has no working tree, and the command needs one.
    #[error("this repository is bare: it has no working tree and no index to check; use --range or --rev")]
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

/// Authors, time, parents and changed paths of a commit.
#[derive(Debug, Clone)]
pub struct CommitInfo {
    /// Id of the commit.
    pub commit: Commit,
    /// First line of the message.
    pub subject: String,
    /// Author, `Name <mail>`.
    pub author: String,
    /// Committer, `Name <mail>`.
    pub committer: String,
    /// Commit time, seconds since 1970.
    pub time: i64,
    /// Parents, in order.
    pub parents: Vec<Commit>,
    /// The paths that differ from every parent. For a merge these are the paths
    /// that the merge itself changed.
    pub changed_paths: Vec<RepoPath>,
}

/// A working tree of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Name of its folder, without the path.
    pub folder: String,
    /// The branch that is checked out there; `None` if HEAD is detached.
    pub branch: Option<String>,
}

/// A request for the version of a file whose bytes have a given SHA-1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRequest {
    /// The file.
    pub path: RepoPath,
    /// SHA-1 of the bytes of the version.
    pub sha1: crate::digest::Hash20,
    /// Whether the hash may also be that of the same text with LF or CRLF line ends.
    pub any_line_ends: bool,
}

/// The newest commit that contains a requested version, and the bytes.
pub type FoundVersion = (Commit, Vec<u8>);

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

    /// Returns whether a document may contain some ASCII bytes, in any encoding. False only
    /// if it certainly does not, so that the others need not be decoded.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn may_contain(
        &self,
        _tree: TreeState,
        _path: &RepoPath,
        _bytes: &[u8],
    ) -> Result<bool, RepositoryError> {
        Ok(true)
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

/// Read access to commits and their ancestry. Parents are those of the commit
/// objects; git's replace references and grafts are ignored.
pub trait History {
    /// Returns the commit of HEAD; `None` before the first commit.
    ///
    /// # Errors
    /// HEAD cannot be read.
    fn head(&self) -> Result<Option<Commit>, RepositoryError>;

    /// Finds a commit by its full hexadecimal id; `None` if it does not exist.
    ///
    /// # Errors
    /// Unreadable objects.
    fn find_commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError>;

    /// Finds a commit by a unique start of its id, of at least seven digits; else `None`.
    ///
    /// # Errors
    /// Unreadable objects.
    fn find_abbreviated(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        self.find_commit(hex)
    }

    /// Returns whether `ancestor` is equal to `of` or one of its ancestors.
    ///
    /// # Errors
    /// Missing objects.
    fn is_ancestor(&self, ancestor: Commit, of: Commit) -> Result<bool, RepositoryError>;

    /// Returns the existing branches with these names: local ones and
    /// remote-tracking ones, and the branch that HEAD of the remote names. Sorted
    /// by reference.
    ///
    /// # Errors
    /// References that cannot be read.
    fn branch_tips(&self, _names: &[String]) -> Result<Vec<BranchTip>, RepositoryError> {
        Ok(Vec::new())
    }

    /// Returns the parents of a commit, in order.
    ///
    /// # Errors
    /// Missing objects.
    fn parents(&self, _commit: Commit) -> Result<Vec<Commit>, RepositoryError> {
        Ok(Vec::new())
    }

    /// Returns whether the clone has only a part of the history.
    fn is_shallow(&self) -> bool {
        false
    }

    /// From now on, `head` has the only parent `base`, and `base` has none, as after a squash
    /// merge. What needs the history of the work must ask [`History::history_cut`] first.
    fn cut_history(&self, _base: Commit, _head: Commit) {}

    /// Returns base and head of a change whose history is cut.
    fn history_cut(&self) -> Option<(Commit, Commit)> {
        None
    }

    /// Returns the commit whose merge into HEAD is under way; `None` without a merge.
    ///
    /// # Errors
    /// The repository cannot be read.
    fn merged_commit(&self) -> Result<Option<Commit>, RepositoryError> {
        Ok(None)
    }

    /// Returns the merge base of two commits: the newest common ancestor that is not
    /// an ancestor of another one. `None` if there is none.
    ///
    /// # Errors
    /// Missing objects.
    fn merge_base(&self, _a: Commit, _b: Commit) -> Result<Option<Commit>, RepositoryError> {
        Ok(None)
    }

    /// Returns the greatest commit time, in seconds since 1970, of `base` and of the
    /// commits reachable from `head` and not from `base`: no commit is older than
    /// its ancestors, whatever its author wrote.
    ///
    /// # Errors
    /// Missing objects, or a history with more commits than the limit.
    fn newest_time(&self, base: Option<Commit>, head: Commit) -> Result<Option<i64>, RepositoryError> {
        let times = self.commits_between(base, head)?.into_iter().map(|commit| commit.time);
        Ok(times.max())
    }

    /// Returns the signature of a commit and the text that it signs; `None` if the
    /// commit is not signed.
    ///
    /// # Errors
    /// Missing objects.
    fn commit_signature(&self, _commit: Commit) -> Result<Option<(String, Vec<u8>)>, RepositoryError> {
        Ok(None)
    }

    /// Returns the first lines of the messages of all commits reachable from `head`;
    /// empty if the history is not available.
    ///
    /// # Errors
    /// Missing objects.
    fn subjects(&self, _head: Commit) -> Result<Vec<String>, RepositoryError> {
        Ok(Vec::new())
    }

    /// Finds the newest commits reachable from `head` that contain the requested
    /// versions. The result has the order of `wanted`; `None` for a version that
    /// was not found.
    ///
    /// # Errors
    /// Missing objects, or a history with more commits than the limit.
    fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError>;

    /// Finds the commits that introduced some content into a file, newest first:
    /// the bytes satisfy `holds` at the commit and at none of its parents.
    ///
    /// All commits reachable from `head` and not from `stop` are examined, so that
    /// content that was removed and added again is found twice. Without a `stop`,
    /// the walk ends where the bytes no longer satisfy `holds`.
    ///
    /// # Errors
    /// Missing objects, or a history with more commits than the limit.
    fn find_introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError>;

    /// Returns the commits reachable from `head` and not from `base`, newest first.
    ///
    /// # Errors
    /// Missing objects, or a history with more commits than the limit.
    fn commits_between(&self, base: Option<Commit>, head: Commit)
    -> Result<Vec<CommitInfo>, RepositoryError>;
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

/// Complete read access to a repository, as the pipelines need it.
pub trait Repository: ObjectStore + History + WorkingTree {
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
