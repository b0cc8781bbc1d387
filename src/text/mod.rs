//! Bytes with positions: sources, spans, lines and repository paths.
//!
//! Everything that a reader takes out of a document keeps the [`Span`] where
//! it stood, so that a finding can point at it. Text from documents, paths and
//! logs is untrusted; [`escape_hidden`] makes it safe to print.

mod edit;
mod escape;
mod path;
mod source;

pub use edit::{Edit, apply_edits, line_ending};
pub use escape::{escape_hidden, format_count, is_hidden, is_plain, to_single_line};
pub use path::RepoPath;
pub use source::{Position, Source};

/// A half-open range of bytes, `start..end`, in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// A span over `start..end`; an inverted pair becomes empty at `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether no byte lies in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The smallest span over both.
    #[must_use]
    pub fn join(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A value together with the place it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Joins a value and its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Changes the value and keeps the place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

/// A slice of `text` without blanks at its ends, with its span in the whole.
///
/// `span` says where to cut; it must lie on character boundaries, otherwise
/// the result is empty.
#[must_use]
pub fn trim_spanned(text: &str, span: Span) -> Spanned<&str> {
    let raw = text.get(span.start..span.end).unwrap_or("");
    let front = raw.len() - raw.trim_start().len();
    let kept = raw.trim();
    let start = span.start + front;
    Spanned::new(kept, Span::new(start, start + kept.len()))
}
