//! Rust: nested block comments, raw strings, lifetimes that are no
//! characters. Agrees with rustc's own lexer (a test compares them).

use super::super::region::Kind;
use super::{Cursor, is_word};

pub(super) fn read(cursor: &mut Cursor<'_>) {
    if cursor.starts(b"#!") && !is_attribute(cursor.rest()) {
        cursor.line_comment(Kind::Comment);
    }
    while let Some(found) = memchr::memchr3(b'"', b'\'', b'/', cursor.rest()) {
        cursor.skip(found);
        match cursor.byte() {
            Some(b'/') => comment(cursor),
            Some(b'"') => string(cursor),
            _ => character(cursor),
        }
    }
}

/// `#![…]` is an attribute, whatever stands between.
fn is_attribute(text: &[u8]) -> bool {
    let after = text.get(2..).unwrap_or_default();
    after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

fn comment(cursor: &mut Cursor<'_>) {
    let (third, fourth) = (cursor.ahead(2), cursor.ahead(3));
    match cursor.ahead(1) {
        Some(b'/') => {
            let doc = third == Some(b'!') || (third == Some(b'/') && fourth != Some(b'/'));
            cursor.line_comment(if doc { Kind::Doc } else { Kind::Comment });
        }
        Some(b'*') => {
            let outer = third == Some(b'*') && !matches!(fourth, Some(b'*' | b'/'));
            let doc = third == Some(b'!') || outer;
            cursor.mark(Kind::Code);
            cursor.skip(2);
            let mut depth = 1;
            while depth > 0 {
                let Some(found) = memchr::memchr2(b'*', b'/', cursor.rest()) else {
                    cursor.at = cursor.text.len();
                    break;
                };
                cursor.skip(found);
                if cursor.starts(b"*/") {
                    depth -= 1;
                    cursor.skip(2);
                } else if cursor.starts(b"/*") {
                    depth += 1;
                    cursor.skip(2);
                } else {
                    cursor.skip(1);
                }
            }
            cursor.mark(if doc { Kind::Doc } else { Kind::Comment });
        }
        _ => cursor.skip(1),
    }
}

/// At a double quote: a raw string if an `r` (or `br`, `cr`) and hashes stand
/// before it.
fn string(cursor: &mut Cursor<'_>) {
    let mut hashes = 0;
    while cursor.back(hashes + 1) == Some(b'#') {
        hashes += 1;
    }
    let letter = cursor.back(hashes + 1) == Some(b'r');
    let prefix = if letter && matches!(cursor.back(hashes + 2), Some(b'b' | b'c')) { 2 } else { 1 };
    let before = cursor.back(hashes + prefix + 1);
    let alone = !before.is_some_and(|byte| is_word(byte) || byte == b'\'');
    // The letters must be code of their own, not the end of a comment.
    let fresh = cursor.at.saturating_sub(hashes + prefix) >= cursor.out.end();
    cursor.skip(1);
    if letter && alone && fresh {
        cursor.mark(Kind::Code);
        loop {
            let Some(found) = memchr::memchr(b'"', cursor.rest()) else {
                cursor.at = cursor.text.len();
                cursor.mark(Kind::Str);
                return;
            };
            cursor.skip(found);
            let closing = cursor.rest().iter().skip(1).take(hashes);
            if closing.filter(|byte| **byte == b'#').count() == hashes {
                cursor.mark(Kind::Str);
                cursor.skip(1 + hashes);
                return;
            }
            cursor.skip(1);
        }
    }
    cursor.quoted(b'"', true, false, Kind::Str);
}

/// At a single quote: a character or a lifetime.
fn character(cursor: &mut Cursor<'_>) {
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
            // `'''`: rustc takes the middle one for the character.
            cursor.mark(Kind::Code);
            cursor.skip(1);
            cursor.mark(Kind::Str);
            cursor.skip(1);
            return;
        }
        cursor.quoted(b'\'', true, true, Kind::Str);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Rust;
    use super::super::tests::check;

    #[test]
    fn comments_nest_and_documentation_is_told_apart() {
        check(
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
        check(
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
