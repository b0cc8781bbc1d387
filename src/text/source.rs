//! The text of one document, with its line index.

use std::sync::{Arc, OnceLock};

use super::{RepoPath, Span};

/// A line and column, both counted from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The text of one document, with its path. The line index is built on first
/// use.
#[derive(Debug, Clone)]
pub struct Source {
    name: RepoPath,
    revision: Option<String>,
    text: String,
    not_utf8_at: Option<usize>,
    line_starts: OnceLock<Vec<usize>>,
}

impl Source {
    /// Creates a source from a document's bytes. Bytes that are not UTF-8 become
    /// replacement characters; [`Source::not_utf8_at`] returns the offset of the
    /// first one.
    #[must_use]
    pub fn from_bytes(name: RepoPath, bytes: Vec<u8>) -> Arc<Self> {
        let (text, not_utf8_at) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
            }
        };
        Arc::new(Self { name, revision: None, text, not_utf8_at, line_starts: OnceLock::new() })
    }

    /// Creates a source from a text.
    #[must_use]
    pub fn from_text(name: RepoPath, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name,
            revision: None,
            text: text.into(),
            not_utf8_at: None,
            line_starts: OnceLock::new(),
        })
    }

    /// Marks the source as the content of another revision. It is shown before
    /// the path, as git writes it (`1a2b3c:path`).
    #[must_use]
    pub fn with_revision(self: Arc<Self>, revision: impl Into<String>) -> Arc<Self> {
        let mut own = Arc::unwrap_or_clone(self);
        own.revision = Some(revision.into());
        Arc::new(own)
    }

    /// Returns the revision from which the text was read; `None` for the judged
    /// tree.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// Returns the path for display, after the revision if there is one.
    #[must_use]
    pub fn display_path(&self) -> String {
        match &self.revision {
            Some(revision) => format!("{revision}:{}", self.name),
            None => self.name.to_string(),
        }
    }

    /// Returns the document's path in the repository.
    #[must_use]
    pub fn name(&self) -> &RepoPath {
        &self.name
    }

    /// Returns the whole text, including a byte-order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the byte offset of the first byte that is not UTF-8; `None` if
    /// there is none. Up to there, offsets in the text equal those in the file.
    #[must_use]
    pub fn not_utf8_at(&self) -> Option<usize> {
        self.not_utf8_at
    }

    /// Returns the text of a span; empty if the span is out of range or not on
    /// character boundaries.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// Returns the byte offsets of line starts (a line ends with `\n`).
    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            std::iter::once(0)
                .chain(self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
                .collect()
        })
    }

    /// Returns line and column of a byte offset; for an offset past the end,
    /// those of the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let lines = self.line_starts();
        let index = lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = lines.get(index).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        Position { line: index + 1, column: before.chars().count() + 1 }
    }

    /// Returns the line number (from 1) of a byte offset.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.position(offset).line
    }

    /// Returns the span of a line (from 1) without its line ending; `None` if
    /// there is no such line.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Option<Span> {
        let lines = self.line_starts();
        let start = *lines.get(line.checked_sub(1)?)?;
        let end = lines.get(line).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end)?;
        Some(Span::new(start, start + text.trim_end_matches('\r').len()))
    }

    /// Returns the number of lines; an empty last line does not count.
    #[must_use]
    pub fn line_count(&self) -> usize {
        let lines = self.line_starts().len();
        if self.text.ends_with('\n') || self.text.is_empty() { lines - 1 } else { lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_skip_the_bom() {
        let source = Source::from_text(RepoPath::from("a.md"), "\u{feff}# é\r\nx\n");
        assert_eq!(source.position(3), Position { line: 1, column: 1 });
        assert_eq!(source.position(7), Position { line: 1, column: 4 });
        assert_eq!(source.line(9), 2);
        assert_eq!(source.line_count(), 2);
        assert_eq!(source.line_span(1).map(|s| source.slice(s)), Some("\u{feff}# é"));
    }

    #[test]
    fn the_offset_of_invalid_utf8_is_reported() {
        let source = Source::from_bytes(RepoPath::from("a.md"), b"ok\xff".to_vec());
        assert_eq!(source.not_utf8_at(), Some(2));
    }
}
