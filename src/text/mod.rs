//! Texts with positions: sources, spans, lines and repository paths.
//!
//! Every value that a reader takes from a document keeps its [`Span`], so that
//! a finding can point at it. Text from documents, paths and logs is untrusted;
//! [`escape_hidden`] makes it safe to print.

mod edit;
mod escape;
mod glob;
mod path;
mod source;

pub(crate) use edit::{Edit, apply_edits, line_ending};
pub(crate) use escape::{
    break_runner_commands, escape_hidden, format_count, is_hidden, is_plain, to_single_line,
};
pub(crate) use glob::{compile_repo_glob, fnmatch, glob_matches, globs_overlap};
pub use path::RepoPath;
pub use source::Source;
pub(crate) use source::decoded_offsets;

/// A half-open range of bytes, `start..end`, in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Creates the span `start..end`; if `end` is less than `start`, an empty
    /// span at `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Returns whether the span contains no bytes.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// Returns whether `other` is entirely inside this span.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns the smallest span that contains both.
    #[must_use]
    pub fn join(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A value with the span from which it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its location in the text.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Combines a value and its span.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Changes the value and keeps the span.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

/// Returns the beginning of a text, with at most this number of bytes.
#[must_use]
pub(crate) fn beginning(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// Returns the part of `text` in `span`, without whitespace at its ends, with
/// its span in `text`.
///
/// The result is empty if `span` is not on character boundaries.
#[must_use]
pub(crate) fn trim_spanned(text: &str, span: Span) -> Spanned<&str> {
    let raw = text.get(span.start..span.end).unwrap_or("");
    let leading = raw.len() - raw.trim_start().len();
    let trimmed = raw.trim();
    let start = span.start + leading;
    Spanned::new(trimmed, Span::new(start, start + trimmed.len()))
}
