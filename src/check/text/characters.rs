//! `text/…`: hidden characters and non-ASCII characters.

use crate::check::CheckResult;
use crate::check::repository_documents::TextCheckContext;
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::{Source, Span, is_hidden};

/// `text/hidden-character`: no document contains invisible characters, control
/// characters or characters that change the direction of text.
pub(in crate::check) fn hidden_character(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let source = input.source;
    let text = source.text();
    let has_lone_return = text.contains('\r') && text.replace("\r\n", "").contains('\r');
    if text.is_ascii() && !has_lone_return && !text.bytes().any(is_forbidden_control) {
        return Vec::new().into();
    }
    let mut out: Vec<Finding> = Vec::new();
    let mut run: Option<(Span, Vec<char>)> = None;
    let mut before = '\n';
    // `text/readable` reports documents in another encoding.
    let is_other_encoding = source.not_utf8_at().is_some();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or('\n', |(_, next)| *next);
        let span = Span::new(at, at + c.len_utf8());
        if is_hidden_character(c, before, next, at) && !(is_other_encoding && c == '\0') {
            match run.as_mut() {
                Some((open, all)) if open.end == at => {
                    *open = open.join(span);
                    all.push(c);
                }
                _ => add_run_finding(input, rule, run.replace((span, vec![c])), &mut out),
            }
        }
        before = c;
    }
    add_run_finding(input, rule, run, &mut out);
    super::cap_findings(out).into()
}

/// Returns whether a byte is an ASCII control character other than newline,
/// carriage return and tab.
fn is_forbidden_control(byte: u8) -> bool {
    (byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t')) || byte == 0x7f
}

/// Returns whether a character is hidden. Joiners are allowed inside emoji and in
/// scripts that join letters; a byte-order mark is allowed at the start of a file.
fn is_hidden_character(c: char, before: char, next: char, at: usize) -> bool {
    match c {
        '\u{feff}' => at > 0,
        '\u{200d}' => {
            !((is_pictograph(before) && is_pictograph(next)) || (uses_joiners(before) && uses_joiners(next)))
        }
        '\u{200c}' => !(uses_joiners(before) && uses_joiners(next)),
        '\n' | '\t' => false,
        '\r' => next != '\n',
        // One variation selector after a symbol selects its appearance. Several
        // in a row, or one after a letter, can encode hidden text.
        '\u{fe00}'..='\u{fe0f}' => {
            before.is_alphabetic() || matches!(before, '\u{fe00}'..='\u{fe0f}' | ' ' | '\n')
        }
        '\u{2800}' | '\u{180f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => true,
        c => is_hidden(c) || c.is_control(),
    }
}

/// Returns whether a character is a symbol or emoji.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2300}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// Returns whether a character is a letter of an Arabic, Syriac, Indic,
/// South-East Asian or Mongolian script. Joiners change the shape of these letters.
fn uses_joiners(c: char) -> bool {
    !c.is_numeric()
        && matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{a840}'..='\u{abff}')
}

/// Adds the finding for one run of hidden characters.
fn add_run_finding(
    input: &TextCheckContext<'_>,
    rule: &Rule,
    run: Option<(Span, Vec<char>)>,
    out: &mut Vec<Finding>,
) {
    let Some((span, chars)) = run else { return };
    let shown: String = chars.iter().take(8).map(|c| format!("U+{:04X} ", u32::from(*c))).collect();
    let more = if chars.len() > 8 { "…" } else { "" };
    let what = match chars.first() {
        Some('\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}') => {
            "a character that changes the direction of text"
        }
        Some('\u{e0000}'..='\u{e007f}') => "text in invisible tag characters",
        Some('\u{80}'..='\u{9f}') => "a control character from a wrong conversion",
        Some(c) if c.is_control() => "a control character",
        _ => "an invisible character",
    };
    let mut finding = rule.finding(
        format!("the document contains {what}: {}{more}", shown.trim_end()),
        Label::text(input.source, span, "hidden character"),
    );
    // A wrong conversion leaves these characters. Of them, only U+009B can start a
    // terminal command, so the others are warnings.
    if chars.iter().all(|c| matches!(c, '\u{80}'..='\u{9a}' | '\u{9c}'..='\u{9f}')) {
        finding = finding.with_level(Level::Warning);
    }
    let decoded = decode_tag_characters(&chars);
    if !decoded.is_empty() {
        finding =
            finding.note(format!("The tag characters spell: {}", crate::text::to_single_line(&decoded, 200)));
    }
    let place = Place::text(input.source, span);
    // Some readers see these characters as line breaks, so a newline replaces them.
    let is_separator = |c: &char| {
        matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    out.push(if chars.iter().any(is_separator) {
        finding.with_unsafe_fix(place, "\n", "replace the hidden character with a newline")
    } else {
        finding.with_fix(place, "", "remove the hidden characters")
    });
}

/// Decodes the ASCII text in a run of tag characters.
fn decode_tag_characters(chars: &[char]) -> String {
    let plain =
        |c: &char| char::from_u32(u32::from(*c).checked_sub(0xe0000)?).filter(|c| (' '..='~').contains(c));
    chars.iter().filter_map(plain).collect()
}

/// `text/ascii`: if the configuration sets `ascii_only: true`, documents contain
/// only ASCII characters.
pub(in crate::check) fn ascii(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    if !input.policy.ascii_only {
        return CheckResult::skipped("the configuration does not set `ascii_only: true`");
    }
    let source = input.source;
    let non_ascii =
        source.text().char_indices().filter(|(at, c)| !(c.is_ascii() || (*at == 0 && *c == '\u{feff}')));
    let findings = non_ascii.map(|(at, c)| {
        let span = Span::new(at, at + c.len_utf8());
        let shown = crate::text::escape_hidden(&c.to_string()).into_owned();
        let message = format!("`{shown}` (U+{:04X}) is not ASCII", u32::from(c));
        let finding = rule.finding(message, Label::text(source, span, "not ASCII"));
        match ascii_replacement(c) {
            // The replacement could change a file name.
            Some(plain) if is_in_path_or_code(source, at) => finding.with_unsafe_fix(
                Place::text(source, span),
                plain,
                format!("replace it with `{plain}`; the text may be a file name"),
            ),
            Some(plain) => {
                finding.with_fix(Place::text(source, span), plain, format!("replace it with `{plain}`"))
            }
            None => finding,
        }
    });
    findings.collect::<Vec<_>>().into()
}

/// Returns whether a character may be part of a path or code: it is in backticks,
/// or in a word with a slash or a dot.
fn is_in_path_or_code(source: &Source, at: usize) -> bool {
    let line = source.line_span(source.line(at)).unwrap_or_default();
    let before = source.slice(Span::new(line.start, at));
    if before.matches('`').count() % 2 == 1 {
        return true;
    }
    let after = source.slice(Span::new(at, line.end));
    let is_path = |text: &str| text.contains('/') || text.contains('.');
    let left = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let right = after.split(char::is_whitespace).next().unwrap_or_default();
    let name = format!("{left}{right}");
    is_path(name.trim_end_matches(['.', ',', ';', ':']))
}

/// Returns the ASCII text that replaces a typographic character; `None` for other
/// characters.
fn ascii_replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => "\"",
        '\u{2026}' => "...",
        '\u{a0}' | '\u{2007}' | '\u{202f}' => " ",
        '\u{2192}' => "->",
        '\u{2190}' => "<-",
        '\u{2194}' => "<->",
        '\u{21d2}' => "=>",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2260}' => "!=",
        '\u{d7}' => "x",
        '\u{2022}' | '\u{b7}' => "*",
        '\u{2713}' | '\u{2714}' | '\u{2705}' => "[x]",
        '\u{2717}' | '\u{2718}' | '\u{274c}' => "[ ]",
        _ => return None,
    })
}
