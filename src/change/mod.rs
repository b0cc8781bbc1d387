//! The change under judgement, as data.
//!
//! This module does not use git. [`Repository`] defines the read access that the
//! checks need; `system` implements it with git objects, the index and files.

mod changed_file;
mod history;
mod hunk;
mod overlay;
mod repository;
mod selection;

use std::collections::BTreeMap;

use crate::digest::Hash20;
use crate::text::RepoPath;

pub use changed_file::ChangedFile;
pub(crate) use changed_file::FileContent;
pub use history::{CommitInfo, FoundVersion, History, VersionRequest, VersionVisitor};
pub(crate) use hunk::{Hunk, compute_hunks};
pub(crate) use overlay::Overlay;
pub(crate) use repository::Reopen;
pub use repository::{ObjectStore, Repository, RepositoryError, StoredFile, WorkingTree, Worktree};
pub use selection::{BranchTip, Commit, Selection, SelectionMode, SelectionRequest, TreeState};
pub(crate) use selection::{short_id, split_range};

/// Type of a path, from git's raw mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileMode {
    /// An ordinary file (`100644`, or the old `100664`).
    Regular,
    /// An executable file (`100755`).
    Executable,
    /// A symbolic link (`120000`); its content is the link target as text.
    Symlink,
    /// A submodule (`160000`); its content is the commit id.
    Submodule,
}

impl FileMode {
    /// Reads git's raw mode by its type bits, as git does. `None` for folders and
    /// for types that git does not define.
    #[must_use]
    pub fn from_raw(raw: u32) -> Option<Self> {
        match raw & 0o170_000 {
            0o120_000 => Some(Self::Symlink),
            0o160_000 => Some(Self::Submodule),
            0o100_000 if raw & 0o100 != 0 => Some(Self::Executable),
            0o100_000 => Some(Self::Regular),
            _ => None,
        }
    }

    /// Returns the mode as git prints it, in octal digits.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    /// Returns the noun that messages use for the type.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Regular => "file",
            Self::Executable => "executable file",
            Self::Symlink => "symbolic link",
            Self::Submodule => "submodule",
        }
    }
}

/// Mode and content id of a path in one tree state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeEntry {
    /// Type of the path.
    pub mode: FileMode,
    /// Git object id of the content (of the commit, for a submodule).
    pub id: Hash20,
}

/// Kind of a change to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The path is new.
    Added,
    /// The path was deleted.
    Deleted,
    /// The content changed, and possibly the executable bit.
    Modified,
    /// Only the executable bit changed.
    ModeChanged,
    /// The type changed, e.g. from a file to a symbolic link.
    TypeChanged,
}

impl ChangeKind {
    /// Returns the end of a sentence about the file, e.g. "is deleted".
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Added => "is new",
            Self::Deleted => "is deleted",
            Self::Modified => "is modified",
            Self::ModeChanged => "has a different mode (its executable bit changed)",
            Self::TypeChanged => "has a different type than before",
        }
    }
}

/// One changed path. A rename is represented as a deletion and an addition.
#[derive(Debug, Clone)]
pub struct Change {
    /// The path.
    pub path: RepoPath,
    /// Entry before the change; `None` if the path did not exist.
    pub before: Option<TreeEntry>,
    /// Entry after the change; `None` if the path was deleted.
    pub after: Option<TreeEntry>,
    /// The other path of a rename with the same content, for display only.
    pub renamed_with: Option<RepoPath>,
    /// A note for reports about how the change was detected, e.g. that the index
    /// marks the path as unchanged.
    pub note: Option<String>,
    /// The reason why the content cannot be checked; `None` if it can.
    pub unreadable_reason: Option<String>,
    /// For an untracked file: the path, it or a folder above it, that only the ignore
    /// file of git's user ignores.
    pub user_ignored: Option<RepoPath>,
    /// For an untracked file: the folder above it without tracked files that ignores itself.
    pub self_ignoring: Option<RepoPath>,
}

impl Change {
    /// Creates a change from the entries before and after it; `None` if they are equal.
    #[must_use]
    pub fn from_entries(path: RepoPath, before: Option<TreeEntry>, after: Option<TreeEntry>) -> Option<Self> {
        (before != after).then_some(Self {
            path,
            before,
            after,
            renamed_with: None,
            note: None,
            unreadable_reason: None,
            user_ignored: None,
            self_ignoring: None,
        })
    }

    /// Returns the kind of the change.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        use FileMode::{Executable, Regular};
        match (self.before, self.after) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Deleted,
            (Some(a), Some(b)) => match (a.mode, b.mode) {
                (Regular | Executable, Regular | Executable) if a.id == b.id => ChangeKind::ModeChanged,
                (Regular | Executable, Regular | Executable) => ChangeKind::Modified,
                (x, y) if x == y => ChangeKind::Modified,
                _ => ChangeKind::TypeChanged,
            },
        }
    }
}

/// All changed paths, sorted by their bytes.
#[derive(Debug, Clone, Default)]
pub struct ChangeSet {
    /// The changes.
    pub changes: Vec<Change>,
    /// Untracked paths that count as no change: known caches and the tool's own report
    /// files.
    pub exempted: Vec<RepoPath>,
}

impl ChangeSet {
    /// Sorts the changes, and pairs deletions with additions of the same content
    /// as renames (for display only).
    #[must_use]
    pub fn new(mut changes: Vec<Change>) -> Self {
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let mut deleted: BTreeMap<Hash20, RepoPath> = BTreeMap::new();
        for (id, path) in
            changes.iter().filter(|c| c.after.is_none()).filter_map(|c| Some((c.before?.id, c.path.clone())))
        {
            deleted.entry(id).or_insert(path);
        }
        let mut pairs: BTreeMap<RepoPath, RepoPath> = BTreeMap::new();
        for change in changes.iter_mut().filter(|c| c.before.is_none()) {
            if let Some(from) = change.after.and_then(|entry| deleted.get(&entry.id)) {
                change.renamed_with = Some(from.clone());
                pairs.entry(from.clone()).or_insert_with(|| change.path.clone());
            }
        }
        for change in changes.iter_mut().filter(|c| c.after.is_none()) {
            change.renamed_with = pairs.get(&change.path).cloned();
        }
        Self { changes, exempted: Vec::new() }
    }
}
