//! A match in a file, as matcher, suppressions and fingerprints see it.

use std::ops::Range;

/// A match of a rule's pattern, or (without a span) a required pattern that does not
/// match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Index of the rule in the rule set.
    pub rule: usize,
    /// Byte range in the file; `None` for a missing pattern.
    pub span: Option<Range<usize>>,
    /// For a rule that requires patterns: the index of the missing pattern.
    pub missing_pattern: Option<usize>,
    /// Index of the comment that suppresses it, in the suppressions of the file.
    pub suppressed_by: Option<usize>,
    /// Hash of the matched statement, stable if it moves or its layout changes.
    pub fingerprint: String,
    /// The same in version 1; empty if no baseline of version 1 is compared.
    pub old_fingerprint: String,
}

/// Returns the range of the line that contains an offset, without its newline.
pub(super) fn line_range(text: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', text.get(..at).unwrap_or_default()).map_or(0, |found| found + 1);
    let end =
        memchr::memchr(b'\n', text.get(at..).unwrap_or_default()).map_or(text.len(), |found| at + found);
    start..end
}
