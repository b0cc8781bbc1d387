//! Locations of findings: a span of a document, a path, or the repository.

use std::fmt;
use std::sync::Arc;

use crate::text::{RepoPath, Source, Span};

/// Location of a finding. Every finding has one.
#[derive(Debug, Clone)]
pub enum Place {
    /// A span of a document.
    Text {
        /// The document.
        source: Arc<Source>,
        /// Span in the document.
        span: Span,
    },
    /// A file or folder as a whole.
    Path(RepoPath),
    /// The repository as a whole, for facts that are not about a file.
    Repository,
}

impl Place {
    /// Creates the location of a span in a document. If the document is a record of
    /// several files, the location is in the file that has the span.
    #[must_use]
    pub fn text(source: &Arc<Source>, span: Span) -> Self {
        let (source, span) = source.part_at(span).unwrap_or((source, span));
        Self::Text { source: Arc::clone(source), span }
    }

    /// Returns the path of the document or file; `None` for the repository.
    #[must_use]
    pub fn path(&self) -> Option<&RepoPath> {
        match self {
            Self::Text { source, .. } => Some(source.name()),
            Self::Path(path) => Some(path),
            Self::Repository => None,
        }
    }

    /// Returns the sort key of output: by path, then by offset; the repository
    /// is first.
    #[must_use]
    pub fn sort_key(&self) -> (Option<&RepoPath>, usize, usize) {
        match self {
            Self::Text { source, span } => (Some(source.name()), span.start, span.end),
            Self::Path(path) => (Some(path), 0, 0),
            Self::Repository => (None, 0, 0),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { source, span } => {
                let at = source.position(span.start);
                write!(f, "{}:{}:{}", source.display_path(), at.line, at.column)
            }
            Self::Path(path) => path.fmt(f),
            Self::Repository => f.write_str("repository"),
        }
    }
}

/// A location with a short text about it.
#[derive(Debug, Clone)]
pub struct Label {
    /// The location.
    pub place: Place,
    /// Text under the caret; may be empty.
    pub text: String,
}

impl Label {
    /// Creates a label at a span of a document.
    #[must_use]
    pub fn text(source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        Self { place: Place::text(source, span), text: text.into() }
    }

    /// Creates a label at a file as a whole.
    #[must_use]
    pub fn path(path: &RepoPath, text: impl Into<String>) -> Self {
        Self { place: Place::Path(path.clone()), text: text.into() }
    }

    /// Creates a label at the repository as a whole.
    #[must_use]
    pub fn repository(text: impl Into<String>) -> Self {
        Self { place: Place::Repository, text: text.into() }
    }
}
