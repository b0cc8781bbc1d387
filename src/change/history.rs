//! Read access to commits and their ancestry.

use crate::text::RepoPath;

use super::{BranchTip, Commit, RepositoryError};

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

/// Gets one version of a file: the position of the file among the wanted ones, and its bytes;
/// `None` if the version cannot be read or is no regular file. Returns whether it wants more
/// versions of this file.
pub type VersionVisitor<'a> = dyn FnMut(usize, Option<&[u8]>) -> bool + 'a;

/// A version of a file that was requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundVersion {
    /// The newest commit that contains it.
    pub commit: Commit,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// SHA-1 of the bytes; not the requested one if that has other line ends.
    pub sha1: crate::digest::Hash20,
}

/// Read access to commits and their ancestry. Parents are those of the commit
/// objects; git's replace references and grafts are ignored.
pub trait History {
    /// Returns the commit of HEAD; `None` before the first commit.
    ///
    /// # Errors
    /// HEAD cannot be read.
    fn head(&self) -> Result<Option<Commit>, RepositoryError>;

    /// Says that the newest commits before `head` will be asked for, so that another thread
    /// can read them meanwhile. It changes no answer.
    fn read_ahead(&self, _head: Commit) {}

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

    /// Returns the names under which [`History::branch_tips`] would find a branch; `None` if
    /// there are more than `limit`.
    ///
    /// # Errors
    /// References that cannot be read.
    fn branch_names(&self, _limit: usize) -> Result<Option<Vec<String>>, RepositoryError> {
        Ok(None)
    }

    /// Returns the name of the remote whose branches may be the main branch; `None` if there
    /// is no such remote.
    fn main_remote(&self) -> Option<String> {
        None
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

    /// Calls `visit` with every version that files had in the commits reachable from `head`,
    /// newest commits first, each content once per file. Renames are not followed. Returns for
    /// each file the oldest commit that has it, as far as its versions were wanted.
    ///
    /// # Errors
    /// Missing objects, or a history with more commits than the limit.
    fn visit_versions(
        &self,
        _head: Commit,
        paths: &[RepoPath],
        _visit: &mut VersionVisitor<'_>,
    ) -> Result<Vec<Option<Commit>>, RepositoryError> {
        Ok(vec![None; paths.len()])
    }

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
