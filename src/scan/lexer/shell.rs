//! Shell: comments, all quotes, expansions inside double quotes, here
//! documents.

use super::super::region::Kind;
use super::{Cursor, is_word};

/// Substitutions nested deeper than this are taken for text.
const DEEPEST: usize = 32;

/// What ends a stretch of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Text,
    /// `)` of `$(…)`.
    Paren,
    /// `}` of `${…}`.
    Brace,
    /// `}` of `"${…}"`, where an apostrophe is one.
    QuotedBrace,
    /// A back-tick.
    Tick,
}

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let mut reader = Reader { waiting: Vec::new() };
    while cursor.byte().is_some() {
        reader.commands(cursor, End::Text, 0);
    }
}

/// A here document that begins with the next line.
struct Here {
    word: Vec<u8>,
    tabs: bool,
}

struct Reader {
    waiting: Vec<Here>,
}

impl Reader {
    fn commands(&mut self, cursor: &mut Cursor<'_>, end: End, depth: usize) {
        let mut parens: usize = 0;
        let mut cases: usize = 0;
        let brace = matches!(end, End::Brace | End::QuotedBrace);
        // `$((`: a sum, in which `<<` shifts.
        let mut sums = usize::from(end == End::Paren && cursor.byte() == Some(b'('));
        while let Some(byte) = cursor.byte() {
            let next = cursor.ahead(1);
            match byte {
                b'\\' => cursor.skip(2),
                b'#' if !brace && begins_word(cursor, end) => {
                    // Between back-ticks a comment ends with them.
                    let stop = if end == End::Tick { b'`' } else { b'\n' };
                    let length = memchr::memchr2(b'\n', stop, cursor.rest());
                    cursor.mark(Kind::Code);
                    cursor.skip(length.unwrap_or(usize::MAX / 2));
                    cursor.mark(Kind::Comment);
                }
                b'\n' => {
                    cursor.skip(1);
                    self.here_documents(cursor);
                }
                b'\'' if end == End::QuotedBrace => cursor.skip(1),
                b'\'' => {
                    let escapes = cursor.back(1) == Some(b'$') && cursor.back(2) != Some(b'$');
                    cursor.skip(1);
                    cursor.quoted(b'\'', escapes, false, Kind::Str);
                }
                b'"' => self.double(cursor, depth),
                b'$' if next == Some(b'(') && depth < DEEPEST => {
                    cursor.skip(2);
                    self.commands(cursor, End::Paren, depth + 1);
                }
                b'$' if next == Some(b'{') && depth < DEEPEST => {
                    cursor.skip(2);
                    let inner = if end == End::QuotedBrace { End::QuotedBrace } else { End::Brace };
                    self.commands(cursor, inner, depth + 1);
                }
                b'c' | b'e' if end == End::Paren && parens == 0 && begins_command(cursor) => {
                    let rest = cursor.rest();
                    let length = rest.iter().take_while(|byte| is_word(**byte)).count();
                    match rest.get(..length).unwrap_or_default() {
                        b"case" => cases += 1,
                        b"esac" => cases = cases.saturating_sub(1),
                        _ => {}
                    }
                    cursor.skip(length);
                }
                b'$' if next == Some(b'#') => cursor.skip(2),
                b'`' if end == End::Tick => {
                    cursor.skip(1);
                    return;
                }
                b'`' if depth < DEEPEST => {
                    cursor.skip(1);
                    self.commands(cursor, End::Tick, depth + 1);
                }
                b'(' => {
                    sums += usize::from(next == Some(b'('));
                    parens += 1;
                    cursor.skip(1);
                }
                b')' if end == End::Paren && parens == 0 && cases > 0 => cursor.skip(1),
                b')' if end == End::Paren && parens == 0 => {
                    cursor.skip(1);
                    return;
                }
                b')' => {
                    parens = parens.saturating_sub(1);
                    sums = if parens == 0 { 0 } else { sums };
                    cursor.skip(1);
                }
                b'}' if brace => {
                    cursor.skip(1);
                    return;
                }
                b'<' if next == Some(b'<') && cursor.ahead(2) == Some(b'<') => cursor.skip(3),
                b'<' if next == Some(b'<') && sums == 0 && !brace && !in_index(cursor) => self.here(cursor),
                _ => cursor.skip(1),
            }
        }
    }

    /// Between double quotes, from the opening one.
    fn double(&mut self, cursor: &mut Cursor<'_>, depth: usize) {
        cursor.skip(1);
        cursor.mark(Kind::Code);
        while let Some(byte) = cursor.byte() {
            let opens = match (byte, cursor.ahead(1)) {
                (b'$', Some(b'(')) => Some((2, End::Paren)),
                (b'$', Some(b'{')) => Some((2, End::Brace)),
                (b'`', _) => Some((1, End::Tick)),
                _ => None,
            };
            match (byte, opens) {
                (b'\\', _) => cursor.skip(2),
                (b'"', _) => {
                    cursor.mark(Kind::Str);
                    cursor.skip(1);
                    return;
                }
                (_, Some((width, end))) if depth < DEEPEST => {
                    cursor.mark(Kind::Str);
                    cursor.skip(width);
                    let end = if end == End::Brace { expansion(cursor) } else { end };
                    self.commands(cursor, end, depth + 1);
                    cursor.mark(Kind::Code);
                }
                _ => cursor.skip(1),
            }
        }
        cursor.mark(Kind::Str);
    }

    /// `<<WORD`, `<<-'WORD'`: remembers the word.
    fn here(&mut self, cursor: &mut Cursor<'_>) {
        cursor.skip(2);
        let tabs = cursor.byte() == Some(b'-');
        cursor.skip(usize::from(tabs));
        while matches!(cursor.byte(), Some(b' ' | b'\t')) {
            cursor.skip(1);
        }
        let mut word = Vec::new();
        let first = cursor.byte();
        if !first.is_some_and(|byte| {
            !byte.is_ascii_digit() && !byte.is_ascii_whitespace() && !b"(<".contains(&byte)
        }) {
            return;
        }
        let mut quote = None;
        while let Some(byte) = cursor.byte() {
            match byte {
                b'\n' => break,
                _ if quote == Some(byte) => quote = None,
                b'\'' | b'"' if quote.is_none() => quote = Some(byte),
                b'\\' => {}
                _ if quote.is_none() && (byte.is_ascii_whitespace() || b";|&()<>".contains(&byte)) => break,
                _ => word.push(byte),
            }
            cursor.skip(1);
        }
        self.waiting.push(Here { word, tabs });
    }

    fn here_documents(&mut self, cursor: &mut Cursor<'_>) {
        for here in std::mem::take(&mut self.waiting) {
            cursor.mark(Kind::Code);
            while cursor.byte().is_some() {
                let line = cursor.rest().split(|byte| *byte == b'\n').next().unwrap_or_default();
                let whole = line.strip_suffix(b"\r").unwrap_or(line);
                let tabs = whole.iter().take_while(|byte| **byte == b'\t').count();
                let text = if here.tabs { whole.get(tabs..).unwrap_or_default() } else { whole };
                if text == here.word {
                    cursor.mark(Kind::Str);
                    cursor.skip(line.len());
                    cursor.mark(Kind::Code);
                    break;
                }
                cursor.skip(line.len() + 1);
            }
            cursor.mark(Kind::Str);
        }
    }
}

/// Whether `<<` stands in an index (`a[1<<2]=3`), where it shifts.
fn in_index(cursor: &Cursor<'_>) -> bool {
    let before = cursor.text.get(cursor.at.saturating_sub(200)..cursor.at).unwrap_or_default();
    let mut word = before.iter().rev().take_while(|byte| !byte.is_ascii_whitespace());
    word.find(|byte| matches!(byte, b'[' | b']')) == Some(&b'[')
}

/// Whether a word begins here, and so a comment can.
fn begins_word(cursor: &Cursor<'_>, end: End) -> bool {
    let before = cursor.back(1);
    // `(#b)` is a flag of zsh's patterns.
    let letters = cursor.rest().iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if before == Some(b'(') && letters > 0 && cursor.ahead(letters + 1) == Some(b')') {
        return false;
    }
    let escaped = cursor.back(2) == Some(b'\\') && before != Some(b'\n') && cursor.back(3) != Some(b'\\');
    before.is_none_or(|byte| {
        (byte.is_ascii_whitespace() && !escaped)
            || b";|&()".contains(&byte)
            || (byte == b'`' && end == End::Tick)
    })
}

/// Whether a command begins here: behind a separator, an opening bracket or a
/// word that commands follow.
fn begins_command(cursor: &Cursor<'_>) -> bool {
    let start = cursor.at.saturating_sub(200);
    let before = cursor.text.get(start..cursor.at).unwrap_or_default();
    let text = before.trim_ascii_end();
    let blanks = before.get(text.len()..).unwrap_or_default();
    if blanks.contains(&b'\n') {
        return true;
    }
    let words = [&b"then"[..], b"do", b"else", b"!"];
    text.last().is_none_or(|byte| b";|&(".contains(byte))
        || (!blanks.is_empty() && words.into_iter().any(|word| text.ends_with(word)))
}

/// How `"${…}"` reads quotes: behind `#`, `%`, `/`, `^` and `,` a pattern
/// stands, in which apostrophes quote; elsewhere they are letters.
fn expansion(cursor: &Cursor<'_>) -> End {
    let rest = cursor.rest();
    let signs = rest.iter().take_while(|byte| matches!(byte, b'!' | b'#')).count().min(1);
    let name = rest.iter().skip(signs).take_while(|byte| is_word(**byte) || b"@*?$-".contains(byte)).count();
    let mut at = signs + name;
    if rest.get(at) == Some(&b'[') {
        at += rest.iter().skip(at).take(200).position(|byte| *byte == b']').map_or(0, |end| end + 1);
    }
    match rest.get(at) {
        Some(b'#' | b'%' | b'/' | b'^' | b',') => End::Brace,
        _ => End::QuotedBrace,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Shell;
    use super::super::tests::check;

    #[test]
    fn quotes_expansions_and_here_documents() {
        check(Shell, &[("#!/bin/sh", "ccccccccc")]);
        check(
            Shell,
            &[
                ("a='#' b=\"x # $(echo \"y\") z\" # c", "...s.....ssss........s..ss..ccc"),
                ("echo ${#a} $# a#b # c", "..................ccc"),
                ("cat <<EOF | grep x # c", "...................ccc"),
                ("# text 'it", "ssssssssss"),
                ("EOF", "..."),
                ("x=$((1 << 2)) # c", "..............ccc"),
                ("cat <<-'E' <<F", ".............."),
                ("\tE", ".."),
                ("$(x", "sss"),
                ("F", "."),
            ],
        );
    }
}
