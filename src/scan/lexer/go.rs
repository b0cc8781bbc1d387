//! Go: comments, strings, raw strings in back-ticks, runes.

use super::super::region::Kind;
use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let wanted = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'/');
    while let Some(found) = cursor.rest().iter().position(wanted) {
        cursor.skip(found);
        match (cursor.byte(), cursor.ahead(1)) {
            (Some(b'/'), Some(b'/')) => cursor.line_comment(Kind::Comment),
            (Some(b'/'), Some(b'*')) => cursor.block_comment(2, b"*/", Kind::Comment),
            (Some(b'`'), _) => {
                cursor.skip(1);
                cursor.quoted(b'`', false, false, Kind::Str);
            }
            (Some(quote @ (b'"' | b'\'')), _) => {
                cursor.skip(1);
                cursor.quoted(quote, true, true, Kind::Str);
            }
            _ => cursor.skip(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Go;
    use super::super::tests::check;

    #[test]
    fn strings_runes_and_comments() {
        check(
            Go,
            &[
                ("a := `x\\` + \"y`\" // `", "......ss.....ss..cccc"),
                ("'\\'' /* \" */ '\"'", ".ss..ccccccc..s."),
                ("x / y", "....."),
            ],
        );
    }
}
