//! Hunks: the changed lines of a file, computed from its bytes.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// One run of changed lines. Both ranges count lines from 0 and are half-open.
/// An empty range marks the position before the line of its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Removed lines of the old content.
    pub before: Range<usize>,
    /// Added lines of the new content.
    pub after: Range<usize>,
}

impl Hunk {
    /// Returns the smallest window that contains the hunk: first and last line of
    /// the new content, from 1. For a pure deletion it is the line before it.
    #[must_use]
    pub fn window(&self) -> (usize, usize) {
        if self.after.is_empty() {
            (self.after.start.max(1), self.after.start.max(1))
        } else {
            (self.after.start + 1, self.after.end)
        }
    }

    /// Returns whether a window of the new content (lines from 1, inclusive)
    /// contains the hunk. A pure deletion is between two lines; a window that
    /// contains either of them contains the deletion.
    #[must_use]
    pub fn is_within(&self, first: usize, last: usize) -> bool {
        if self.after.is_empty() {
            first <= self.after.start + 1 && last >= self.after.start
        } else {
            first <= self.after.start + 1 && last >= self.after.end
        }
    }
}

/// Splits bytes into lines, each with its line ending.
fn split_lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Maximum number of lines (old plus new) between the first and the last change
/// that are compared. Above it, everything between is one hunk, and a window must
/// contain all of it. This limits the work per file.
const MAX_DIFF_LINES: usize = 200_000;

/// Computes the hunks between the old and the new content, in order.
///
/// The result is deterministic: common lines at the start and at the end are
/// removed first, then Myers' algorithm compares the remaining lines.
#[must_use]
pub(crate) fn compute_hunks(before: &[u8], after: &[u8]) -> Vec<Hunk> {
    let (old, new) = (split_lines(before), split_lines(after));
    let front = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(front..).unwrap_or_default(), new.get(front..).unwrap_or_default());
    let back = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let old_middle = old_rest.get(..old_rest.len() - back).unwrap_or_default();
    let new_middle = new_rest.get(..new_rest.len() - back).unwrap_or_default();
    if old_middle.is_empty() && new_middle.is_empty() {
        return Vec::new();
    }
    if old_middle.is_empty() || new_middle.is_empty() {
        return vec![Hunk {
            before: front..front + old_middle.len(),
            after: front..front + new_middle.len(),
        }];
    }
    if old_middle.len() + new_middle.len() > MAX_DIFF_LINES {
        return vec![Hunk {
            before: front..front + old_middle.len(),
            after: front..front + new_middle.len(),
        }];
    }
    capture_diff_slices(Algorithm::Myers, old_middle, new_middle)
        .into_iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .fold(Vec::new(), |mut out: Vec<Hunk>, op| {
            let shift = |range: Range<usize>| range.start + front..range.end + front;
            let hunk = Hunk { before: shift(op.old_range()), after: shift(op.new_range()) };
            match out.last_mut() {
                Some(last) if last.before.end == hunk.before.start && last.after.end == hunk.after.start => {
                    last.before.end = hunk.before.end;
                    last.after.end = hunk.after.end;
                }
                _ => out.push(hunk),
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn edits_insertions_and_deletions() {
        assert_eq!(compute_hunks(b"a\nb\nc\n", b"a\nB\nc\n"), [Hunk { before: 1..2, after: 1..2 }]);
        assert_eq!(compute_hunks(b"a\nc\n", b"a\nb\nc\n"), [Hunk { before: 1..1, after: 1..2 }]);
        assert_eq!(compute_hunks(b"a\nb\nc\n", b"a\nc\n"), [Hunk { before: 1..2, after: 1..1 }]);
        assert_eq!(compute_hunks(b"a", b"a\n"), [Hunk { before: 0..1, after: 0..1 }]);
        assert!(compute_hunks(b"a\n", b"a\n").is_empty());
    }

    #[test]
    fn a_deletion_is_in_windows_that_contain_a_neighboring_line() {
        let gap = Hunk { before: 1..2, after: 1..1 };
        assert!(gap.is_within(1, 1) && gap.is_within(2, 2));
        assert!(!gap.is_within(3, 4));
        let top = Hunk { before: 0..1, after: 0..0 };
        assert!(top.is_within(1, 1) && !top.is_within(2, 2));
    }

    proptest! {
        /// Replacing the old lines of each hunk by its new lines gives the new content.
        #[test]
        fn hunks_rebuild_the_new_content(before in "[ab\n]{0,60}", after in "[ab\n]{0,60}") {
            let (old, new) = (split_lines(before.as_bytes()), split_lines(after.as_bytes()));
            let mut built: Vec<&[u8]> = Vec::new();
            let mut at = 0;
            for hunk in compute_hunks(before.as_bytes(), after.as_bytes()) {
                prop_assert!(hunk.before.start >= at && hunk.before.end <= old.len() && hunk.after.end <= new.len());
                built.extend(&old[at..hunk.before.start]);
                prop_assert_eq!(built.len(), hunk.after.start);
                built.extend(&new[hunk.after.clone()]);
                at = hunk.before.end;
            }
            built.extend(&old[at..]);
            prop_assert_eq!(built.concat(), after.as_bytes());
        }
    }
}
