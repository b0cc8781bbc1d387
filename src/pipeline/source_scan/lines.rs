//! Lines of a changed file.

use std::ops::Range;

use crate::change::ChangedFile;

/// Byte offsets of the newlines of a text.
pub(super) struct LineEnds(Vec<usize>);

impl LineEnds {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', bytes).collect())
    }

    /// Returns the line of a byte offset; lines count from 0.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset)
    }

    /// Returns true if a byte range touches lines that the change added or
    /// replaced.
    pub(super) fn is_changed(&self, file: &ChangedFile, span: &Range<usize>) -> bool {
        let (first, last) =
            (self.line_at(span.start), self.line_at(span.end.saturating_sub(1).max(span.start)));
        // Hunks are in order and do not overlap: only the first that ends after the
        // first line can begin early enough.
        let hunks = file.hunks();
        let next = hunks.partition_point(|hunk| hunk.after.end <= first);
        hunks.get(next).is_some_and(|hunk| hunk.after.start <= last)
    }
}

/// Returns the line number that an unchanged line had before the change; both
/// numbers count from 0.
pub(super) fn line_before_change(file: &ChangedFile, line: usize) -> usize {
    let hunks = file.hunks();
    let above = hunks.partition_point(|hunk| hunk.after.end <= line);
    let last = above.checked_sub(1).and_then(|index| hunks.get(index));
    // Lines between two hunks are the same lines before and after the change.
    last.map_or(line, |hunk| hunk.before.end + (line - hunk.after.end))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::change::Change;
    use crate::text::RepoPath;

    fn changed_file(before: &str, after: &str) -> ChangedFile {
        let change = Change {
            path: RepoPath::from("a.rs"),
            before: None,
            after: None,
            renamed_with: None,
            note: None,
            unreadable_reason: None,
            user_ignored: None,
            self_ignoring: None,
        };
        ChangedFile::new(change, Some(before.into()), Some(after.into()))
    }

    #[test]
    fn changed_lines_and_earlier_line_numbers() {
        let after = "a\nX\nb\nd\ne\nY\n";
        let file = changed_file("a\nb\nc\nd\ne\nf\n", after);
        let ends = LineEnds::new(after.as_bytes());
        let changed: Vec<bool> =
            (0..6).map(|line| ends.is_changed(&file, &(line * 2..line * 2 + 1))).collect();
        assert_eq!(changed, [false, true, false, false, false, true]);
        let before = [0, 2, 3, 4].map(|line| line_before_change(&file, line));
        assert_eq!(before, [0, 1, 3, 4]);
        assert!(ends.is_changed(&file, &(4..7)), "a line was deleted inside the range");
    }

    #[test]
    fn many_matches_in_many_hunks_are_compared_quickly() {
        let text =
            |word: &str| -> String { (0..40_000).map(|n| format!("same {n}\n{word} {n}\n")).collect() };
        let (before, after) = (text("old"), text("new"));
        let file = changed_file(&before, &after);
        assert!(file.hunks().len() >= 40_000);
        let ends = LineEnds::new(after.as_bytes());
        let start = Instant::now();
        let mut changed = 0;
        for (line, at) in ends.0.iter().enumerate() {
            changed += usize::from(ends.is_changed(&file, &(*at..*at + 1)));
            assert!(line % 2 == 1 || line_before_change(&file, line) == line);
        }
        assert_eq!(changed, 40_000);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
