//! What a gate asks of a repository.
//!
//! `system` answers from git; tests answer from memory, so that every gate
//! can be shown its world as data.

use crate::text::RepoPath;

use super::{ChangeSet, Commit, FileMode, Selection, SelectionRequest, TreeEntry, TreeState};

/// Why a repository could not answer: the tool could not run (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// There is none here.
    #[error("{0} is not in a git repository")]
    NotARepository(String),
    /// It has no working tree and one is needed.
    #[error("this repository is bare: there is no working tree or index to judge; use --range or --rev")]
    Bare,
    /// A revision that does not exist or is ambiguous.
    #[error("revision `{revision}`: {reason}")]
    Revision {
        /// As given.
        revision: String,
        /// Why it is none.
        reason: String,
    },
    /// Merge conflicts in the index.
    #[error("the index has unresolved conflicts, for example in {0}; resolve them first")]
    Conflicted(RepoPath),
    /// Bigger than the tool is willing to read.
    #[error("{path} is {bytes} bytes long; countersign reads at most {limit}")]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// More changed paths than the tool is willing to judge.
    #[error(
        "there are more than {limit} paths to judge; have a tracked .gitignore name what does not belong to the work, or judge it in parts (--range)"
    )]
    TooManyPaths {
        /// The limit.
        limit: usize,
    },
    /// A file that cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: RepoPath,
        /// What the system says.
        reason: String,
    },
    /// Anything that git's objects or files deny us.
    #[error("{operation}: {reason}")]
    Git {
        /// What was being done.
        operation: String,
        /// What the library says.
        reason: String,
    },
}

/// Who made a commit, when, and what it changed.
#[derive(Debug, Clone)]
pub struct CommitInfo {
    /// The commit.
    pub commit: Commit,
    /// Its author, `Name <mail>`.
    pub author: String,
    /// Its committer, `Name <mail>`.
    pub committer: String,
    /// Its commit time, seconds since 1970.
    pub time: i64,
    /// Its parents, in order.
    pub parents: Vec<Commit>,
    /// The paths that it changed against every parent: of a merge, what the
    /// merge itself changed.
    pub changed_paths: Vec<RepoPath>,
}

/// A working tree of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Name of its folder.
    pub folder: String,
    /// The branch that is checked out there.
    pub branch: Option<String>,
}

/// A version of a file, wanted by the SHA-1 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRequest {
    /// The file.
    pub path: RepoPath,
    /// SHA-1 of its bytes.
    pub sha1: crate::digest::Hash20,
}

/// The newest commit that holds a wanted version, and its bytes.
pub type FoundVersion = (Commit, Vec<u8>);

/// Read access to the files of a tree: a commit's, the index's, or those on
/// disk. Another git library can stand behind this trait.
pub trait ObjectStore {
    /// What stands at a path; `None` if nothing does.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn entry(&self, side: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError>;

    /// The mode of what stands at a path, without reading it.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn mode(&self, side: TreeState, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        Ok(self.entry(side, path)?.map(|entry| entry.mode))
    }

    /// The bytes at a path as git stores them; `None` if nothing is there or
    /// it is a folder or submodule. For a link, its text.
    ///
    /// # Errors
    /// Missing objects, unreadable or too large files.
    fn read(&self, side: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError>;

    /// The bytes of an entry that stands at a path, as [`Repository::read`]
    /// gives them, without looking the path up again; for a submodule the
    /// commit's id.
    ///
    /// # Errors
    /// Missing objects, unreadable or too large files.
    fn read_entry(
        &self,
        side: TreeState,
        path: &RepoPath,
        entry: TreeEntry,
    ) -> Result<Vec<u8>, RepositoryError>;

    /// The paths directly in a folder (given with or without its `/`), files
    /// and links only, sorted; empty if there is no such folder.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn list(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError>;

    /// All files and links below a folder, in its folders too, sorted; `.git`
    /// is left out and links are not followed.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn list_below(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError>;

    /// Whether something is at the path, a folder included.
    ///
    /// # Errors
    /// Missing objects, unreadable files.
    fn exists(&self, side: TreeState, path: &RepoPath) -> Result<bool, RepositoryError>;
}

/// Read access to commits and their ancestry. Replacements and grafts are not
/// followed: parents are those of the commit objects.
pub trait History {
    /// HEAD, unless unborn.
    ///
    /// # Errors
    /// An unreadable HEAD.
    fn head(&self) -> Result<Option<Commit>, RepositoryError>;

    /// A commit by its full id; `None` if there is no such commit.
    ///
    /// # Errors
    /// Unreadable objects.
    fn find_commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError>;

    /// Whether `ancestor` is `of` or one of its ancestors.
    ///
    /// # Errors
    /// Missing objects.
    fn is_ancestor(&self, ancestor: Commit, of: Commit) -> Result<bool, RepositoryError>;

    /// Where the line of HEAD parted from the main branch, by the first of these
    /// names that there is; `None` if there is none, or no commit yet.
    ///
    /// # Errors
    /// Missing objects.
    fn main_fork_point(&self, _main: &[String]) -> Result<Option<Commit>, RepositoryError> {
        Ok(None)
    }

    /// The newest commits that `head` reaches and that hold the wanted
    /// versions, each with the bytes; in the order of `wanted`.
    ///
    /// # Errors
    /// Missing objects, or a history longer than the tool is willing to walk.
    fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError>;

    /// The commits that brought something into a file: those at which its
    /// bytes satisfy `holds` while at no parent they do, newest first.
    ///
    /// Every commit that `head` reaches and `stop` does not is looked at, so
    /// that taking out and putting in again hides nothing. Without a `stop`
    /// the walk goes back only as far as the bytes hold.
    ///
    /// # Errors
    /// Missing objects, or a history longer than the tool is willing to walk.
    fn find_introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError>;

    /// The commits that `head` reaches and `base` does not, newest first.
    ///
    /// # Errors
    /// Missing objects, or a history longer than the tool is willing to walk.
    fn commits_between(&self, base: Option<Commit>, head: Commit)
    -> Result<Vec<CommitInfo>, RepositoryError>;
}

/// What a repository knows of its working trees and of the files on disk.
pub trait WorkingTree: ObjectStore {
    /// The files that a scan of a side looks at, sorted: of a working tree
    /// those that are tracked or not ignored.
    ///
    /// # Errors
    /// Missing objects, unreadable folders.
    fn list_sources(&self, side: TreeState) -> Result<Vec<RepoPath>, RepositoryError> {
        self.list_below(side, "")
    }

    /// Where the working tree lies, for readers on several threads.
    fn disk_root(&self) -> Option<&std::path::Path> {
        None
    }

    /// All working trees, this one first; `None` if this is no git
    /// repository.
    ///
    /// # Errors
    /// Unreadable records of working trees.
    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError>;

    /// The checked-out branch, without `refs/heads/`; `None` when detached.
    ///
    /// # Errors
    /// An unreadable HEAD.
    fn current_branch(&self) -> Result<Option<String>, RepositoryError>;

    /// Name of the folder of the working tree.
    fn worktree_name(&self) -> Option<String>;
}

/// All that the pipelines ask of a repository.
pub trait Repository: ObjectStore + History + WorkingTree {
    /// Resolves what the caller asked for.
    ///
    /// `merge_base` gives the packet's `MERGE_BASE_SHA` as it stands at a
    /// commit, `main` the names of the main branch in order of preference.
    ///
    /// # Errors
    /// Revisions that do not exist, a bare repository where files are needed.
    fn select(
        &self,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: &[String],
    ) -> Result<Selection, RepositoryError>;

    /// The change set of a selection.
    ///
    /// # Errors
    /// Missing objects, unmerged index, unreadable files.
    fn changes(&self, selection: &Selection) -> Result<ChangeSet, RepositoryError>;
}
