//! Hunks: the changed lines of a file, computed from its bytes.

use std::ops::Range;

use bstr::ByteSlice as _;
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

/// Counts the lines of bytes; a last line without a newline counts.
fn count_lines(bytes: &[u8]) -> usize {
    let has_partial_line = bytes.last().is_some_and(|byte| *byte != b'\n');
    bytes.find_iter(b"\n").count() + usize::from(has_partial_line)
}

/// Returns the length in bytes of the lines that both contents start with.
fn common_prefix(old: &[u8], new: &[u8]) -> usize {
    let equal = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    if equal == old.len() && equal == new.len() {
        return equal;
    }
    old.get(..equal).and_then(|start| start.rfind_byte(b'\n')).map_or(0, |at| at + 1)
}

/// Returns the length in bytes of the lines that both contents end with.
fn common_suffix(old: &[u8], new: &[u8]) -> usize {
    let equal = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let starts_line = |bytes: &[u8]| {
        let at = bytes.len() - equal;
        at == 0 || bytes.get(at - 1) == Some(&b'\n')
    };
    if starts_line(old) && starts_line(new) {
        return equal;
    }
    let end = old.get(old.len() - equal..).unwrap_or_default();
    end.find_byte(b'\n').map_or(0, |at| end.len() - at - 1)
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
    let prefix = common_prefix(before, after);
    let (old_rest, new_rest) =
        (before.get(prefix..).unwrap_or_default(), after.get(prefix..).unwrap_or_default());
    let suffix = common_suffix(old_rest, new_rest);
    let old_middle = old_rest.get(..old_rest.len() - suffix).unwrap_or_default();
    let new_middle = new_rest.get(..new_rest.len() - suffix).unwrap_or_default();
    if old_middle.is_empty() && new_middle.is_empty() {
        return Vec::new();
    }
    let front = count_lines(before.get(..prefix).unwrap_or_default());
    let (old_count, new_count) = (count_lines(old_middle), count_lines(new_middle));
    let is_too_costly = old_count + new_count > MAX_DIFF_LINES;
    if old_middle.is_empty() || new_middle.is_empty() || is_too_costly {
        return vec![Hunk { before: front..front + old_count, after: front..front + new_count }];
    }
    let (old_middle, new_middle) = (split_lines(old_middle), split_lines(new_middle));
    capture_diff_slices(Algorithm::Myers, &old_middle, &new_middle)
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

    /// The hunks as computed line by line.
    fn hunks_of_lines(before: &[u8], after: &[u8]) -> (usize, usize) {
        let (old, new) = (split_lines(before), split_lines(after));
        let front = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let back =
            old[front..].iter().rev().zip(new[front..].iter().rev()).take_while(|(a, b)| a == b).count();
        (front, back)
    }

    #[test]
    fn lines_in_another_order_are_compared_in_bounded_time() {
        // Lines of few kinds in another order are the worst case of Myers' algorithm.
        let mut state = 1_u64;
        let mut lines = |count: usize, kinds: u64| -> String {
            (0..count)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    format!("{}\n", (state >> 33) % kinds)
                })
                .collect()
        };
        let start = std::time::Instant::now();
        for kinds in [2, 50, 1_000_000] {
            let (old, new) = (lines(30_000, kinds), lines(30_000, kinds));
            assert!(!compute_hunks(old.as_bytes(), new.as_bytes()).is_empty());
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
        // Newlines only: no memory for each line.
        assert_eq!(compute_hunks(&vec![b'\n'; 50_000_000], b"").len(), 1);
    }

    proptest! {
        /// Trimming by bytes gives the same lines as trimming by lines.
        #[test]
        fn the_middle_starts_and_ends_at_lines(before in "[ab\n]{0,40}", after in "[ab\n]{0,40}") {
            let (front, back) = hunks_of_lines(before.as_bytes(), after.as_bytes());
            let prefix = common_prefix(before.as_bytes(), after.as_bytes());
            let (old, new) = (&before.as_bytes()[prefix..], &after.as_bytes()[prefix..]);
            let suffix = common_suffix(old, new);
            prop_assert_eq!(count_lines(&before.as_bytes()[..prefix]), front);
            prop_assert_eq!(count_lines(&old[old.len() - suffix..]), back);
        }

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
