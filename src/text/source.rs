//! The text of one document, with its line index.

use std::sync::{Arc, OnceLock};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

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
    encoding: &'static str,
    /// The files that the text is joined from, with the offset of each; empty if the
    /// text is that of one file.
    parts: Vec<(usize, Arc<Self>)>,
    line_starts: OnceLock<Vec<usize>>,
    /// Offsets in long lines with their numbers of characters.
    checkpoints: OnceLock<Vec<(usize, usize)>>,
}

impl Source {
    /// Creates a source from a document's bytes. A text in UTF-16 is decoded; bytes
    /// that are not UTF-8 are read as Windows-1252. [`Source::not_utf8_at`] returns
    /// the offset of the first of them.
    #[must_use]
    pub fn from_bytes(name: RepoPath, bytes: Vec<u8>) -> Arc<Self> {
        let utf16 = utf16_of(&bytes);
        let (text, not_utf8_at, encoding) = match (utf16, String::from_utf8(bytes)) {
            (Some(encoding), bytes) => {
                let bytes = bytes.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
                (encoding.decode(&bytes).0.into_owned(), Some(0), encoding.name())
            }
            (None, Ok(text)) => (text, None, UTF_8.name()),
            (None, Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                (decode_windows_1252(error.as_bytes()), Some(at), WINDOWS_1252.name())
            }
        };
        Arc::new(Self {
            name,
            revision: None,
            text,
            not_utf8_at,
            encoding,
            parts: Vec::new(),
            line_starts: OnceLock::new(),
            checkpoints: OnceLock::new(),
        })
    }

    /// Returns the name of the encoding from which the text was decoded: `UTF-8`,
    /// `UTF-16LE`, `UTF-16BE`, or `windows-1252`.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// Creates a source from a text.
    #[must_use]
    pub fn from_text(name: RepoPath, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name,
            revision: None,
            text: text.into(),
            not_utf8_at: None,
            encoding: UTF_8.name(),
            parts: Vec::new(),
            line_starts: OnceLock::new(),
            checkpoints: OnceLock::new(),
        })
    }

    /// Joins the files of one record, in order. `name` is the path of the record.
    #[must_use]
    pub fn join(name: RepoPath, files: Vec<Arc<Self>>) -> Arc<Self> {
        let mut text = String::new();
        let mut parts = Vec::new();
        for file in files {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            parts.push((text.len(), Arc::clone(&file)));
            text.push_str(&file.text);
        }
        let not_utf8_at = parts.iter().find_map(|(start, part)| Some(start + part.not_utf8_at?));
        Arc::new(Self {
            name,
            revision: None,
            text,
            not_utf8_at,
            encoding: UTF_8.name(),
            parts,
            line_starts: OnceLock::new(),
            checkpoints: OnceLock::new(),
        })
    }

    /// Returns the files that the text is joined from, with the offset of each; empty if
    /// the text is that of one file.
    #[must_use]
    pub fn parts(&self) -> &[(usize, Arc<Self>)] {
        &self.parts
    }

    /// Returns the file that has the start of a span, and the span in that file; the span
    /// ends with the file. `None` if the text is that of one file.
    #[must_use]
    pub fn part_at(&self, span: Span) -> Option<(&Arc<Self>, Span)> {
        let index = self.parts.partition_point(|(start, _)| *start <= span.start).checked_sub(1)?;
        let (offset, part) = self.parts.get(index)?;
        let within = |at: usize| at.saturating_sub(*offset).min(part.text.len());
        Some((part, Span::new(within(span.start), within(span.end))))
    }

    /// Returns the file that has the start of a span, and the span in that file: this text
    /// and the span itself, unless the text is joined from files.
    #[must_use]
    pub fn file_at(&self, span: Span) -> (&Self, Span) {
        self.part_at(span).map_or((self, span), |(part, span)| (part, span))
    }

    /// Marks the source as the content of another revision. It is shown before
    /// the path, as git writes it (`1a2b3c:path`).
    #[must_use]
    pub fn with_revision(self: Arc<Self>, revision: impl Into<String>) -> Arc<Self> {
        let revision = revision.into();
        let mut own = Arc::unwrap_or_clone(self);
        for (_, part) in &mut own.parts {
            *part = Arc::clone(part).with_revision(revision.clone());
        }
        own.revision = Some(revision);
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
            // The lines of prose have 40 bytes and more.
            let mut starts = Vec::with_capacity(self.text.len() / 40 + 1);
            starts.push(0);
            starts.extend(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1));
            starts
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
        Position { line: index + 1, column: self.characters_between(start, offset) + 1 }
    }

    /// Counts the characters from the start of a line, without a byte-order mark. For offsets
    /// far into a long line, it starts at the nearest offset at which characters were counted.
    fn characters_between(&self, start: usize, offset: usize) -> usize {
        let count = |from: usize| {
            let text = self.text.get(from..offset).unwrap_or("");
            text.strip_prefix('\u{feff}').filter(|_| from == 0).unwrap_or(text).chars().count()
        };
        if offset - start <= CHECKPOINT_BYTES {
            return count(start);
        }
        let checkpoints = self.checkpoints.get_or_init(|| count_characters(&self.text));
        let nearest = checkpoints.partition_point(|(at, _)| *at <= offset).checked_sub(1);
        let Some((at, characters)) = nearest.and_then(|index| checkpoints.get(index)).copied() else {
            return count(start);
        };
        // A checkpoint before the line does not count.
        if at < start { count(start) } else { characters + count(at) }
    }

    /// Returns the line number (from 1) of a byte offset.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        self.line_starts().partition_point(|start| *start <= offset).max(1)
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

/// Distance of the offsets in long lines at which characters are counted, in bytes.
const CHECKPOINT_BYTES: usize = 4096;

/// Returns offsets in long lines, each with the number of characters from the start of its
/// line, without a byte-order mark.
fn count_characters(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > CHECKPOINT_BYTES {
            let skipped = usize::from(start == 0 && line.starts_with('\u{feff}'));
            let mut last = 0;
            for (number, (at, _)) in line.char_indices().enumerate() {
                if at >= last + CHECKPOINT_BYTES {
                    out.push((start + at, number - skipped));
                    last = at;
                }
            }
        }
        start += line.len();
    }
    out
}

/// Number of bytes in which zero bytes are counted.
const UTF16_SAMPLE: usize = 512;

/// Returns the encoding of a text in UTF-16: it has a byte-order mark, or every
/// second byte of its start is zero, as in ASCII text. `None` for other texts.
fn utf16_of(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let sample = bytes.get(..bytes.len().min(UTF16_SAMPLE)).unwrap_or_default();
    let zeros = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let half = sample.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    if half < 4 || (even > 0 && odd > 0) {
        return None;
    }
    if odd * 10 > half * 9 { Some(UTF_16LE) } else { (even * 10 > half * 9).then_some(UTF_16BE) }
}

/// Returns the offsets behind each group of bytes that are not UTF-8, in the bytes and
/// in the text that [`Source::from_bytes`] decodes from them; empty for UTF-16.
pub(crate) fn decoded_offsets(bytes: &[u8]) -> Vec<(usize, usize)> {
    if utf16_of(bytes).is_some() || std::str::from_utf8(bytes).is_ok() {
        return Vec::new();
    }
    let (mut in_bytes, mut in_text) = (0, 0);
    let mut offsets = Vec::new();
    for chunk in bytes.utf8_chunks() {
        in_bytes += chunk.valid().len() + chunk.invalid().len();
        in_text += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            in_text += WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0.len();
            offsets.push((in_bytes, in_text));
        }
    }
    offsets
}

/// Decodes a text that is UTF-8 except for some bytes, which are Windows-1252.
fn decode_windows_1252(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    out
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
    fn other_encodings_are_decoded() {
        let read = |bytes: &[u8]| {
            let source = Source::from_bytes(RepoPath::from("a.md"), bytes.to_vec());
            (source.text().to_owned(), source.not_utf8_at(), source.encoding())
        };
        assert_eq!(
            read(b"# \x93a\x94 \xc3\xa9"),
            ("# \u{201c}a\u{201d} \u{e9}".into(), Some(2), "windows-1252")
        );
        let utf16 = |text: &str, little: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
        };
        assert_eq!(read(&utf16("\u{feff}# A\n", true)), ("# A\n".into(), Some(0), "UTF-16LE"));
        assert_eq!(read(&utf16("\u{feff}# A\n", false)), ("# A\n".into(), Some(0), "UTF-16BE"));
        assert_eq!(read(&utf16("# Task Packet\n", true)).0, "# Task Packet\n");
        assert_eq!(read(b"plain\n"), ("plain\n".into(), None, "UTF-8"));
        assert_eq!(read(b"a\0b\0\0\0c").2, "UTF-8");
    }

    #[test]
    fn a_joined_text_knows_the_file_of_a_span() {
        let file = |name: &str, text: &str| Source::from_text(RepoPath::from(name), text);
        let joined =
            Source::join(RepoPath::from("A.md"), vec![file("A.md", "a\nb"), file("A/1.md", "\u{e9}\n")]);
        assert_eq!(joined.text(), "a\nb\n\u{e9}\n");
        let found = |start, end| {
            joined.part_at(Span::new(start, end)).map(|(part, span)| (part.name().to_string(), span))
        };
        assert_eq!(found(2, 3), Some(("A.md".into(), Span::new(2, 3))));
        assert_eq!(found(4, 6), Some(("A/1.md".into(), Span::new(0, 2))));
        // A span over two files ends with the first.
        assert_eq!(found(2, 6), Some(("A.md".into(), Span::new(2, 3))));
        assert_eq!(found(99, 100), Some(("A/1.md".into(), Span::new(3, 3))));
        let marked = joined.with_revision("1a2b");
        assert_eq!(marked.parts()[1].1.display_path(), "1a2b:A/1.md");
    }

    #[test]
    fn the_offset_of_invalid_utf8_is_reported() {
        let source = Source::from_bytes(RepoPath::from("a.md"), b"ok\xff".to_vec());
        assert_eq!(source.not_utf8_at(), Some(2));
    }
}
