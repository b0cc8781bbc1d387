//! Go: comments, strings, raw strings in backticks, and runes.

use crate::scan::token_map::TokenKind;

use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let is_delimiter = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'/');
    while let Some(found) = cursor.rest().iter().position(is_delimiter) {
        cursor.skip(found);
        match (cursor.peek(), cursor.peek_ahead(1)) {
            (Some(b'/'), Some(b'/')) => cursor.lex_line_comment(TokenKind::Comment),
            (Some(b'/'), Some(b'*')) => cursor.lex_block_comment(2, b"*/", TokenKind::Comment),
            (Some(b'`'), _) => {
                cursor.skip(1);
                cursor.lex_quoted(b'`', false, false, TokenKind::Str);
            }
            (Some(quote @ (b'"' | b'\'')), _) => {
                cursor.skip(1);
                cursor.lex_quoted(quote, true, true, TokenKind::Str);
            }
            _ => cursor.skip(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Go;
    use super::super::tests::assert_kinds;

    #[test]
    fn strings_runes_and_comments() {
        assert_kinds(
            Go,
            &[
                ("a := `x\\` + \"y`\" // `", "......ss.....ss..cccc"),
                ("'\\'' /* \" */ '\"'", ".ss..ccccccc..s."),
                ("x / y", "....."),
            ],
        );
    }
}
