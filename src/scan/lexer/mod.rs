//! Lexers: what each byte of a source file is. They read any bytes, never
//! fail, and know just enough of a language to tell code, comment and string
//! apart; what is left open runs to the end.

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

/// Cuts a text into regions.
#[must_use]
pub fn tokenize(language: Language, text: &[u8]) -> TokenMap {
    let mut cursor = Cursor::new(text);
    match language {
        Language::Rust => rust::read(&mut cursor),
        Language::TypeScript => script::read(&mut cursor, false),
        Language::JavaScript | Language::Jsx | Language::Tsx => script::read(&mut cursor, true),
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

/// A text that is read from front to back, with what was found so far.
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

    /// What was not said is code.
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

    /// The byte some places ahead.
    fn peek_ahead(&self, places: usize) -> Option<u8> {
        self.text.get(self.position + places).copied()
    }

    /// The byte some places back; one place back is the byte before.
    fn peek_back(&self, places: usize) -> Option<u8> {
        self.text.get(self.position.checked_sub(places)?).copied()
    }

    fn starts_with(&self, with: &[u8]) -> bool {
        self.rest().starts_with(with)
    }

    /// Goes forward, at most to the end.
    fn skip(&mut self, places: usize) {
        self.position = (self.position + places).min(self.text.len());
    }

    /// Everything so far that was not said is `kind`.
    fn mark(&mut self, kind: TokenKind) {
        self.tokens.extend_to(kind, self.position);
    }

    /// Goes to the next line end (not over it), or the end.
    fn skip_line(&mut self) {
        let found = memchr::memchr(b'\n', self.rest());
        self.skip(found.unwrap_or(usize::MAX / 2));
    }

    /// Goes behind the next `needle`, or to the end.
    fn skip_past(&mut self, needle: &[u8]) {
        match memchr::memmem::find(self.rest(), needle) {
            Some(found) => self.skip(found + needle.len()),
            None => self.position = self.text.len(),
        }
    }

    /// A comment to the end of the line, which a carriage return (and in
    /// scripts two more characters) ends, too.
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

    /// A comment to the end of the line, from here.
    fn lex_line_comment(&mut self, kind: TokenKind) {
        self.mark(TokenKind::Code);
        self.skip_line();
        self.mark(kind);
    }

    /// A comment from here to behind `close`.
    fn lex_block_comment(&mut self, opening: usize, close: &[u8], kind: TokenKind) {
        self.mark(TokenKind::Code);
        self.skip(opening);
        self.skip_past(close);
        self.mark(kind);
    }

    /// What stands between quotes: from here (behind the opening quote) to the
    /// closing one, which is skipped. Back-slashes escape if `escapes`; a line
    /// end closes too if `one_line`.
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
                // A line end of two bytes is escaped as a whole.
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

/// Whether a byte can be part of a name; bytes of other alphabets can.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The text with a letter for what each stretch is: `c` comment, `d`
    /// documentation, `s` string, `t` prose, `.` code.
    pub fn draw_kinds(language: Language, text: &str) -> String {
        let regions = tokenize(language, text.as_bytes());
        let letter = |kind| match kind {
            TokenKind::Code => '.',
            TokenKind::Text => 't',
            TokenKind::Comment => 'c',
            TokenKind::Doc => 'd',
            TokenKind::Str => 's',
        };
        let chars = text.char_indices();
        chars.map(|(at, c)| if c == '\n' { '\n' } else { letter(regions.kind_at(at)) }).collect()
    }

    /// Text and drawing, line after line.
    pub fn assert_kinds(language: Language, pairs: &[(&str, &str)]) {
        let text: Vec<&str> = pairs.iter().map(|(line, _)| *line).collect();
        let text = text.join("\n");
        let drawn = draw_kinds(language, &text);
        let wrong: Vec<String> = pairs
            .iter()
            .zip(drawn.split('\n'))
            .filter(|((_, want), got)| want != got)
            .map(|((line, want), got)| format!("{line}\n{got} (is)\n{want} (should be)\n"))
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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
