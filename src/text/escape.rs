//! Untrusted text made safe to print: control, invisible and
//! direction-changing characters are shown as escapes.

use std::borrow::Cow;

/// Whether a character is drawn as nothing or changes the direction of its
/// neighbours: zero-width characters, bidi controls, the tags block and
/// variation selectors of the supplementary plane.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text is one line of characters that can be seen, as records need
/// it.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_hidden(c))
}

/// The text with control and hidden characters written as `\u{…}` escapes;
/// newlines and tabs stay.
#[must_use]
pub fn escape_hidden(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n' || c == '\t')
}

/// The text on one line: as [`visible`], with newlines and tabs escaped too,
/// cut to at most `most` characters (then ending in `…`).
#[must_use]
pub fn to_single_line(text: &str, most: usize) -> String {
    let mut out: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    escape(&out, |_| false).into_owned()
}

/// `1 line`, `2 lines`: a count with its noun.
#[must_use]
pub fn format_count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let odd = |c: char| (c.is_control() || is_hidden(c)) && !keep(c);
    if !text.chars().any(odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if odd(c) => out.push_str("\\n"),
            '\t' if odd(c) => out.push_str("\\t"),
            '\r' if odd(c) => out.push_str("\\r"),
            c if odd(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_bidi_are_shown() {
        assert_eq!(escape_hidden("\u{1b}[31mred\nnext"), "\\u{1b}[31mred\nnext");
        assert_eq!(to_single_line("a\u{202e}b\r\n", 80), "a\\u{202e}b\\r\\n");
        assert_eq!(to_single_line("abcdef", 3), "abc…");
    }
}
