//! Escaping of untrusted text, to make it safe to print: control, invisible
//! and direction-changing characters are written as escapes.

use std::borrow::Cow;

/// Returns whether a character is invisible or changes the direction of its
/// neighbors: zero-width characters, bidi controls, the tags block and
/// variation selectors of the supplementary plane.
#[must_use]
pub(crate) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether a text is one line without control and hidden characters,
/// as records require it.
#[must_use]
pub(crate) fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_hidden(c))
}

/// Writes control and hidden characters as `\u{…}` escapes; newlines and tabs
/// stay.
#[must_use]
pub(crate) fn escape_hidden(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n' || c == '\t')
}

/// Writes a text on one line: escapes it like [`escape_hidden`], newlines and
/// tabs included, and cuts it to `max_chars` characters and `…`.
#[must_use]
pub(crate) fn to_single_line(text: &str, max_chars: usize) -> String {
    let mut out: String = text.chars().take(max_chars).collect();
    if text.chars().nth(max_chars).is_some() {
        out.push('…');
    }
    escape(&out, |_| false).into_owned()
}

/// Breaks the commands that runners of GitHub, Azure Pipelines and `TeamCity` read anywhere in a line
/// of the output (`##[name]`, `##vso[`, `##teamcity[`): `second` is written in place of their
/// second character.
#[must_use]
pub(crate) fn break_runner_commands<'t>(text: &'t str, second: &str) -> Cow<'t, str> {
    let mut out = String::new();
    let mut done = 0;
    for at in memchr::memchr_iter(b'#', text.as_bytes()) {
        let Some(after) = text.get(at..).and_then(|rest| rest.strip_prefix("##")) else { continue };
        let opens = after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('[');
        if opens && at >= done {
            out.push_str(text.get(done..=at).unwrap_or_default());
            out.push_str(second);
            done = at + 2;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// Formats a count with its noun: `1 line`, `2 lines`. The plural is the noun
/// with `s`.
#[must_use]
pub(crate) fn format_count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_escaped = |c: char| (c.is_control() || is_hidden(c)) && !keep(c);
    if !text.chars().any(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if is_escaped(c) => out.push_str("\\n"),
            '\t' if is_escaped(c) => out.push_str("\\t"),
            '\r' if is_escaped(c) => out.push_str("\\r"),
            c if is_escaped(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_runners_are_broken() {
        let broken = |text: &str| break_runner_commands(text, "\\u{23}").into_owned();
        assert_eq!(broken("a ##[stop-commands]t"), "a #\\u{23}[stop-commands]t");
        assert_eq!(
            broken("###[x] ##vso[task] ##teamcity[a"),
            "##\\u{23}[x] #\\u{23}vso[task] #\\u{23}teamcity[a"
        );
        for text in ["## Heading", "${name##*/}", "#[derive(Debug)]", "##", "## [link]"] {
            assert_eq!(broken(text), text);
        }
    }

    #[test]
    fn terminal_escapes_and_bidi_controls_are_escaped() {
        assert_eq!(escape_hidden("\u{1b}[31mred\nnext"), "\\u{1b}[31mred\nnext");
        assert_eq!(to_single_line("a\u{202e}b\r\n", 80), "a\\u{202e}b\\r\\n");
        assert_eq!(to_single_line("abcdef", 3), "abc…");
    }
}
