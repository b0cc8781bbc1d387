//! Comments that suppress findings: `countersign: allow(rule) reason` and
//! `WAIVER [CX-573E]: reason`, each with an optional `until YYYY-MM-DD`.
//!
//! A comment after code suppresses findings on its line. A comment on its own line
//! suppresses findings in the statement below it. Text in strings and in documentation
//! comments never suppresses a finding.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::bytes::Regex;

use super::hit::{Hit, line_range};
use super::language::Language;
use super::rule::Suppressible;
use super::rule_set::RuleSet;
use super::token_map::{TokenKind, TokenKindSet, TokenMap};

/// The rules whose findings a comment suppresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionTarget {
    /// Rules by their ids, as written.
    Rules(Vec<String>),
    /// All rules that waivers of this policy can suppress.
    Policy(String),
}

/// Expiry date of a suppression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionExpiry {
    /// The comment has no expiry date.
    Never,
    /// The suppression is valid up to and including this day.
    After(Date),
    /// The text is not a date; such a suppression is never effective.
    Unreadable(String),
}

/// A comment that suppresses findings.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Byte range of the comment's text, from its marker to the end of the line.
    pub span: Range<usize>,
    /// The rules that it suppresses.
    pub target: SuppressionTarget,
    /// The reason; empty if the comment has none.
    pub reason: String,
    /// The expiry date.
    pub expires: SuppressionExpiry,
    /// Byte range of the lines that it covers.
    pub range: Range<usize>,
}

impl Suppression {
    /// Returns whether it is effective on a day: it has a reason and has not expired.
    #[must_use]
    pub fn is_effective(&self, today: Date) -> bool {
        let is_current = match &self.expires {
            SuppressionExpiry::Never => true,
            SuppressionExpiry::After(day) => *day >= today,
            SuppressionExpiry::Unreadable(_) => false,
        };
        is_current && !self.reason.is_empty()
    }
}

static MARKER_PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // The marker must be the first text of the comment; a mention further in is ignored.
    let begin = r"(?:^|[ \t\x01])(?://+|/\*+|#+|--+|<!--|\*|\{/\*+)[ \t]*";
    let rules = r"countersign:[ \t]*allow[ \t]*\((?P<rules>[^()\r\n]*)\)";
    let policy = r"WAIVER[ \t]*\[(?P<policy>[A-Za-z0-9_-]+)\][ \t]*(?P<end>:|until\b|-|–|—|\*/|$)";
    let rest = r"(?P<reason>[^\r\n\x01]*)";
    Regex::new(&format!(r"(?m){begin}(?P<mark>(?:{rules}|{policy}){rest})")).ok()
});

static EXPIRY_PATTERN: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    // Directly after the marker, any word is read as the date; further in, only digits.
    regex::Regex::new(
        r"(?i)(?:^[ \t,;:]*until|\b(?:until|expires(?:\s+on)?)):?[ \t]+(?P<day>[0-9][0-9-]*|[^\s:]+)",
    )
    .ok()
});

/// Maximum number of preceding comments that are searched for one that covers an offset.
/// It is enough, because a statement has at most [`MAX_STATEMENT_LINES`] lines.
const MAX_NEARBY_SUPPRESSIONS: usize = 200;
/// Maximum length of a line in which comments suppress findings, in bytes.
const MAX_MARKED_LINE_BYTES: usize = 64 * 1024;
/// Maximum number of rules that one comment names; further ones are not suppressed.
const MAX_NAMED_RULES: usize = 50;

/// A suppression covers at most this many lines of a statement.
const MAX_STATEMENT_LINES: usize = 40;

/// Finds the comments of a file that suppress findings, in order of the lines that they
/// cover.
pub(super) fn find_suppressions(text: &[u8], language: Language, token_map: &TokenMap) -> Vec<Suppression> {
    let Some(marker) = &*MARKER_PATTERN else { return Vec::new() };
    let kinds: &[TokenKind] = if language == Language::Plain { &[] } else { &[TokenKind::Comment] };
    // The text in which only comments are visible. Documentation becomes the byte 1, which
    // no marker contains.
    let mut comments = token_map.masked_text(text, TokenKindSet::of(kinds));
    for (range, kind) in token_map.iter() {
        if kind == TokenKind::Doc {
            comments
                .get_mut(range)
                .into_iter()
                .flatten()
                .filter(|byte| **byte != b'\n')
                .for_each(|byte| *byte = 1);
        }
    }
    let mut code = token_map.masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    for (range, _) in token_map.iter().filter(|(_, kind)| *kind == TokenKind::Text) {
        code.get_mut(range)
            .into_iter()
            .flatten()
            .filter(|byte| **byte != b'\n')
            .for_each(|byte| *byte = b' ');
    }
    let code_and_prose = token_map.masked_text(text, TokenKindSet::of(&[TokenKind::Code, TokenKind::Text]));
    let is_marker = |found: &regex::bytes::Captures<'_>| {
        found.get(0).is_some_and(|whole| begins_comment(&comments, whole.start(), whole.as_bytes()))
    };
    let found = marker.captures_iter(&comments).filter(is_marker);
    let mut all: Vec<Suppression> =
        found.filter_map(|found| parse_suppression(&code, &code_and_prose, language, &found)).collect();
    all.sort_by_key(|one| one.range.start);
    all
}

/// Returns whether a marker begins its comment, or a line of it. Only comments are
/// visible in `comments`.
fn begins_comment(comments: &[u8], at: usize, found: &[u8]) -> bool {
    // The match may begin with the byte before the comment.
    if !is_near_line_start(comments, at) {
        return false;
    }
    let lead = usize::from(found.first().is_some_and(|byte| matches!(byte, b' ' | b'\t' | 1)));
    let start = line_range(comments, at).start;
    let before = comments.get(start..at + lead).unwrap_or_default();
    before.last() == Some(&1) || before.iter().all(u8::is_ascii_whitespace)
}

/// Returns whether the line of an offset begins at most [`MAX_MARKED_LINE_BYTES`] before it. Comments
/// further into a line do not count.
fn is_near_line_start(text: &[u8], at: usize) -> bool {
    let near = text.get(at.saturating_sub(MAX_MARKED_LINE_BYTES)..at).unwrap_or_default();
    at <= MAX_MARKED_LINE_BYTES || near.contains(&b'\n') || near.contains(&b'\r')
}

/// Reads one comment. Only code is visible in `code`, so that its brackets can be
/// counted; prose is also visible in `code_and_prose`.
fn parse_suppression(
    code: &[u8],
    code_and_prose: &[u8],
    language: Language,
    found: &regex::bytes::Captures<'_>,
) -> Option<Suppression> {
    let whole = found.name("mark")?;
    let text =
        |name: &str| found.name(name).map(|part| String::from_utf8_lossy(part.as_bytes()).into_owned());
    let target = match (text("rules"), text("policy")) {
        (Some(rules), _) => {
            let names = rules.split(',').take(MAX_NAMED_RULES);
            SuppressionTarget::Rules(names.map(|rule| rule.trim().to_owned()).collect())
        }
        (None, policy) => SuppressionTarget::Policy(policy?),
    };
    let written = text("reason").unwrap_or_default();
    let written = match text("end").as_deref() {
        Some("until") => format!("until{written}"),
        Some("*/") => String::new(),
        _ => written,
    };
    // The text after the end of a block comment does not belong to it.
    let written = written.split("*/").next().unwrap_or_default().trim_end_matches("-->");
    let (expires, reason) = parse_expiry(written);
    let reason = reason.trim_matches(|c: char| c.is_whitespace() || ":;,.-–—*}".contains(c)).to_owned();
    let line = line_range(code, whole.start());
    if line.len() > MAX_MARKED_LINE_BYTES {
        return None;
    }
    // In JSX, comments are enclosed in braces.
    let rest: Vec<u8> = code_and_prose
        .get(line.clone())
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let is_alone = matches!(rest.as_slice(), b"" | b"{}");
    // Comments between it and the statement are covered, too.
    let range = if is_alone { line.start..statement_range(code, line.end, language).end } else { line };
    Some(Suppression { span: whole.range(), target, reason, expires, range })
}

/// Returns the expiry date in the text of a comment, and the text without it.
fn parse_expiry(text: &str) -> (SuppressionExpiry, String) {
    let found = EXPIRY_PATTERN.as_ref().and_then(|until| until.captures(text));
    let Some((whole, day)) =
        found.and_then(|found| Some((found.get(0)?.range(), found.name("day")?.as_str())))
    else {
        return (SuppressionExpiry::Never, text.to_owned());
    };
    let is_first = text.get(..whole.start).is_some_and(|before| before.trim().is_empty());
    let is_day = day.starts_with(|c: char| c.is_ascii_digit());
    if !is_first && !is_day {
        // A phrase such as "until the reader is replaced" is part of the reason.
        return (SuppressionExpiry::Never, text.to_owned());
    }
    let rest = format!("{} {}", text.get(..whole.start).unwrap_or(""), text.get(whole.end..).unwrap_or(""));
    let day = day.trim_end_matches(['.', ',', ';', ')']);
    (
        day.parse().map_or_else(|_| SuppressionExpiry::Unreadable(day.to_owned()), SuppressionExpiry::After),
        rest,
    )
}

/// Returns the lines of the first statement after `from`: up to the line that ends it,
/// with all brackets closed.
fn statement_range(code: &[u8], from: usize, language: Language) -> Range<usize> {
    let by_line = matches!(
        language,
        Language::Python | Language::Shell | Language::Yaml | Language::Toml | Language::Go | Language::Plain
    );
    let script = language.is_script();
    let (mut at, mut start, mut depth) = (from, None, 0_i64);
    let mut in_attribute = false;
    for _ in 0..MAX_STATEMENT_LINES {
        if at >= code.len() {
            break;
        }
        let line = line_range(code, (at + 1).min(code.len()));
        let text = code.get(line.clone()).unwrap_or_default().trim_ascii();
        at = line.end;
        if text.is_empty() {
            continue;
        }
        // Attributes and decorators belong to the statement after them.
        in_attribute = (start.is_none() && (text.starts_with(b"#[") || text.starts_with(b"@")))
            || (in_attribute && depth > 0);
        depth += bracket_balance(text);
        if in_attribute {
            continue;
        }
        let begin = *start.get_or_insert(line.start);
        let last = text.last().copied().unwrap_or_default();
        let next = code.get(at..).unwrap_or_default().trim_ascii_start();
        let continues =
            matches!(next.first(), Some(b'.' | b'?' | b':' | b'&' | b'|' | b'+' | b'*' | b'/' | b'='))
                || matches!(last, b'.' | b'=' | b'+' | b'-' | b'*' | b'/' | b'&' | b'|' | b'?' | b':')
                || text.ends_with(b"=>");
        let is_element =
            script && code.get(begin..).is_some_and(|from| from.trim_ascii_start().starts_with(b"<"));
        let ends = match last {
            _ if is_element => last == b'>' && !text.ends_with(b"=>"),
            b';' | b'{' | b'}' | b',' => true,
            b':' if language == Language::Python => true,
            _ if by_line => !matches!(last, b'\\' | b'.' | b'+' | b'-' | b'*' | b'/' | b'&' | b'|' | b'='),
            _ if script => !continues,
            _ => false,
        };
        // A brace that opens a block at the end of the line is not counted.
        let level = depth - i64::from(last == b'{');
        if ends && level <= 0 {
            return begin..line.end;
        }
    }
    start.map_or(from..from, |start| start..at)
}

/// Returns the number of opening brackets minus the number of closing brackets.
fn bracket_balance(text: &[u8]) -> i64 {
    let count = |byte: &u8| match byte {
        b'(' | b'[' | b'{' => 1,
        b')' | b']' | b'}' => -1,
        _ => 0,
    };
    text.iter().map(count).sum()
}

/// Sets the suppressing comment of every hit: the first one that covers it and is
/// effective today, otherwise the first one that covers it.
pub(super) fn apply_suppressions(set: &RuleSet, all: &[Suppression], hits: &mut [Hit], today: Date) {
    for hit in hits {
        let Some(rule) = set.rules().get(hit.rule).filter(|rule| rule.suppressible != Suppressible::Never)
        else {
            continue;
        };
        let covers = |one: &&Suppression| {
            let is_target = || match &one.target {
                SuppressionTarget::Rules(names) => names.iter().any(|name| rule.has_name(name)),
                SuppressionTarget::Policy(policy) => rule.wording.waivable_by.contains(policy),
            };
            let is_in_range =
                |span: &Range<usize>| one.range.contains(&span.start) || one.range.end == span.start;
            hit.span.as_ref().is_none_or(is_in_range) && is_target()
        };
        // Comments are sorted; those that cover an offset begin shortly before it.
        let nearby = match &hit.span {
            Some(span) => {
                let end = all.partition_point(|one| one.range.start <= span.start);
                end.saturating_sub(MAX_NEARBY_SUPPRESSIONS)..end
            }
            None => 0..all.len(),
        };
        let candidates = all.get(nearby.clone()).unwrap_or_default();
        let first = |must_be_effective: bool| {
            candidates.iter().position(|one| covers(&one) && (one.is_effective(today) || !must_be_effective))
        };
        hit.suppressed_by = first(true).or_else(|| first(false)).map(|index| nearby.start + index);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer;
    use super::*;

    fn found(text: &str) -> Vec<(Suppression, String)> {
        let token_map = lexer::tokenize(Language::Rust, text.as_bytes());
        let all = find_suppressions(text.as_bytes(), Language::Rust, &token_map);
        all.into_iter()
            .map(|one| {
                let covers = text.get(one.range.clone()).unwrap_or_default().to_owned();
                (one, covers)
            })
            .collect()
    }

    #[test]
    fn targets_reasons_and_expiry_dates_are_read() {
        let text = "a();\nb(); // countersign: allow(rust-unwrap, scan/x) checked above\nc();\n/* WAIVER [CX-573E] until 2026-05-01: timing only */\n#[x]\nlet d = e\n    .f();\ng();\n";
        let all = found(text);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].0.target, SuppressionTarget::Rules(vec!["rust-unwrap".into(), "scan/x".into()]));
        assert_eq!(all[0].0.reason, "checked above");
        assert!(all[0].1.starts_with("b();") && !all[0].1.contains("c()"));
        assert_eq!(all[1].0.target, SuppressionTarget::Policy("CX-573E".into()));
        assert_eq!(all[1].0.reason, "timing only");
        assert!(all[1].1.ends_with("let d = e\n    .f();"));
        assert!(all[1].0.is_effective("2026-05-01".parse().expect("day")));
        assert!(!all[1].0.is_effective("2026-05-02".parse().expect("day")));
    }

    #[test]
    fn strings_do_not_suppress_and_a_reason_is_required() {
        assert!(found("let a = \"// countersign: allow(x) y\";").is_empty());
        let all = found("// countersign: allow(x)\na();");
        assert!(!all[0].0.is_effective("2026-05-01".parse().expect("day")));
        let odd = found("// countersign: allow(x) until soon: y\na();");
        assert!(!odd[0].0.is_effective("2026-05-01".parse().expect("day")));
        let late = found("// WAIVER [CX-573E]: agreed, until 2026-02-28\na();");
        assert!(!late[0].0.is_effective("2026-03-01".parse().expect("day")));
        assert!(found("// text // WAIVER [CX-573E]: x\na();").is_empty());
        assert_eq!(found("/*\n * WAIVER [CX-573E]: x\n */\na();").len(), 1);
        assert!(found("// a WAIVER [CX-573E]: was refused\n// WAIVER [CX-573E] is needed\na();").is_empty());
    }

    #[test]
    fn a_statement_ends_where_its_brackets_close() {
        let covers = |text: &str| {
            let whole = found(text)[0].1.clone();
            whole.split_once("y\n").map_or(whole.clone(), |(_, rest)| rest.to_owned())
        };
        assert_eq!(
            covers("// countersign: allow(x) y\nf(\n    a,\n    b,\n);\ng();"),
            "f(\n    a,\n    b,\n);"
        );
        assert_eq!(
            covers("// countersign: allow(x) y\n#[expect(\n    a,\n)]\nlet b = c;\nd();"),
            "#[expect(\n    a,\n)]\nlet b = c;"
        );
        assert_eq!(
            covers("/* countersign: allow(x) y */ let a = b;\nc();"),
            "/* countersign: allow(x) y */ let a = b;"
        );
    }
}
