//! The change under judgement, as data.
//!
//! Nothing here knows git: [`Repository`] says what a gate needs to ask, and
//! `system` answers it from git objects, the index and files.

mod changed_file;
mod hunk;
mod overlay;
mod repository;
mod selection;

use std::collections::BTreeMap;

use crate::digest::Hash20;
use crate::text::RepoPath;

pub use changed_file::{ChangedFile, FileContent};
pub use hunk::{Hunk, compute_hunks};
pub use overlay::Overlay;
pub use repository::{
    CommitInfo, FoundVersion, History, ObjectStore, Repository, RepositoryError, VersionRequest, WorkingTree,
    Worktree,
};
pub use selection::{Commit, Selection, SelectionMode, SelectionRequest, TreeState, short_id, split_range};

/// What a path is, from git's raw mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// An ordinary file (`100644`, or the old `100664`).
    Regular,
    /// An executable file (`100755`).
    Executable,
    /// A symbolic link (`120000`); its content is the link's text.
    Symlink,
    /// A submodule (`160000`); its content is the commit id.
    Submodule,
}

impl FileMode {
    /// Reads git's raw mode by its type bits, as git does; `None` for folders
    /// and for types that git does not know.
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

    /// The mode as git prints it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    /// What a message calls it.
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

/// One side of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry {
    /// What it is.
    pub mode: FileMode,
    /// Git object id of the content (of the commit, for a submodule).
    pub id: Hash20,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content changed (perhaps its executable bit too).
    Modified,
    /// Only its executable bit changed.
    ModeChanged,
    /// It became something else, e.g. a link instead of a file.
    TypeChanged,
}

impl ChangeKind {
    /// What happened, as the end of a sentence about the file.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Added => "is new",
            Self::Deleted => "is deleted",
            Self::Modified => "is modified",
            Self::ModeChanged => "has another mode (its executable bit changed)",
            Self::TypeChanged => "has become something else",
        }
    }
}

/// One changed path. A rename is a deletion and an addition.
#[derive(Debug, Clone)]
pub struct Change {
    /// The path.
    pub path: RepoPath,
    /// What it was.
    pub before: Option<TreeEntry>,
    /// What it is.
    pub after: Option<TreeEntry>,
    /// The other side of a rename with the same content, for display only.
    pub renamed_with: Option<RepoPath>,
    /// Something that a report must say about how it was seen, e.g. that the
    /// index calls it unchanged.
    pub note: Option<String>,
    /// Why its content cannot be judged, if it cannot.
    pub unreadable_reason: Option<String>,
}

impl Change {
    /// A change between two sides; `None` if they are the same.
    #[must_use]
    pub fn from_entries(path: RepoPath, pre: Option<TreeEntry>, post: Option<TreeEntry>) -> Option<Self> {
        (pre != post).then_some(Self {
            path,
            before: pre,
            after: post,
            renamed_with: None,
            note: None,
            unreadable_reason: None,
        })
    }

    /// What happened.
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

/// All changed paths, in order of their bytes.
#[derive(Debug, Clone, Default)]
pub struct ChangeSet {
    /// The changes.
    pub changes: Vec<Change>,
}

impl ChangeSet {
    /// Sorts the changes and pairs deletions with additions of the same
    /// content, for display.
    #[must_use]
    pub fn new(mut changes: Vec<Change>) -> Self {
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let mut gone: BTreeMap<Hash20, RepoPath> = BTreeMap::new();
        for (id, path) in
            changes.iter().filter(|c| c.after.is_none()).filter_map(|c| Some((c.before?.id, c.path.clone())))
        {
            gone.entry(id).or_insert(path);
        }
        let mut pairs: BTreeMap<RepoPath, RepoPath> = BTreeMap::new();
        for change in changes.iter_mut().filter(|c| c.before.is_none()) {
            if let Some(from) = change.after.and_then(|post| gone.get(&post.id)) {
                change.renamed_with = Some(from.clone());
                pairs.entry(from.clone()).or_insert_with(|| change.path.clone());
            }
        }
        for change in changes.iter_mut().filter(|c| c.after.is_none()) {
            change.renamed_with = pairs.get(&change.path).cloned();
        }
        Self { changes }
    }
}
