//! `text/…`: text that a tool has damaged.

use std::sync::Arc;

use encoding_rs::WINDOWS_1252;

use crate::check::CheckResult;
use crate::check::repository_documents::TextCheckContext;
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::{Source, Span, format_count, to_single_line};

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 5;
/// Maximum number of bytes of one character in UTF-8.
const MAX_CHARACTER_BYTES: usize = 4;

/// `text/wrong-encoding`: no text was read as Windows-1252 and written as UTF-8, and no
/// character was replaced by question marks. All places of a kind are one finding.
pub(in crate::check) fn wrong_encoding(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let source = input.source;
    let lost = input.outline.and_then(|outline| super::lost::report_lost(source, outline, rule));
    lost.into_iter().chain(report_converted(source, rule)).collect::<Vec<_>>().into()
}

/// Reports text that was read as Windows-1252 and written as UTF-8, also as escapes.
fn report_converted(source: &Arc<Source>, rule: &Rule) -> Option<Finding> {
    let text = source.text();
    if text.is_ascii() {
        return report_escaped(source, rule);
    }
    // `text/hidden-character` reports what such a conversion makes of some characters.
    if text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)) {
        return None;
    }
    let mut places = find_converted(text);
    places.retain(|(span, _)| !is_quoted_damage(text, *span));
    let Some(((first, meant), others)) = places.split_first() else {
        return report_escaped(source, rule);
    };
    // Two letters next to each other can be meant, such as a capital before a quotation mark.
    let is_long = places.iter().any(|(_, meant)| meant.len_utf8() > 2);
    if others.is_empty() && !is_long {
        return None;
    }
    let message = format!(
        "a tool read the text in another encoding: `{}` was `{meant}` ({})",
        source.slice(*first),
        format_count(places.len(), "place")
    );
    let label = |(span, meant): &(Span, char)| Label::text(source, *span, format!("this was `{meant}`"));
    let mut finding = rule.finding(message, label(&(*first, *meant)));
    for place in others.iter().take(MAX_SHOWN - 1) {
        finding = finding.related(label(place));
    }
    Some(finding)
}

/// Returns whether a place is between backticks with nothing but damaged characters and
/// punctuation: the text speaks about the damage.
pub(super) fn is_quoted_damage(text: &str, span: Span) -> bool {
    let before = text.get(..span.start).unwrap_or_default().rsplit(['`', '\n']).next().unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default().split(['`', '\n']).next().unwrap_or_default();
    let mark_before = span.start.checked_sub(before.len() + 1).and_then(|at| text.as_bytes().get(at));
    let mark_after = text.as_bytes().get(span.end + after.len());
    let is_mark = |mark: Option<&u8>| mark == Some(&b'`');
    let inside = || before.chars().chain(after.chars());
    let is_damage = |c: char| !c.is_ascii() || matches!(c, '.' | ',' | ' ' | '-');
    is_mark(mark_before) && is_mark(mark_after) && inside().all(is_damage)
}

/// Number of characters of an escape such as `\u00C2`.
const ESCAPE_LENGTH: usize = 6;

/// Reports escapes that spell a character that was read in another encoding before it was
/// escaped: `\u00C2\u00A7`.
fn report_escaped(source: &Arc<Source>, rule: &Rule) -> Option<Finding> {
    let places = find_escaped_bytes(source.text());
    let ((first, meant), others) = places.split_first()?;
    // A single pair can be meant.
    if others.is_empty() && meant.len_utf8() < 3 {
        return None;
    }
    let message = format!(
        "a tool read the text in another encoding before it was escaped: `{}` was `{meant}` ({})",
        source.slice(*first),
        format_count(places.len(), "place")
    );
    let label = |(span, meant): &(Span, char)| Label::text(source, *span, format!("this was `{meant}`"));
    // The specification that an excerpt quotes can be damaged itself.
    let finding = rule.finding(message, label(&(*first, *meant))).with_level(Level::Note);
    Some(others.iter().take(MAX_SHOWN - 1).fold(finding, |finding, place| finding.related(label(place))))
}

/// Returns the runs of escapes that spell the bytes of one character, with that character.
fn find_escaped_bytes(text: &str) -> Vec<(Span, char)> {
    convert_runs(memchr::memmem::find_iter(text.as_bytes(), b"\\u").map(|at| {
        let code = text.get(at + 2..at + ESCAPE_LENGTH).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let byte = code.and_then(char::from_u32).filter(|c| !c.is_ascii()).and_then(to_windows_1252);
        (Span::new(at, at + ESCAPE_LENGTH), byte)
    }))
}

/// Returns the places where the bytes of one character in UTF-8 were each read as a
/// character of Windows-1252, with that character.
fn find_converted(text: &str) -> Vec<(Span, char)> {
    let others = text.char_indices().filter(|(_, c)| !c.is_ascii());
    convert_runs(others.map(|(at, c)| (Span::new(at, at + c.len_utf8()), to_windows_1252(c))))
}

/// Returns the characters that runs of bytes spell. A place without a byte, and a gap between
/// two places, end a run.
fn convert_runs(places: impl Iterator<Item = (Span, Option<u8>)>) -> Vec<(Span, char)> {
    let mut out = Vec::new();
    // Positions and bytes of the places of a run.
    let mut run: Vec<(usize, u8)> = Vec::new();
    let mut end = 0;
    for (span, byte) in places {
        if span.start != end {
            add_converted(&run, end, &mut out);
            run.clear();
        }
        end = span.end;
        match byte {
            Some(byte) => run.push((span.start, byte)),
            None => {
                add_converted(&run, span.start, &mut out);
                run.clear();
            }
        }
    }
    add_converted(&run, end, &mut out);
    out
}

/// Adds the characters that the bytes of a run spell. `end` is the end of the run.
fn add_converted(run: &[(usize, u8)], end: usize, out: &mut Vec<(Span, char)>) {
    let mut at = 0;
    while at < run.len() {
        let rest = run.get(at..).unwrap_or_default();
        let spelled = (2..=MAX_CHARACTER_BYTES.min(rest.len())).find_map(|length| {
            let bytes: Vec<u8> = rest.iter().take(length).map(|(_, byte)| *byte).collect();
            let mut chars = std::str::from_utf8(&bytes).ok()?.chars();
            chars.next().filter(|c| chars.next().is_none() && !c.is_control()).map(|c| (length, c))
        });
        let Some((length, c)) = spelled else {
            at += 1;
            continue;
        };
        let start = rest.first().map_or(end, |(start, _)| *start);
        let stop = rest.get(length).map_or(end, |(start, _)| *start);
        out.push((Span::new(start, stop), c));
        at += length;
    }
}

/// Returns the byte of a character in Windows-1252.
fn to_windows_1252(c: char) -> Option<u8> {
    let mut buffer = [0; 4];
    let (bytes, _, is_replaced) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
    match bytes.as_ref() {
        [byte] if !is_replaced => Some(*byte),
        _ => None,
    }
}

/// `text/escaped-newline`: no heading follows a written `\n` in the same line.
pub(in crate::check) fn escaped_newline(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(outline) = input.outline else { return CheckResult::skipped("JSON escapes newlines") };
    let source = input.source;
    let fences = super::fence_spans(outline);
    let mut out = Vec::new();
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        if let Some(at) = find_escaped(line) {
            let span = Span::new(start + at.start, start + at.end);
            if !super::is_fenced(&fences, span) {
                let written = source.slice(span);
                let behind = to_single_line(line.get(at.end..).unwrap_or_default().trim(), 40);
                let finding = rule.finding(
                    format!("a written `{written}` is before `{behind}` in place of a line break"),
                    Label::text(source, span, "not a line break"),
                );
                let place = Place::text(source, span);
                out.push(finding.with_unsafe_fix(place, written.replace("\\n", "\n"), "break the line here"));
            }
        }
        start += line.len();
    }
    super::cap_findings(out).into()
}

/// Returns the first run of written `\n` before a heading, outside of backticks.
fn find_escaped(line: &str) -> Option<std::ops::Range<usize>> {
    let bytes = line.as_bytes();
    let (mut at, mut in_code) = (0, false);
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'`', b'\\', rest)) {
        let start = at + next;
        if bytes.get(start) == Some(&b'`') {
            in_code = !in_code;
            at = start + 1;
            continue;
        }
        let mut end = start;
        while bytes.get(end..end + 2) == Some(b"\\n") {
            end += 2;
        }
        // `packet/unread-item` reports items. A path in backticks is meant as it is.
        let after = line.get(end..).unwrap_or_default();
        let marks = after.bytes().take(7).take_while(|byte| *byte == b'#').count();
        let is_heading = (1..=6).contains(&marks) && after.as_bytes().get(marks) == Some(&b' ');
        if end > start && is_heading && !in_code && start > 0 {
            return Some(start..end);
        }
        at = end.max(start + 1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_another_encoding_are_found() {
        let found = |text: &str| -> String { find_converted(text).into_iter().map(|(_, c)| c).collect() };
        assert_eq!(found("Â§10.1 and â€” and Ã¤, ðŸ”’"), "§—ä🔒");
        for meant in ["ÄÖÜ äöü", "« CAFÉ »", "NÃO", "§10.1 — “a”", "naïve façade", "ÂngstrÖm"]
        {
            assert_eq!(found(meant), "", "{meant}");
        }
    }

    #[test]
    fn escapes_of_another_encoding_are_found() {
        let found = |text: &str| -> String { find_escaped_bytes(text).into_iter().map(|(_, c)| c).collect() };
        assert_eq!(found("\\u00C2\\u00A76.3 and \\u00E2\\u20AC\\u201C x"), "§–");
        for meant in ["\\u00A76.3", "\\u2014", "na\\u00EFve", "\\u00C2 \\u00A7", "\\uD83D\\uDE00", "\\u00zz"]
        {
            assert_eq!(found(meant), "", "{meant}");
        }
    }

    #[test]
    fn written_line_breaks_are_found_in_linear_time() {
        assert_eq!(find_escaped("a\\n\\n## B"), Some(1..5));
        assert_eq!(find_escaped("a `b\\n## c` d\\n# e"), Some(13..15));
        for line in ["\\n## a", "a\\n#b", "a\\n- b", "a `\\n## b`", "C:\\new", "a\\n####### b"] {
            assert_eq!(find_escaped(line), None, "{line}");
        }
        for part in ["\\n", "line\\n", "`\\n", "\\n#"] {
            assert_eq!(find_escaped(&part.repeat(1_000_000)), None);
        }
    }

    #[test]
    fn every_character_is_found_after_such_a_conversion() {
        for c in ('\u{a0}'..='\u{ffff}').chain('\u{1f300}'..='\u{1f6ff}').filter(|c| !c.is_control()) {
            let bytes = c.to_string().into_bytes();
            let (read, _) = WINDOWS_1252.decode_without_bom_handling(&bytes);
            let places = find_converted(&read);
            assert_eq!(places.first().map(|(_, found)| *found), Some(c), "{c} became {read}");
        }
    }
}
