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
        file.hunks().iter().any(|hunk| hunk.after.start <= last && first < hunk.after.end)
    }
}

/// Returns the line number that an unchanged line had before the change; both
/// numbers count from 0.
pub(super) fn line_before_change(file: &ChangedFile, line: usize) -> usize {
    let above = file.hunks().iter().take_while(|hunk| hunk.after.end <= line && hunk.after.start <= line);
    above.fold(line, |line, hunk| (line + hunk.before.len()).saturating_sub(hunk.after.len()))
}
