//! Python: comments, strings with their prefixes, fields of f-strings, and
//! documentation strings (a string with which a logical line begins).

use super::super::region::Kind;
use super::{Cursor, is_word};

/// Fields nested deeper than this are taken for text.
const DEEPEST: usize = 32;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let mut reader = Reader { brackets: 0, begins: true };
    while let Some(byte) = cursor.byte() {
        reader.token(cursor, byte, 0);
    }
}

struct Reader {
    /// Open brackets: inside, a line end ends nothing.
    brackets: usize,
    /// Whether a logical line begins here.
    begins: bool,
}

impl Reader {
    fn token(&mut self, cursor: &mut Cursor<'_>, byte: u8, depth: usize) {
        match byte {
            b'#' => cursor.short_comment(),
            b'\n' => {
                self.begins = self.brackets == 0;
                cursor.skip(1);
            }
            b' ' | b'\t' | b'\r' | 0x0c => cursor.skip(1),
            b'\\' => cursor.skip(2),
            b'"' | b'\'' => self.string(cursor, byte, &[], depth),
            _ if is_word(byte) => {
                let length = cursor.rest().iter().position(|byte| !is_word(*byte));
                let word = cursor.rest().get(..length.unwrap_or(usize::MAX)).unwrap_or(cursor.rest());
                cursor.skip(word.len());
                let prefix = word.len() <= 2 && word.iter().all(|byte| b"rRbBuUfFtT".contains(byte));
                match cursor.byte() {
                    Some(quote @ (b'"' | b'\'')) if prefix => self.string(cursor, quote, word, depth),
                    _ => self.begins = false,
                }
            }
            _ => {
                match byte {
                    b'(' | b'[' | b'{' => self.brackets += 1,
                    b')' | b']' | b'}' => self.brackets = self.brackets.saturating_sub(1),
                    _ => {}
                }
                // `;` and the colon of `def f(): "…"` begin a statement too.
                self.begins = self.brackets == 0 && matches!(byte, b';' | b':') && depth == 0;
                cursor.skip(1);
            }
        }
    }

    /// A string from its opening quote.
    fn string(&mut self, cursor: &mut Cursor<'_>, quote: u8, prefix: &[u8], depth: usize) {
        let kind = if self.begins && depth == 0 { Kind::Doc } else { Kind::Str };
        self.begins = false;
        let three = [quote; 3];
        let long = cursor.starts(&three);
        cursor.skip(if long { 3 } else { 1 });
        let fields = prefix.iter().any(|byte| b"fFtT".contains(byte)) && depth < DEEPEST;
        cursor.mark(Kind::Code);
        while let Some(byte) = cursor.byte() {
            match byte {
                b'\\' => escaped(cursor, fields, prefix),
                b'\n' if !long => break,
                _ if byte == quote && (!long || cursor.starts(&three)) => {
                    cursor.mark(kind);
                    cursor.skip(if long { 3 } else { 1 });
                    return;
                }
                b'{' if fields && cursor.ahead(1) == Some(b'{') => cursor.skip(2),
                b'{' if fields => self.field(cursor, kind, depth, long),
                _ => cursor.skip(1),
            }
        }
        cursor.mark(kind);
    }

    /// A replacement field of an f-string, from its brace.
    fn field(&mut self, cursor: &mut Cursor<'_>, kind: Kind, depth: usize, long: bool) {
        cursor.mark(kind);
        cursor.skip(1);
        let outer = std::mem::replace(&mut self.brackets, 1);
        while let Some(byte) = cursor.byte() {
            match byte {
                b'}' if self.brackets <= 1 => {
                    cursor.skip(1);
                    break;
                }
                b':' if self.brackets == 1 => {
                    cursor.skip(1);
                    cursor.mark(Kind::Code);
                    self.format(cursor, kind, depth, long);
                    break;
                }
                _ => self.token(cursor, byte, depth + 1),
            }
        }
        self.brackets = outer;
        self.begins = false;
        cursor.mark(Kind::Code);
    }

    /// How a field is printed: text up to its closing brace, with fields.
    fn format(&mut self, cursor: &mut Cursor<'_>, kind: Kind, depth: usize, long: bool) {
        while let Some(byte) = cursor.byte() {
            match byte {
                b'{' if depth < DEEPEST => self.field(cursor, kind, depth + 1, long),
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

/// At a back-slash: it escapes what follows, but no brace of an f-string; a
/// character's name (`\N{…}`) is no field.
fn escaped(cursor: &mut Cursor<'_>, fields: bool, prefix: &[u8]) {
    let raw = prefix.iter().any(|byte| b"rR".contains(byte));
    let length = match cursor.ahead(1) {
        Some(b'{' | b'}') if fields => 1,
        Some(b'\r') if cursor.ahead(2) == Some(b'\n') => 3,
        Some(b'N') if fields && !raw && cursor.ahead(2) == Some(b'{') => {
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
    use super::super::tests::check;

    #[test]
    fn strings_fields_and_documentation() {
        check(
            Python,
            &[
                ("\"\"\"Doc # x", "...ddddddd"),
                ("print() \"\"\"", "dddddddd..."),
                ("x = 'a#' # c", ".....ss..ccc"),
                ("y = rb'\\'' + \"\"", ".......ss......"),
            ],
        );
        check(
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
