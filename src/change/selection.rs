//! Which change is judged: asked for, and resolved.

use crate::digest::Hash20;

/// A commit, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(pub Hash20);

impl Commit {
    /// The first 12 digits of the id, as messages show it.
    #[must_use]
    pub fn short(self) -> String {
        short_id(&self.0.to_string()).to_owned()
    }
}

/// The first 12 digits of a commit id in hexadecimal.
#[must_use]
pub fn short_id(hex: &str) -> &str {
    hex.get(..12).unwrap_or(hex)
}

/// Where files are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeState {
    /// No files at all.
    Empty,
    /// The tree of a commit.
    Commit(Commit),
    /// The index.
    Index,
    /// The working tree.
    Worktree,
}

/// What the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionRequest {
    /// Nothing: staged changes, else the working tree, else the packet's
    /// merge base, else the main branch's, else the last commit.
    Default,
    /// `--range A..B` or `A...B`.
    Range(String),
    /// `--rev R`: first parent of R to R.
    Rev(String),
    /// `--staged`.
    Staged,
    /// `--worktree`.
    Worktree,
}

/// How the change is read.
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
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Rev => "rev",
            Self::Staged => "staged",
            Self::Worktree => "worktree",
        }
    }

    /// Whether both sides are commits.
    #[must_use]
    pub fn is_committed(self) -> bool {
        matches!(self, Self::Range | Self::Rev)
    }
}

/// A selection, resolved.
#[derive(Debug, Clone)]
pub struct Selection {
    /// How it is read.
    pub mode: SelectionMode,
    /// The base; `None` before the first commit (an empty tree).
    pub base: Option<Commit>,
    /// The head; `None` for the index and the working tree.
    pub head: Option<Commit>,
    /// Why this one.
    pub reason: String,
    /// Whether the caller named it.
    pub is_explicit: bool,
    /// The commit that rules are read from, where that is another one than the
    /// base: the left end of three dots, or where the work parted from the main
    /// branch if the packet says that it began later.
    pub policy_source: Option<Commit>,
}

impl Selection {
    /// The tree that holds the state under judgement.
    #[must_use]
    pub fn judged_tree(&self) -> TreeState {
        match (self.mode, self.head) {
            (SelectionMode::Range | SelectionMode::Rev, Some(head)) => TreeState::Commit(head),
            (SelectionMode::Range | SelectionMode::Rev, None) => TreeState::Empty,
            (SelectionMode::Staged, _) => TreeState::Index,
            (SelectionMode::Worktree, _) => TreeState::Worktree,
        }
    }

    /// The base that the caller vouches for: that of a range or revision which
    /// was asked for. One that was found by what the packet says may be moved.
    #[must_use]
    pub fn explicit_base(&self) -> Option<Commit> {
        self.base.filter(|_| self.is_explicit && self.mode.is_committed())
    }
}

/// Splits `A..B` or `A...B`; the flag says that there were three dots.
#[must_use]
pub fn split_range(text: &str) -> Option<(&str, &str, bool)> {
    let at = text.find("..")?;
    let (base, rest) = (text.get(..at)?, text.get(at + 2..)?);
    let (head, three) = rest.strip_prefix('.').map_or((rest, false), |head| (head, true));
    let good = !base.is_empty() && !head.is_empty() && !head.starts_with('.') && !head.contains("..");
    good.then_some((base, head, three))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_name_both_ends() {
        assert_eq!(split_range("a..b"), Some(("a", "b", false)));
        assert_eq!(split_range("v1.0...HEAD"), Some(("v1.0", "HEAD", true)));
        for bad in ["a", "..b", "a..", "a....b", "a..b..c", ".."] {
            assert_eq!(split_range(bad), None, "{bad}");
        }
    }
}
