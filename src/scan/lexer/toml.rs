//! TOML: comments and its four kinds of strings.

use super::super::region::Kind;
use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    while let Some(found) = memchr::memchr3(b'"', b'\'', b'#', cursor.rest()) {
        cursor.skip(found);
        let Some(quote) = cursor.byte() else { return };
        if quote == b'#' {
            cursor.line_comment(Kind::Comment);
            continue;
        }
        let three = [quote; 3];
        if cursor.starts(&three) {
            cursor.skip(3);
            cursor.mark(Kind::Code);
            long(cursor, quote, three);
        } else {
            cursor.skip(1);
            cursor.quoted(quote, quote == b'"', true, Kind::Str);
        }
    }
}

/// A string over several lines, which may end with quotes of its own.
fn long(cursor: &mut Cursor<'_>, quote: u8, three: [u8; 3]) {
    loop {
        let Some(found) = memchr::memchr2(quote, b'\\', cursor.rest()) else {
            cursor.at = cursor.text.len();
            cursor.mark(Kind::Str);
            return;
        };
        cursor.skip(found);
        if cursor.byte() == Some(b'\\') {
            cursor.skip(if quote == b'"' { 2 } else { 1 });
        } else if cursor.starts(&three) {
            while cursor.ahead(3) == Some(quote) {
                cursor.skip(1);
            }
            cursor.mark(Kind::Str);
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
    use super::super::tests::check;

    #[test]
    fn all_strings() {
        check(
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
