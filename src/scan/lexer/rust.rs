//! Rust: nested block comments, raw strings, characters and lifetimes. The result agrees
//! with the lexer of rustc; a test compares them.

use crate::scan::token_map::TokenKind;

use super::{Cursor, is_word};

pub(super) fn read(cursor: &mut Cursor<'_>) {
    if cursor.starts_with(b"#!") && !is_attribute(cursor.rest()) {
        cursor.lex_line_comment(TokenKind::Comment);
    }
    while let Some(found) = memchr::memchr3(b'"', b'\'', b'/', cursor.rest()) {
        cursor.skip(found);
        match cursor.peek() {
            Some(b'/') => lex_comment(cursor),
            Some(b'"') => lex_string(cursor),
            _ => lex_character(cursor),
        }
    }
}

/// Returns whether a text that begins with `#!` is an attribute (`#![…]`, also with
/// whitespace between) and not a shebang line.
fn is_attribute(text: &[u8]) -> bool {
    let after = text.get(2..).unwrap_or_default();
    after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// Reads a comment at a slash; skips the slash if it is not a comment.
fn lex_comment(cursor: &mut Cursor<'_>) {
    let (third, fourth) = (cursor.peek_ahead(2), cursor.peek_ahead(3));
    match cursor.peek_ahead(1) {
        Some(b'/') => {
            let doc = third == Some(b'!') || (third == Some(b'/') && fourth != Some(b'/'));
            cursor.lex_line_comment(if doc { TokenKind::Doc } else { TokenKind::Comment });
        }
        Some(b'*') => {
            let outer = third == Some(b'*') && !matches!(fourth, Some(b'*' | b'/'));
            let doc = third == Some(b'!') || outer;
            cursor.mark(TokenKind::Code);
            cursor.skip(2);
            let mut depth = 1;
            while depth > 0 {
                let Some(found) = memchr::memchr2(b'*', b'/', cursor.rest()) else {
                    cursor.position = cursor.text.len();
                    break;
                };
                cursor.skip(found);
                if cursor.starts_with(b"*/") {
                    depth -= 1;
                    cursor.skip(2);
                } else if cursor.starts_with(b"/*") {
                    depth += 1;
                    cursor.skip(2);
                } else {
                    cursor.skip(1);
                }
            }
            cursor.mark(if doc { TokenKind::Doc } else { TokenKind::Comment });
        }
        _ => cursor.skip(1),
    }
}

/// Reads a string at a double quote. It is a raw string if `r`, `br` or `cr` and hashes
/// precede it.
fn lex_string(cursor: &mut Cursor<'_>) {
    let mut hashes = 0;
    while cursor.peek_back(hashes + 1) == Some(b'#') {
        hashes += 1;
    }
    let has_r = cursor.peek_back(hashes + 1) == Some(b'r');
    let prefix = if has_r && matches!(cursor.peek_back(hashes + 2), Some(b'b' | b'c')) { 2 } else { 1 };
    let before = cursor.peek_back(hashes + prefix + 1);
    let is_separate = !before.is_some_and(|byte| is_word(byte) || byte == b'\'');
    // The prefix must be code, not the end of a comment.
    let is_code = cursor.position.saturating_sub(hashes + prefix) >= cursor.tokens.end();
    cursor.skip(1);
    if has_r && is_separate && is_code {
        cursor.mark(TokenKind::Code);
        loop {
            let Some(found) = memchr::memchr(b'"', cursor.rest()) else {
                cursor.position = cursor.text.len();
                cursor.mark(TokenKind::Str);
                return;
            };
            cursor.skip(found);
            let closing = cursor.rest().iter().skip(1).take(hashes);
            if closing.filter(|byte| **byte == b'#').count() == hashes {
                cursor.mark(TokenKind::Str);
                cursor.skip(1 + hashes);
                return;
            }
            cursor.skip(1);
        }
    }
    cursor.lex_quoted(b'"', true, false, TokenKind::Str);
}

/// Reads a character or a lifetime at a single quote.
fn lex_character(cursor: &mut Cursor<'_>) {
    let rest = cursor.rest().get(1..).unwrap_or_default();
    let is_character = match rest.first() {
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            rest.get(width) == Some(&b'\'')
        }
        None => false,
    };
    cursor.skip(1);
    if is_character {
        if rest.first() == Some(&b'\'') {
            // `'''`: rustc reads the middle quote as the character.
            cursor.mark(TokenKind::Code);
            cursor.skip(1);
            cursor.mark(TokenKind::Str);
            cursor.skip(1);
            return;
        }
        cursor.lex_quoted(b'\'', true, true, TokenKind::Str);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Rust;
    use super::super::tests::assert_kinds;

    #[test]
    fn comments_nest_and_documentation_is_distinguished() {
        assert_kinds(
            Rust,
            &[
                ("a /* b /* c */ d */ e // f", "..ccccccccccccccccc...cccc"),
                ("/// x", "ddddd"),
                ("//// x", "cccccc"),
                ("//! x", "ddddd"),
                ("/** x */ /*** y */ /**/ z", "dddddddd.ccccccccc.cccc.."),
                ("1 / 2", "....."),
            ],
        );
    }

    #[test]
    fn strings_raw_strings_and_characters() {
        assert_kinds(
            Rust,
            &[
                (r#"f("a\"//b") // c"#, "...ssssss...cccc"),
                (r##"r#"a"b//"# x"##, "...sssss...."),
                (r##"br"\" + cr#""" 1"#; r#fn"##, "...s........ssss........"),
                (r#"let bar"x" = 1"#, "........s....."),
                ("'a' '\"' '\\'' '\\u{1F600}' 'é'", ".s...s...ss...sssssssss...s."),
                ("fn f<'a>(x: &'a str, y: &'static str) { 'l: loop {} }", &".".repeat(53)),
                ("b'\"' \"x\"", "..s...s."),
            ],
        );
    }
}
