//! SQL: `--` and nested `/* */` comments, doubled quotes, `E'…'` escapes, and rows after
//! `COPY … FROM stdin`. A dollar-quoted text is code if it is the body of a function,
//! otherwise a string.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::scan::token_map::TokenKind;

use super::{Cursor, is_word};

static COPY_STATEMENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?im-u)^[ \t]*COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;[ \t]*\r?\n").ok());

/// Returns the offset of the first row of each table in a dump.
fn copy_row_offsets(text: &[u8]) -> Vec<usize> {
    let Some(copy) = COPY_STATEMENT.as_ref().filter(|_| memchr::memmem::find(text, b"\n\\.").is_some())
    else {
        return Vec::new();
    };
    copy.find_iter(text).map(|found| found.end()).collect()
}

/// Maximum depth of nested function bodies; deeper ones are read as strings.
const MAX_BODY_DEPTH: usize = 8;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let rows = copy_row_offsets(cursor.text);
    lex(cursor, &rows, 0);
}

fn lex(cursor: &mut Cursor<'_>, rows: &[usize], depth: usize) {
    let mut rows = rows.iter().copied().peekable();
    let is_delimiter = |byte: &u8| matches!(byte, b'\'' | b'-' | b'/' | b'"' | b'`' | b'$');
    while let Some(found) = cursor.rest().iter().position(is_delimiter) {
        while rows.next_if(|row| *row < cursor.position).is_some() {}
        if let Some(row) = rows.next_if(|row| *row <= cursor.position + found) {
            cursor.position = row;
            cursor.mark(TokenKind::Code);
            cursor.skip_past(b"\n\\.");
            cursor.mark(TokenKind::Text);
            continue;
        }
        cursor.skip(found);
        match (cursor.peek(), cursor.peek_ahead(1)) {
            (Some(b'-'), Some(b'-')) => cursor.lex_line_comment(TokenKind::Comment),
            (Some(b'/'), Some(b'*')) => lex_nested_comment(cursor),
            (Some(b'$'), _) => lex_dollar_quote(cursor, depth),
            (Some(b'\''), _) => {
                let has_prefix = matches!(cursor.peek_back(1), Some(b'e' | b'E'));
                let escapes = has_prefix && !cursor.peek_back(2).is_some_and(is_word);
                cursor.skip(1);
                cursor.lex_quoted(b'\'', escapes, false, TokenKind::Str);
            }
            // A quoted name is not code: its content can be any text.
            (Some(quote @ (b'"' | b'`')), _) => {
                cursor.skip(1);
                cursor.lex_quoted(quote, false, true, TokenKind::Str);
            }
            _ => cursor.skip(1),
        }
    }
    cursor.position = cursor.text.len();
}

/// Reads a dollar quote (`$tag$`) at a dollar sign. The text is code if it is the body of
/// a function in SQL, otherwise a string.
fn lex_dollar_quote(cursor: &mut Cursor<'_>, depth: usize) {
    let inside = cursor.rest().get(1..).unwrap_or_default();
    let length = inside.iter().take(64).take_while(|byte| is_word(**byte)).count();
    let is_parameter = inside.first().is_some_and(u8::is_ascii_digit);
    if is_parameter || inside.get(length) != Some(&b'$') || cursor.peek_back(1).is_some_and(is_word) {
        cursor.skip(1);
        return;
    }
    let tag = cursor.rest().get(..length + 2).unwrap_or_default();
    let is_code = is_function_body(cursor, tag) && depth < MAX_BODY_DEPTH;
    cursor.skip(tag.len());
    let start = cursor.position;
    let end = memchr::memmem::find(cursor.rest(), tag).map_or(cursor.text.len(), |end| start + end);
    if is_code {
        let text = cursor.text.get(..end).unwrap_or_default();
        let mut inner = Cursor { text, position: start, tokens: std::mem::take(&mut cursor.tokens) };
        lex(&mut inner, &[], depth + 1);
        inner.mark(TokenKind::Code);
        cursor.tokens = inner.tokens;
    } else {
        cursor.mark(TokenKind::Code);
        cursor.position = end;
        cursor.mark(TokenKind::Str);
    }
    cursor.position = end;
    cursor.skip(tag.len());
}

/// Returns whether a dollar quote is a function body in SQL or PL/pgSQL: it follows `AS`,
/// `DO` or a `LANGUAGE` clause, and the statement does not name another language.
fn is_function_body(cursor: &Cursor<'_>, tag: &[u8]) -> bool {
    let mut at = cursor.position;
    for (range, kind) in cursor.tokens.iter_last(4) {
        let gap = cursor.text.get(range.end..at).unwrap_or_default();
        if kind == TokenKind::Comment && gap.iter().all(u8::is_ascii_whitespace) {
            at = range.start;
        }
    }
    let before = cursor.text.get(at.saturating_sub(300)..at).unwrap_or_default().to_ascii_lowercase();
    let before = before.trim_ascii_end();
    let last = before.iter().rposition(|byte| !is_word(*byte)).map_or(0, |at| at + 1);
    let word = before.get(last..).unwrap_or_default();
    let head = before.get(..last).unwrap_or_default().trim_ascii_end();
    let begins = matches!(word, b"as" | b"do") || head.ends_with(b"language");
    let inner = cursor.rest().get(tag.len()..).unwrap_or_default();
    let close = memchr::memmem::find(inner, tag).map_or(inner.len(), |close| close + tag.len());
    let after = inner.get(close..(close + 200).min(inner.len())).unwrap_or_default().to_ascii_lowercase();
    let after = after.split(|byte| *byte == b';').next().unwrap_or_default();
    let names_other_language = |text: &[u8]| {
        let found = memchr::memmem::rfind(text, b"language")?;
        let name = text.get(found + 8..)?.trim_ascii_start();
        let name: Vec<u8> =
            name.iter().copied().filter(|byte| *byte != b'\'').take_while(|byte| is_word(*byte)).collect();
        Some(!matches!(name.as_slice(), b"sql" | b"plpgsql"))
    };
    let statement = before.rsplit(|byte| *byte == b';').next().unwrap_or_default();
    begins && !names_other_language(after).or_else(|| names_other_language(statement)).unwrap_or(false)
}

fn lex_nested_comment(cursor: &mut Cursor<'_>) {
    cursor.mark(TokenKind::Code);
    let mut depth = 0;
    loop {
        if cursor.starts_with(b"/*") {
            depth += 1;
            cursor.skip(2);
        } else if cursor.starts_with(b"*/") {
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
                    cursor.position = cursor.text.len();
                    break;
                }
            }
        }
    }
    cursor.mark(TokenKind::Comment);
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Sql;
    use super::super::tests::assert_kinds;

    #[test]
    fn quotes_comments_and_bodies() {
        assert_kinds(
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
