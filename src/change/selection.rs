//! The change under judgement: as requested by the caller, and as resolved.

use crate::digest::Hash20;

/// Id of an existing commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(pub Hash20);

impl Commit {
    /// Returns the first 12 hexadecimal digits of the id, for messages.
    #[must_use]
    pub fn short(self) -> String {
        short_id(&self.0.to_string()).to_owned()
    }
}

/// Returns the first 12 digits of a hexadecimal commit id.
#[must_use]
pub(crate) fn short_id(hex: &str) -> &str {
    hex.get(..12).unwrap_or(hex)
}

/// The state of the files that is read: a commit, the index, or the working tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeState {
    /// An empty tree without files.
    Empty,
    /// The tree of a commit.
    Commit(Commit),
    /// The index.
    Index,
    /// The working tree.
    Worktree,
}

/// A branch that may be the main branch, and its newest commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchTip {
    /// Name of the branch, without a remote.
    pub name: String,
    /// The reference as people write it: `main` or `origin/main`.
    pub reference: String,
    /// The newest commit.
    pub tip: Commit,
    /// Whether this is a remote-tracking reference.
    pub is_remote: bool,
}

/// The change that the caller requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionRequest {
    /// No option: staged changes, otherwise changes of the working tree, otherwise
    /// the work of this branch, from its merge base with the main branch. If the
    /// packet names a later merge base, the work starts there. On the main branch it
    /// is the range from the packet's merge base, otherwise the last commit.
    Default,
    /// The whole work of this branch: from its merge base with the main branch to the
    /// files on disk, or to HEAD if nothing is uncommitted. On the main branch the work
    /// starts at the remote-tracking one; without it, at HEAD.
    Work,
    /// `--range A..B` or `A...B`.
    Range(String),
    /// `--range auto`, as a range that the caller could have written.
    Auto {
        /// The range, `A..B` or `A...B`.
        range: String,
        /// Why this range, for reports.
        reason: String,
    },
    /// `--rev R`: from the first parent of R to R.
    Rev(String),
    /// `--staged`.
    Staged,
    /// `--worktree`.
    Worktree,
}

/// The two states that a change compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionMode {
    /// Two commits.
    Range,
    /// A commit and its first parent.
    Rev,
    /// HEAD and the index.
    Staged,
    /// HEAD and the working tree.
    Worktree,
}

impl SelectionMode {
    /// Returns the name of the mode in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Rev => "rev",
            Self::Staged => "staged",
            Self::Worktree => "worktree",
        }
    }

    /// Returns whether both states are commits.
    #[must_use]
    pub fn is_committed(self) -> bool {
        matches!(self, Self::Range | Self::Rev)
    }
}

/// A resolved selection: the change under judgement.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The states that are compared.
    pub mode: SelectionMode,
    /// The base commit; `None` before the first commit (an empty tree).
    pub base: Option<Commit>,
    /// The head commit; `None` for the index and the working tree.
    pub head: Option<Commit>,
    /// Why this change was selected, for reports.
    pub reason: String,
    /// Whether the caller requested it with an option.
    pub is_explicit: bool,
    /// The left end of `A...B`; its merge base with the head is the base.
    pub left_end: Option<Commit>,
}

impl Selection {
    /// Returns the tree state under judgement.
    #[must_use]
    pub fn judged_tree(&self) -> TreeState {
        match (self.mode, self.head) {
            (SelectionMode::Range | SelectionMode::Rev, Some(head)) => TreeState::Commit(head),
            (SelectionMode::Range | SelectionMode::Rev, None) => TreeState::Empty,
            (SelectionMode::Staged, _) => TreeState::Index,
            (SelectionMode::Worktree, _) => TreeState::Worktree,
        }
    }

    /// Returns the base of a range or revision that the caller requested. A base
    /// that comes from the packet is not returned: the change can move it.
    #[must_use]
    pub fn explicit_base(&self) -> Option<Commit> {
        self.base.filter(|_| self.is_explicit && self.mode.is_committed())
    }
}

/// Splits `A..B` or `A...B`; the flag is true for three dots. `None` if the text
/// is not a range with both ends.
#[must_use]
pub(crate) fn split_range(text: &str) -> Option<(&str, &str, bool)> {
    let at = text.find("..")?;
    let (base, rest) = (text.get(..at)?, text.get(at + 2..)?);
    let (head, has_three_dots) = rest.strip_prefix('.').map_or((rest, false), |head| (head, true));
    let is_valid = !base.is_empty() && !head.is_empty() && !head.starts_with('.') && !head.contains("..");
    is_valid.then_some((base, head, has_three_dots))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_two_ends() {
        assert_eq!(split_range("a..b"), Some(("a", "b", false)));
        assert_eq!(split_range("v1.0...HEAD"), Some(("v1.0", "HEAD", true)));
        for bad in ["a", "..b", "a..", "a....b", "a..b..c", ".."] {
            assert_eq!(split_range(bad), None, "{bad}");
        }
    }
}
