//! SQL: `--` and nested `/* */` comments, doubled quotes, `E'…'` escapes.
//! What stands between dollar quotes is the body of a function, so code.

use super::super::region::Kind;
use super::{Cursor, is_word};

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let wanted = |byte: &u8| matches!(byte, b'\'' | b'-' | b'/' | b'"' | b'`');
    while let Some(found) = cursor.rest().iter().position(wanted) {
        cursor.skip(found);
        match (cursor.byte(), cursor.ahead(1)) {
            (Some(b'-'), Some(b'-')) => cursor.line_comment(Kind::Comment),
            (Some(b'/'), Some(b'*')) => nested(cursor),
            (Some(b'\''), _) => {
                let letter = matches!(cursor.back(1), Some(b'e' | b'E'));
                let escapes = letter && !cursor.back(2).is_some_and(is_word);
                cursor.skip(1);
                cursor.quoted(b'\'', escapes, false, Kind::Str);
            }
            // Quoted names are code; what looks like a comment in them is none.
            (Some(quote @ (b'"' | b'`')), _) => {
                cursor.skip(1);
                cursor.quoted(quote, false, true, Kind::Code);
            }
            _ => cursor.skip(1),
        }
    }
}

fn nested(cursor: &mut Cursor<'_>) {
    cursor.mark(Kind::Code);
    let mut depth = 0;
    loop {
        if cursor.starts(b"/*") {
            depth += 1;
            cursor.skip(2);
        } else if cursor.starts(b"*/") {
            depth -= 1;
            cursor.skip(2);
            if depth == 0 {
                break;
            }
        } else {
            let start = cursor.rest().get(1..).unwrap_or_default();
            match memchr::memchr2(b'*', b'/', start) {
                Some(found) => cursor.skip(found + 1),
                None => {
                    cursor.at = cursor.text.len();
                    break;
                }
            }
        }
    }
    cursor.mark(Kind::Comment);
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Sql;
    use super::super::tests::check;

    #[test]
    fn quotes_comments_and_bodies() {
        check(
            Sql,
            &[
                ("SELECT 'it''s -- x', E'\\'y' -- z", "........ss..ssssss.....sss..cccc"),
                ("a /* b /* c */ d */ e", "..ccccccccccccccccc.."),
                ("SELECT \"a--b\" - `c/*d`", "......................"),
                ("$$ BEGIN x := 'a'; END $$", "...............s........."),
            ],
        );
    }
}
