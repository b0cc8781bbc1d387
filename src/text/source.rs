//! One document's text with its line index.

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

/// One document as text, with its name and (made on first use) its lines.
#[derive(Debug, Clone)]
pub struct Source {
    name: RepoPath,
    revision: Option<String>,
    text: String,
    not_utf8_at: Option<usize>,
    line_starts: OnceLock<Vec<usize>>,
}

impl Source {
    /// Takes a document's bytes. Bytes that are not UTF-8 become replacement
    /// characters and [`Source::not_utf8_at`] tells where the first one stood.
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

    /// Takes text that is known to be text.
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

    /// The document as an older commit holds it; the revision is shown before
    /// its path, as git writes it (`1a2b3c:path`).
    #[must_use]
    pub fn with_revision(self: Arc<Self>, revision: impl Into<String>) -> Arc<Self> {
        let mut own = Arc::unwrap_or_clone(self);
        own.revision = Some(revision.into());
        Arc::new(own)
    }

    /// The revision that it was read from, if it is not the judged one.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// Its path as it is shown, with the revision if there is one.
    #[must_use]
    pub fn display_path(&self) -> String {
        match &self.revision {
            Some(revision) => format!("{revision}:{}", self.name),
            None => self.name.to_string(),
        }
    }

    /// The document's path in the repository.
    #[must_use]
    pub fn name(&self) -> &RepoPath {
        &self.name
    }

    /// The whole text, a byte-order mark included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Byte offset of the first byte that is not UTF-8, if any. Up to there
    /// the text's offsets are the file's offsets.
    #[must_use]
    pub fn not_utf8_at(&self) -> Option<usize> {
        self.not_utf8_at
    }

    /// The text of a span; empty when the span does not fit.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// Offsets at which lines start (a line ends with `\n`).
    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            std::iter::once(0)
                .chain(self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
                .collect()
        })
    }

    /// Line and column of a byte offset; offsets past the end give the end.
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

    /// Line number (from 1) of a byte offset.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.position(offset).line
    }

    /// Span of a line (from 1) without its line ending.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Option<Span> {
        let lines = self.line_starts();
        let start = *lines.get(line.checked_sub(1)?)?;
        let end = lines.get(line).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end)?;
        Some(Span::new(start, start + text.trim_end_matches('\r').len()))
    }

    /// Number of lines, a last empty one not counted.
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
    fn bytes_that_are_not_text_are_told() {
        let source = Source::from_bytes(RepoPath::from("a.md"), b"ok\xff".to_vec());
        assert_eq!(source.not_utf8_at(), Some(2));
    }
}
