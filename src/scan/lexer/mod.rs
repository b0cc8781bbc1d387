//! Lexers: determine the token kind of each byte of a source file.
//!
//! They accept any bytes and never fail. They implement only the part of a language that
//! is necessary to distinguish code, comments and strings. An unclosed comment or string
//! extends to the end of the file.

mod component;
mod go;
mod markdown;
mod python;
mod rust;
mod script;
mod shell;
mod sql;
mod toml;
mod yaml;

use super::language::Language;
use super::token_map::{TokenKind, TokenMap};

/// Divides a text into tokens.
#[must_use]
pub(crate) fn tokenize(language: Language, text: &[u8]) -> TokenMap {
    let mut cursor = Cursor::new(text);
    match language {
        Language::Rust => rust::read(&mut cursor),
        Language::TypeScript => script::read(&mut cursor, false),
        Language::JavaScript | Language::Jsx | Language::Tsx => script::read(&mut cursor, true),
        Language::Vue | Language::Svelte => component::read(&mut cursor),
        Language::Sql => sql::read(&mut cursor),
        Language::Toml => toml::read(&mut cursor),
        Language::Yaml => yaml::read(&mut cursor),
        Language::Markdown => markdown::read(&mut cursor),
        Language::Python => python::read(&mut cursor),
        Language::Go => go::read(&mut cursor),
        Language::Shell => shell::read(&mut cursor),
        Language::Plain => return TokenMap::uniform(TokenKind::Text, text.len()),
    }
    cursor.finish()
}

/// A position in a text, with the tokens before it.
struct Cursor<'a> {
    text: &'a [u8],
    position: usize,
    tokens: TokenMap,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a [u8]) -> Self {
        let bom = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { text, position: bom, tokens: TokenMap::default() }
    }

    /// Marks the remaining bytes as code and returns the tokens.
    fn finish(mut self) -> TokenMap {
        self.tokens.extend_to(TokenKind::Code, self.text.len());
        self.tokens
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    /// Returns the byte `count` bytes after the current one.
    fn peek_ahead(&self, count: usize) -> Option<u8> {
        self.text.get(self.position + count).copied()
    }

    /// Returns the byte `count` bytes before the current one.
    fn peek_back(&self, count: usize) -> Option<u8> {
        self.text.get(self.position.checked_sub(count)?).copied()
    }

    fn starts_with(&self, with: &[u8]) -> bool {
        self.rest().starts_with(with)
    }

    /// Advances by `count` bytes, at most to the end.
    fn skip(&mut self, count: usize) {
        self.position = (self.position + count).min(self.text.len());
    }

    /// Marks all bytes since the last token as `kind`.
    fn mark(&mut self, kind: TokenKind) {
        self.tokens.extend_to(kind, self.position);
    }

    /// Advances to the next newline (not past it), or to the end.
    fn skip_line(&mut self) {
        let found = memchr::memchr(b'\n', self.rest());
        self.skip(found.unwrap_or(usize::MAX / 2));
    }

    /// Advances past the next `needle`, or to the end.
    fn skip_past(&mut self, needle: &[u8]) {
        match memchr::memmem::find(self.rest(), needle) {
            Some(found) => self.skip(found + needle.len()),
            None => self.position = self.text.len(),
        }
    }

    /// Reads a comment to the end of the line. A carriage return and the line separators
    /// U+2028 and U+2029 also end the line.
    fn lex_line_comment_to_any_end(&mut self) {
        self.mark(TokenKind::Code);
        while let Some(found) = memchr::memchr3(b'\n', b'\r', 0xe2, self.rest()) {
            self.skip(found);
            if self.peek() != Some(0xe2)
                || self.starts_with(b"\xe2\x80\xa8")
                || self.starts_with(b"\xe2\x80\xa9")
            {
                self.mark(TokenKind::Comment);
                return;
            }
            self.skip(1);
        }
        self.position = self.text.len();
        self.mark(TokenKind::Comment);
    }

    /// Reads a comment from the current position to the end of the line.
    fn lex_line_comment(&mut self, kind: TokenKind) {
        self.mark(TokenKind::Code);
        self.skip_line();
        self.mark(kind);
    }

    /// Reads a comment from the current position to the end of `close`. `opening` is the
    /// length of its opening delimiter.
    fn lex_block_comment(&mut self, opening: usize, close: &[u8], kind: TokenKind) {
        self.mark(TokenKind::Code);
        self.skip(opening);
        self.skip_past(close);
        self.mark(kind);
    }

    /// Reads the content of a string, from the position after the opening quote to the
    /// closing quote, and skips the closing quote. A backslash escapes the next character
    /// if `escapes` is true; a newline also ends the string if `one_line` is true.
    fn lex_quoted(&mut self, quote: u8, escapes: bool, one_line: bool, kind: TokenKind) {
        self.mark(TokenKind::Code);
        loop {
            let stop = if one_line { b'\n' } else { quote };
            let slash = if escapes { b'\\' } else { quote };
            let Some(found) = memchr::memchr3(quote, slash, stop, self.rest()) else {
                self.position = self.text.len();
                self.mark(kind);
                return;
            };
            self.skip(found);
            match self.peek() {
                // A backslash escapes both bytes of `\r\n`.
                Some(b'\\') if escapes => self.skip(if self.starts_with(b"\\\r\n") { 3 } else { 2 }),
                byte => {
                    self.mark(kind);
                    if byte == Some(quote) {
                        self.skip(1);
                    }
                    return;
                }
            }
        }
    }
}

/// Returns whether a byte can be part of a name; all bytes of non-ASCII characters can.
pub(in crate::scan) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns the text with each character replaced by the letter of its token kind: `c`
    /// comment, `d` documentation, `s` string, `t` prose, `.` code.
    pub(crate) fn draw_kinds(language: Language, text: &str) -> String {
        let token_map = tokenize(language, text.as_bytes());
        let letter = |kind| match kind {
            TokenKind::Code => '.',
            TokenKind::Text => 't',
            TokenKind::Comment => 'c',
            TokenKind::Doc => 'd',
            TokenKind::Str => 's',
        };
        let chars = text.char_indices();
        chars.map(|(at, c)| if c == '\n' { '\n' } else { letter(token_map.kind_at(at)) }).collect()
    }

    /// Asserts the token kinds of a text. Each pair is a line and its expected letters.
    pub(crate) fn assert_kinds(language: Language, pairs: &[(&str, &str)]) {
        let text: Vec<&str> = pairs.iter().map(|(line, _)| *line).collect();
        let text = text.join("\n");
        let drawn = draw_kinds(language, &text);
        let differences: Vec<String> = pairs
            .iter()
            .zip(drawn.split('\n'))
            .filter(|((_, want), got)| want != got)
            .map(|((line, want), got)| format!("{line}\n{got} (actual)\n{want} (expected)\n"))
            .collect();
        assert!(differences.is_empty(), "\n{}", differences.join("\n"));
    }

    #[test]
    fn any_bytes_are_read_to_the_end() {
        let bytes: Vec<u8> = (0..=255).cycle().take(2000).collect();
        for language in Language::ALL {
            for start in [0, 34, 39, 47, 96] {
                let text = bytes.get(start..).expect("bytes");
                assert_eq!(tokenize(language, text).end(), text.len(), "{language:?}");
            }
        }
    }
}
