//! `text/…`: hidden characters and non-ASCII characters.

use std::sync::Arc;

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
    let is_converted = |c: &char| matches!(c, '\u{80}'..='\u{9a}' | '\u{9c}'..='\u{9f}');
    if chars.iter().all(is_converted) && super::damage::is_quoted_damage(input.source.text(), span) {
        return;
    }
    let mut finding = rule.finding(
        format!("the document contains {what}: {}{more}", shown.trim_end()),
        Label::text(input.source, span, "hidden character"),
    );
    // A wrong conversion leaves these characters. Of them, only U+009B can start a
    // terminal command, so the others are warnings.
    if chars.iter().all(is_converted) {
        finding = finding.with_level(Level::Warning);
    }
    // `CR CR LF` is a line end that was converted twice.
    let before_newline = input.source.text().as_bytes().get(span.end..span.end + 2) == Some(b"\r\n");
    if chars.iter().all(|c| *c == '\r') && before_newline {
        let place = Place::text(input.source, span);
        let finding = rule
            .finding(
                "the line ends with two carriage returns",
                Label::text(input.source, span, "one too many"),
            )
            .with_level(Level::Warning);
        out.push(finding.with_fix(place, "", "remove the second carriage return"));
        return;
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

/// Maximum number of findings of `text/ascii` in one document. It is larger than for
/// other rules, because a document can have many typographic characters that `fix`
/// replaces, and `fix` applies only the fixes of reported findings.
const MAX_ASCII_FINDINGS: usize = 100;

/// `text/ascii`: if the configuration sets `ascii_only: true`, documents contain
/// only ASCII characters.
pub(in crate::check) fn ascii(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let source = input.source;
    if !input.policy.ascii_only {
        return match own_ascii_rule(source) {
            Some(line) => break_of_own_rule(source, line, rule).into(),
            None => CheckResult::skipped("the configuration does not set `ascii_only: true`"),
        };
    }
    let (mut fixable, mut others) = (Vec::new(), Vec::new());
    let mut total = 0;
    let mut position = LinePosition::default();
    for (at, c) in source.text().char_indices() {
        let is_path_or_code = position.advance(source.text(), at, c);
        if c.is_ascii() || (at == 0 && c == '\u{feff}') {
            continue;
        }
        total += 1;
        let replacement = ascii_replacement(c);
        // Findings with a safe fix come first: `fix` could not reach them behind others.
        let kept = if replacement.is_some() && !is_path_or_code { &mut fixable } else { &mut others };
        if kept.len() < MAX_ASCII_FINDINGS {
            kept.push((at, ascii_finding(source, rule, (at, c), replacement, is_path_or_code)));
        }
    }
    let mut kept: Vec<(usize, Finding)> =
        fixable.into_iter().chain(others).take(MAX_ASCII_FINDINGS).collect();
    kept.sort_by_key(|(at, _)| *at);
    super::note_others(kept.into_iter().map(|(_, finding)| finding).collect(), total).into()
}

/// Sentences with which a document asks for ASCII. All end with this word.
const OWN_RULES: [&str; 7] = [
    "keep this file ascii-only",
    "keep this packet ascii-only",
    "keep this document ascii-only",
    "keep packets ascii-only",
    "this file is ascii-only",
    "this file must remain ascii-only",
    "packet must remain ascii-only",
];

/// Returns the place where a document asks for ASCII itself.
fn own_ascii_rule(source: &Source) -> Option<Span> {
    let text = source.text();
    let mut words = memchr::memmem::find_iter(text.as_bytes(), b"ASCII-only");
    words.find_map(|at| {
        let end = at + "ASCII-only".len();
        let is_rule = |rule: &&str| {
            let start = end.checked_sub(rule.len()).and_then(|start| text.get(start..end));
            start.is_some_and(|said| said.eq_ignore_ascii_case(rule))
        };
        OWN_RULES.iter().any(is_rule).then_some(Span::new(at, end))
    })
}

/// Returns one note if a document that asks for ASCII has other characters, or begins with a byte
/// order mark.
fn break_of_own_rule(source: &Arc<Source>, asks: Span, rule: &Rule) -> Option<Finding> {
    let text = source.text();
    let mark = text.char_indices().next().filter(|(_, c)| *c == '\u{feff}');
    let mut others = text.char_indices().skip(usize::from(mark.is_some())).filter(|(_, c)| !c.is_ascii());
    let (at, c) = others.next().or(mark)?;
    let count = 1 + others.count();
    let message = match count {
        _ if at == 0 && mark.is_some() => {
            "the document asks to be ASCII-only, but begins with a byte order mark".to_owned()
        }
        1 => "the document asks to be ASCII-only, but has another character".to_owned(),
        _ => format!("the document asks to be ASCII-only, but has {count} other characters"),
    };
    let label = Label::text(source, Span::new(at, at + c.len_utf8()), "the first one");
    let there = Label::text(source, asks, "asked for here");
    Some(rule.finding(message, label).with_level(Level::Note).related(there))
}

/// Creates the finding for one character at a byte offset.
fn ascii_finding(
    source: &Arc<Source>,
    rule: &Rule,
    (at, c): (usize, char),
    replacement: Option<&'static str>,
    is_path_or_code: bool,
) -> Finding {
    let span = Span::new(at, at + c.len_utf8());
    let shown = crate::text::escape_hidden(&c.to_string()).into_owned();
    let message = format!("`{shown}` (U+{:04X}) is not ASCII", u32::from(c));
    let finding = rule.finding(message, Label::text(source, span, "not ASCII"));
    match replacement {
        // The replacement could change a file name.
        Some(plain) if is_path_or_code => finding.with_unsafe_fix(
            Place::text(source, span),
            plain,
            format!("replace it with `{plain}`; the text may be a file name"),
        ),
        Some(plain) => {
            finding.with_fix(Place::text(source, span), plain, format!("replace it with `{plain}`"))
        }
        None => finding,
    }
}

/// Position in a line, for [`LinePosition::advance`].
#[derive(Default)]
struct LinePosition {
    is_in_backticks: bool,
    /// Whether the current word looks like a path; `None` between words.
    is_path: Option<bool>,
}

impl LinePosition {
    /// Moves to the next character of a text. Returns whether this character may
    /// be part of a path or code: it is in backticks, or in a word with a slash or a
    /// dot. Each word is read once, so that a long line costs linear time.
    fn advance(&mut self, text: &str, at: usize, c: char) -> bool {
        if c == '\n' {
            *self = Self::default();
            return false;
        }
        if c.is_whitespace() {
            // A typographic space belongs to the word before it.
            return self.is_path.take().unwrap_or(false) || self.is_in_backticks;
        }
        let is_path = *self.is_path.get_or_insert_with(|| {
            let rest = text.get(at..).unwrap_or_default();
            let word = rest.split(char::is_whitespace).next().unwrap_or_default();
            word.trim_end_matches(['.', ',', ';', ':']).contains(['/', '.'])
        });
        self.is_in_backticks ^= c == '`';
        is_path || self.is_in_backticks
    }
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::check::context::Policy;
    use crate::document::DocumentKind;
    use crate::text::RepoPath;

    fn ascii_findings(text: &str) -> Vec<Finding> {
        let source = Source::from_text(RepoPath::from("packet.md"), text);
        let policy = Policy { ascii_only: true, ..Policy::default() };
        let input =
            TextCheckContext { source: &source, outline: None, kind: DocumentKind::Packet, policy: &policy };
        let rules = crate::check::registered_rules();
        let entry = rules.iter().find(|entry| entry.rule.id.as_str() == "text/ascii").expect("the rule");
        match ascii(&input, &entry.rule) {
            CheckResult::Findings(findings) => findings,
            CheckResult::Skipped(why) => panic!("{why}"),
        }
    }

    #[test]
    fn many_non_ascii_characters_are_capped_in_linear_time() {
        let start = Instant::now();
        let found = ascii_findings(&"\u{201c}".repeat(80_000));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(found.len(), MAX_ASCII_FINDINGS);
        let notes = &found.last().expect("a finding").notes;
        assert_eq!(notes, &["The document has 79900 more findings of this rule."]);
        // A fixable character behind many others is still reported.
        let found = ascii_findings(&format!("{}\nAn \u{2026} end\n", "\u{e4}".repeat(500)));
        assert!(found.last().is_some_and(|finding| finding.message.contains("U+2026")));
    }

    #[test]
    fn characters_of_paths_and_code_have_unsafe_fixes() {
        let text = "a\u{2013}b `c\u{2013}d` e/f\u{2013}g h\u{2013}i. j.k\u{2013}l\n\u{2013}";
        let found = ascii_findings(text);
        let safe: Vec<bool> =
            found.iter().map(|finding| finding.fix.as_ref().is_some_and(|fix| !fix.is_unsafe())).collect();
        assert_eq!(safe, [true, false, false, true, false, true]);
    }
}
