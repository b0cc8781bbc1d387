//! Python: comments, strings with prefixes, replacement fields of f-strings, and
//! documentation strings (a string at the start of a logical line).

use crate::scan::token_map::TokenKind;

use super::{Cursor, is_word};

/// Maximum depth of nested replacement fields; deeper ones are read as text.
const MAX_FIELD_DEPTH: usize = 32;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let mut reader = PythonLexer { bracket_depth: 0, at_statement_start: true };
    while let Some(byte) = cursor.peek() {
        reader.lex_token(cursor, byte, 0);
    }
}

/// Lexer state.
struct PythonLexer {
    /// Number of open brackets; inside them, a newline does not end a logical line.
    bracket_depth: usize,
    /// Whether a logical line begins at the current position.
    at_statement_start: bool,
}

impl PythonLexer {
    /// Reads one token that begins with `byte`. `depth` is the number of replacement fields
    /// around it.
    fn lex_token(&mut self, cursor: &mut Cursor<'_>, byte: u8, depth: usize) {
        match byte {
            b'#' => cursor.lex_line_comment_to_any_end(),
            b'\n' => {
                self.at_statement_start = self.bracket_depth == 0;
                cursor.skip(1);
            }
            b' ' | b'\t' | b'\r' | 0x0c => cursor.skip(1),
            b'\\' => cursor.skip(2),
            b'"' | b'\'' => self.lex_string(cursor, byte, &[], depth),
            _ if is_word(byte) => {
                let length = cursor.rest().iter().position(|byte| !is_word(*byte));
                let word = cursor.rest().get(..length.unwrap_or(usize::MAX)).unwrap_or(cursor.rest());
                cursor.skip(word.len());
                let prefix = word.len() <= 2 && word.iter().all(|byte| b"rRbBuUfFtT".contains(byte));
                match cursor.peek() {
                    Some(quote @ (b'"' | b'\'')) if prefix => self.lex_string(cursor, quote, word, depth),
                    _ => self.at_statement_start = false,
                }
            }
            _ => {
                match byte {
                    b'(' | b'[' | b'{' => self.bracket_depth += 1,
                    b')' | b']' | b'}' => self.bracket_depth = self.bracket_depth.saturating_sub(1),
                    _ => {}
                }
                // A statement also begins after `;` and after the colon of `def f(): "…"`.
                self.at_statement_start =
                    self.bracket_depth == 0 && matches!(byte, b';' | b':') && depth == 0;
                cursor.skip(1);
            }
        }
    }

    /// Reads a string from its opening quote.
    fn lex_string(&mut self, cursor: &mut Cursor<'_>, quote: u8, prefix: &[u8], depth: usize) {
        let kind = if self.at_statement_start && depth == 0 { TokenKind::Doc } else { TokenKind::Str };
        self.at_statement_start = false;
        let three = [quote; 3];
        let long = cursor.starts_with(&three);
        cursor.skip(if long { 3 } else { 1 });
        let has_fields = prefix.iter().any(|byte| b"fFtT".contains(byte)) && depth < MAX_FIELD_DEPTH;
        cursor.mark(TokenKind::Code);
        while let Some(byte) = cursor.peek() {
            match byte {
                b'\\' => skip_escape(cursor, has_fields, prefix),
                b'\n' if !long => break,
                _ if byte == quote && (!long || cursor.starts_with(&three)) => {
                    cursor.mark(kind);
                    cursor.skip(if long { 3 } else { 1 });
                    return;
                }
                b'{' if has_fields && cursor.peek_ahead(1) == Some(b'{') => cursor.skip(2),
                b'{' if has_fields => self.lex_field(cursor, kind, depth, long),
                _ => cursor.skip(1),
            }
        }
        cursor.mark(kind);
    }

    /// Reads a replacement field of an f-string from its opening brace.
    fn lex_field(&mut self, cursor: &mut Cursor<'_>, kind: TokenKind, depth: usize, long: bool) {
        cursor.mark(kind);
        cursor.skip(1);
        let outer = std::mem::replace(&mut self.bracket_depth, 1);
        while let Some(byte) = cursor.peek() {
            match byte {
                b'}' if self.bracket_depth <= 1 => {
                    cursor.skip(1);
                    break;
                }
                b':' if self.bracket_depth == 1 => {
                    cursor.skip(1);
                    cursor.mark(TokenKind::Code);
                    self.lex_format_spec(cursor, kind, depth, long);
                    break;
                }
                _ => self.lex_token(cursor, byte, depth + 1),
            }
        }
        self.bracket_depth = outer;
        self.at_statement_start = false;
        cursor.mark(TokenKind::Code);
    }

    /// Reads the format specification of a field up to its closing brace.
    fn lex_format_spec(&mut self, cursor: &mut Cursor<'_>, kind: TokenKind, depth: usize, long: bool) {
        while let Some(byte) = cursor.peek() {
            match byte {
                b'{' if depth < MAX_FIELD_DEPTH => self.lex_field(cursor, kind, depth + 1, long),
                b'}' => {
                    cursor.mark(kind);
                    cursor.skip(1);
                    return;
                }
                b'\n' if !long => return,
                _ => cursor.skip(1),
            }
        }
    }
}

/// Skips an escape sequence at a backslash. A backslash does not escape a brace of an
/// f-string. A character name (`\N{…}`) is not a replacement field.
fn skip_escape(cursor: &mut Cursor<'_>, has_fields: bool, prefix: &[u8]) {
    let raw = prefix.iter().any(|byte| b"rR".contains(byte));
    let length = match cursor.peek_ahead(1) {
        Some(b'{' | b'}') if has_fields => 1,
        Some(b'\r') if cursor.peek_ahead(2) == Some(b'\n') => 3,
        Some(b'N') if has_fields && !raw && cursor.peek_ahead(2) == Some(b'{') => {
            let end = cursor.rest().iter().take(100).position(|byte| *byte == b'}');
            end.map_or(2, |end| end + 1)
        }
        _ => 2,
    };
    cursor.skip(length);
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Python;
    use super::super::tests::assert_kinds;

    #[test]
    fn strings_fields_and_documentation() {
        assert_kinds(
            Python,
            &[
                ("\"\"\"Doc # x", "...ddddddd"),
                ("print() \"\"\"", "dddddddd..."),
                ("x = 'a#' # c", ".....ss..ccc"),
                ("y = rb'\\'' + \"\"", ".......ss......"),
            ],
        );
        assert_kinds(
            Python,
            &[
                ("g = f'a{b}c'", "......s...s."),
                ("h = f'{x[\"k\"]}' # c", "..........s.....ccc"),
                ("i = f'{x:>8}' # c", ".........ss...ccc"),
                ("j = f'{{x}}'", "......sssss."),
                ("def f():", "........"),
                ("    '''Doc.'''", ".......dddd..."),
                ("    return 'x'", "............s."),
                ("k = (", "....."),
                ("  'no doc'", "...ssssss."),
                (")", "."),
            ],
        );
    }
}
