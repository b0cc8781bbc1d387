//! TOML: comments and the four kinds of strings.

use crate::scan::token_map::TokenKind;

use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    while let Some(found) = memchr::memchr3(b'"', b'\'', b'#', cursor.rest()) {
        cursor.skip(found);
        let Some(quote) = cursor.peek() else { return };
        if quote == b'#' {
            cursor.lex_line_comment(TokenKind::Comment);
            continue;
        }
        let three = [quote; 3];
        if cursor.starts_with(&three) {
            cursor.skip(3);
            cursor.mark(TokenKind::Code);
            lex_multiline_string(cursor, quote, three);
        } else {
            cursor.skip(1);
            cursor.lex_quoted(quote, quote == b'"', true, TokenKind::Str);
        }
    }
}

/// Reads a multi-line string after its opening quotes. Its content may end with quotes.
fn lex_multiline_string(cursor: &mut Cursor<'_>, quote: u8, three: [u8; 3]) {
    loop {
        let Some(found) = memchr::memchr2(quote, b'\\', cursor.rest()) else {
            cursor.position = cursor.text.len();
            cursor.mark(TokenKind::Str);
            return;
        };
        cursor.skip(found);
        if cursor.peek() == Some(b'\\') {
            cursor.skip(if quote == b'"' { 2 } else { 1 });
        } else if cursor.starts_with(&three) {
            while cursor.peek_ahead(3) == Some(quote) {
                cursor.skip(1);
            }
            cursor.mark(TokenKind::Str);
            cursor.skip(3);
            return;
        } else {
            cursor.skip(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Toml;
    use super::super::tests::assert_kinds;

    #[test]
    fn all_kinds_of_strings_are_read() {
        assert_kinds(
            Toml,
            &[
                ("a = \"x # \\\" y\" # c", ".....ssssssss..ccc"),
                ("b = 'C:\\' # c", ".....sss..ccc"),
                ("c = \"\"\"x \"# y\"\"\"\" # c", ".......sssssss....ccc"),
                ("d = '''x\\''' # c", ".......ss....ccc"),
            ],
        );
    }
}
