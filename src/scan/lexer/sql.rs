//! SQL: `--` and nested `/* */` comments, doubled quotes, `E'…'` escapes, rows
//! behind `COPY … FROM stdin`. What stands between dollar quotes is code where
//! it is the body of a function, a string elsewhere.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::super::region::Kind;
use super::{Cursor, is_word};

static COPY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?im-u)^[ \t]*COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;[ \t]*\r?\n").ok());

/// The first row of each table in a dump, by offset.
fn rows(text: &[u8]) -> Vec<usize> {
    let Some(copy) = COPY.as_ref().filter(|_| memchr::memmem::find(text, b"\n\\.").is_some()) else {
        return Vec::new();
    };
    copy.find_iter(text).map(|found| found.end()).collect()
}

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let rows = rows(cursor.text);
    let mut rows = rows.iter().copied().peekable();
    // The dollar quote of the body that is read.
    let mut body: Option<Vec<u8>> = None;
    let wanted = |byte: &u8| matches!(byte, b'\'' | b'-' | b'/' | b'"' | b'`' | b'$');
    while let Some(found) = cursor.rest().iter().position(wanted) {
        while rows.next_if(|row| *row < cursor.at).is_some() {}
        if let Some(row) = rows.next_if(|row| *row <= cursor.at + found) {
            cursor.at = row;
            cursor.mark(Kind::Code);
            cursor.behind(b"\n\\.");
            cursor.mark(Kind::Text);
            continue;
        }
        cursor.skip(found);
        match (cursor.byte(), cursor.ahead(1)) {
            (Some(b'-'), Some(b'-')) => cursor.line_comment(Kind::Comment),
            (Some(b'/'), Some(b'*')) => nested(cursor),
            (Some(b'$'), _) => dollar(cursor, &mut body),
            (Some(b'\''), _) => {
                let letter = matches!(cursor.back(1), Some(b'e' | b'E'));
                let escapes = letter && !cursor.back(2).is_some_and(is_word);
                cursor.skip(1);
                cursor.quoted(b'\'', escapes, false, Kind::Str);
            }
            // What is quoted is a name, whatever it says.
            (Some(quote @ (b'"' | b'`')), _) => {
                cursor.skip(1);
                cursor.quoted(quote, false, true, Kind::Str);
            }
            _ => cursor.skip(1),
        }
    }
}

/// At a dollar sign: `$tag$` opens a body behind `AS` or `DO`, closes the one
/// that is open, and is a string elsewhere.
fn dollar(cursor: &mut Cursor<'_>, body: &mut Option<Vec<u8>>) {
    let inside = cursor.rest().get(1..).unwrap_or_default();
    let length = inside.iter().take_while(|byte| is_word(**byte)).count();
    let digit = inside.first().is_some_and(u8::is_ascii_digit);
    if digit || inside.get(length) != Some(&b'$') || cursor.back(1).is_some_and(is_word) {
        cursor.skip(1);
        return;
    }
    let tag = cursor.rest().get(..length + 2).unwrap_or_default().to_vec();
    let before = cursor.text.get(..cursor.at).unwrap_or_default().trim_ascii_end();
    let at = before.iter().rposition(|byte| !is_word(*byte)).map_or(0, |at| at + 1);
    let word = before.get(at..).unwrap_or_default().to_ascii_lowercase();
    let named = before.to_ascii_lowercase();
    let language = named.get(..at).unwrap_or_default().trim_ascii_end().ends_with(b"language");
    cursor.skip(tag.len());
    if body.as_ref() == Some(&tag) {
        *body = None;
    } else if body.is_none() && (word == b"as" || word == b"do" || language) {
        *body = Some(tag);
    } else {
        cursor.mark(Kind::Code);
        match memchr::memmem::find(cursor.rest(), &tag) {
            Some(end) => cursor.skip(end),
            None => cursor.at = cursor.text.len(),
        }
        cursor.mark(Kind::Str);
        cursor.skip(tag.len());
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
                ("SELECT \"a--b\" - `c/*d`", "........ssss.....ssss."),
                ("DO $$ BEGIN x := 'a'; END $$", "..................s........."),
                ("IS $q$it's $$ --$q$; -- c", "......ssssssssss.....cccc"),
            ],
        );
    }
}
