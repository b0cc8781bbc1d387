//! Comments that excuse a finding: `countersign: allow(rule) reason` and
//! `WAIVER [CX-573E]: reason`, each with `until YYYY-MM-DD` if it ends.
//!
//! A comment behind code excuses its line; one that stands alone excuses the
//! statement below it. It must be a comment: text in a string excuses nothing,
//! nor does documentation.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::bytes::Regex;

use super::language::Language;
use super::matcher::{Hit, line_range};
use super::rule::Suppressible;
use super::rule_set::RuleSet;
use super::token_map::{TokenKind, TokenKindSet, TokenMap};

/// What a comment excuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionTarget {
    /// Rules by their ids, as written.
    Rules(Vec<String>),
    /// All rules that a policy's waivers can excuse.
    Policy(String),
}

/// When a comment's excuse ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionExpiry {
    /// It does not say.
    Never,
    /// After this day.
    After(Date),
    /// Something that is no day; it is not taken to mean "valid".
    Unreadable(String),
}

/// A comment that excuses.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The comment's words, from its mark to the end of the line.
    pub span: Range<usize>,
    /// What it excuses.
    pub target: SuppressionTarget,
    /// Why; empty if it does not say.
    pub reason: String,
    /// When it ends.
    pub expires: SuppressionExpiry,
    /// The lines that it speaks of.
    pub range: Range<usize>,
}

impl Suppression {
    /// Whether it counts on a day: it has a reason and has not ended.
    #[must_use]
    pub fn is_effective(&self, today: Date) -> bool {
        let lasts = match &self.expires {
            SuppressionExpiry::Never => true,
            SuppressionExpiry::After(day) => *day >= today,
            SuppressionExpiry::Unreadable(_) => false,
        };
        lasts && !self.reason.is_empty()
    }
}

static MARKER_PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // The mark begins its comment: talk about waivers is none.
    let begin = r"(?:^|[ \t\x01])(?://+|/\*+|#+|--+|<!--|\*|\{/\*+)[ \t]*";
    let rules = r"countersign:[ \t]*allow[ \t]*\((?P<rules>[^()\r\n]*)\)";
    let policy = r"WAIVER[ \t]*\[(?P<policy>[A-Za-z0-9_-]+)\][ \t]*(?P<end>:|until\b|-|–|—|\*/|$)";
    let rest = r"(?P<reason>[^\r\n\x01]*)";
    Regex::new(&format!(r"(?m){begin}(?P<mark>(?:{rules}|{policy}){rest})")).ok()
});

static EXPIRY_PATTERN: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    // Right behind the mark any word is meant to be a day; later only digits.
    regex::Regex::new(
        r"(?i)(?:^[ \t,;:]*until|\b(?:until|expires(?:\s+on)?)):?[ \t]+(?P<day>[0-9][0-9-]*|[^\s:]+)",
    )
    .ok()
});

/// How many comments back one may stand that covers a place: a statement has
/// no more than [`LONGEST_STATEMENT`] lines.
const MAX_NEARBY_SUPPRESSIONS: usize = 200;

/// A statement longer than this many lines is excused by nobody as a whole.
const MAX_STATEMENT_LINES: usize = 40;

/// The comments of a file that excuse, in order.
pub(super) fn find_suppressions(text: &[u8], language: Language, regions: &TokenMap) -> Vec<Suppression> {
    let Some(mark) = &*MARKER_PATTERN else { return Vec::new() };
    let kinds: &[TokenKind] = if language == Language::Plain { &[] } else { &[TokenKind::Comment] };
    // A view of the comments in which all else is hidden, and one without.
    let mut view = regions.masked_text(text, TokenKindSet::of(kinds));
    for (range, kind) in regions.iter() {
        if kind == TokenKind::Doc {
            view.get_mut(range)
                .into_iter()
                .flatten()
                .filter(|byte| **byte != b'\n')
                .for_each(|byte| *byte = 1);
        }
    }
    let mut code = regions.masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    for (range, _) in regions.iter().filter(|(_, kind)| *kind == TokenKind::Text) {
        code.get_mut(range)
            .into_iter()
            .flatten()
            .filter(|byte| **byte != b'\n')
            .for_each(|byte| *byte = b' ');
    }
    let shown = regions.masked_text(text, TokenKindSet::of(&[TokenKind::Code, TokenKind::Text]));
    let begins = |found: &regex::bytes::Captures<'_>| {
        found.get(0).is_some_and(|whole| begins_comment(&view, whole.start(), whole.as_bytes()))
    };
    let found = mark.captures_iter(&view).filter(begins);
    let mut all: Vec<Suppression> =
        found.filter_map(|found| parse_suppression(&code, &shown, language, &found)).collect();
    all.sort_by_key(|one| one.range.start);
    all
}

/// Whether a mark begins its comment, or a line of it; `view` shows comments
/// only.
fn begins_comment(view: &[u8], at: usize, found: &[u8]) -> bool {
    // The match may begin with the byte before the comment.
    let lead = usize::from(found.first().is_some_and(|byte| matches!(byte, b' ' | b'\t' | 1)));
    let start = line_range(view, at).start;
    let before = view.get(start..at + lead).unwrap_or_default();
    before.last() == Some(&1) || before.iter().all(u8::is_ascii_whitespace)
}

/// `code` shows code only, so that brackets count; `shown` prose, too.
fn parse_suppression(
    code: &[u8],
    shown: &[u8],
    language: Language,
    found: &regex::bytes::Captures<'_>,
) -> Option<Suppression> {
    let whole = found.name("mark")?;
    let text =
        |name: &str| found.name(name).map(|part| String::from_utf8_lossy(part.as_bytes()).into_owned());
    let target = match (text("rules"), text("policy")) {
        (Some(rules), _) => {
            SuppressionTarget::Rules(rules.split(',').map(|rule| rule.trim().to_owned()).collect())
        }
        (None, policy) => SuppressionTarget::Policy(policy?),
    };
    let written = text("reason").unwrap_or_default();
    let written = match text("end").as_deref() {
        Some("until") => format!("until{written}"),
        Some("*/") => String::new(),
        _ => written,
    };
    // A block comment ends there, whatever stands behind it.
    let written = written.split("*/").next().unwrap_or_default().trim_end_matches("-->");
    let (until, reason) = parse_expiry(written);
    let reason = reason.trim_matches(|c: char| c.is_whitespace() || ":;,.-–—*}".contains(c)).to_owned();
    let line = line_range(code, whole.start());
    // JSX wraps its comments in braces.
    let rest: Vec<u8> = shown
        .get(line.clone())
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let alone = matches!(rest.as_slice(), b"" | b"{}");
    // Comments between it and the statement are spoken of, too.
    let covers = if alone { line.start..statement_range(code, line.end, language).end } else { line };
    Some(Suppression { span: whole.range(), target, reason, expires: until, range: covers })
}

/// When the words of a comment say that it ends, and its words without that.
fn parse_expiry(text: &str) -> (SuppressionExpiry, String) {
    let found = EXPIRY_PATTERN.as_ref().and_then(|until| until.captures(text));
    let Some((whole, day)) =
        found.and_then(|found| Some((found.get(0)?.range(), found.name("day")?.as_str())))
    else {
        return (SuppressionExpiry::Never, text.to_owned());
    };
    let behind_mark = text.get(..whole.start).is_some_and(|before| before.trim().is_empty());
    let is_day = day.starts_with(|c: char| c.is_ascii_digit());
    if !behind_mark && !is_day {
        // "Until the reader is replaced" is a reason.
        return (SuppressionExpiry::Never, text.to_owned());
    }
    let rest = format!("{} {}", text.get(..whole.start).unwrap_or(""), text.get(whole.end..).unwrap_or(""));
    let day = day.trim_end_matches(['.', ',', ';', ')']);
    (
        day.parse().map_or_else(|_| SuppressionExpiry::Unreadable(day.to_owned()), SuppressionExpiry::After),
        rest,
    )
}

/// The lines of the first statement below: to the line that ends it, with all
/// brackets closed.
fn statement_range(code: &[u8], from: usize, language: Language) -> Range<usize> {
    let by_line = matches!(
        language,
        Language::Python | Language::Shell | Language::Yaml | Language::Toml | Language::Go | Language::Plain
    );
    let script =
        matches!(language, Language::TypeScript | Language::Tsx | Language::JavaScript | Language::Jsx);
    let (mut at, mut start, mut depth) = (from, None, 0_i64);
    let mut prefix = false;
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
        // Attributes and decorators stand before what they belong to.
        prefix =
            (start.is_none() && (text.starts_with(b"#[") || text.starts_with(b"@"))) || (prefix && depth > 0);
        depth += bracket_balance(text);
        if prefix {
            continue;
        }
        let begin = *start.get_or_insert(line.start);
        let last = text.last().copied().unwrap_or_default();
        let next = code.get(at..).unwrap_or_default().trim_ascii_start();
        let goes_on =
            matches!(next.first(), Some(b'.' | b'?' | b':' | b'&' | b'|' | b'+' | b'*' | b'/' | b'='))
                || matches!(last, b'.' | b'=' | b'+' | b'-' | b'*' | b'/' | b'&' | b'|' | b'?' | b':')
                || text.ends_with(b"=>");
        let element =
            script && code.get(begin..).is_some_and(|from| from.trim_ascii_start().starts_with(b"<"));
        let ends = match last {
            _ if element => last == b'>' && !text.ends_with(b"=>"),
            b';' | b'{' | b'}' | b',' => true,
            b':' if language == Language::Python => true,
            _ if by_line => !matches!(last, b'\\' | b'.' | b'+' | b'-' | b'*' | b'/' | b'&' | b'|' | b'='),
            _ if script => !goes_on,
            _ => false,
        };
        // A brace that opens a block leaves the depth behind.
        let level = depth - i64::from(last == b'{');
        if ends && level <= 0 {
            return begin..line.end;
        }
    }
    start.map_or(from..from, |start| start..at)
}

/// Brackets opened less those closed.
fn bracket_balance(text: &[u8]) -> i64 {
    let count = |byte: &u8| match byte {
        b'(' | b'[' | b'{' => 1,
        b')' | b']' | b'}' => -1,
        _ => 0,
    };
    text.iter().map(count).sum()
}

/// Gives every hit the first comment that speaks of it, one that counts today
/// before one that does not.
pub(super) fn apply_suppressions(set: &RuleSet, all: &[Suppression], hits: &mut [Hit], today: Date) {
    for hit in hits {
        let Some(rule) = set.rules().get(hit.rule).filter(|rule| rule.suppressible != Suppressible::Never)
        else {
            continue;
        };
        let speaks = |one: &&Suppression| {
            let named = match &one.target {
                SuppressionTarget::Rules(names) => names.iter().any(|name| rule.has_name(name)),
                SuppressionTarget::Policy(policy) => rule.wording.waivable_by.contains(policy),
            };
            let here = |span: &Range<usize>| one.range.contains(&span.start) || one.range.end == span.start;
            named && hit.span.as_ref().is_none_or(here)
        };
        // Comments stand in order; those that cover a place begin shortly before.
        let near = match &hit.span {
            Some(span) => {
                let end = all.partition_point(|one| one.range.start <= span.start);
                end.saturating_sub(MAX_NEARBY_SUPPRESSIONS)..end
            }
            None => 0..all.len(),
        };
        let around = all.get(near.clone()).unwrap_or_default();
        let first =
            |counts: bool| around.iter().position(|one| speaks(&one) && (one.is_effective(today) || !counts));
        hit.suppressed_by = first(true).or_else(|| first(false)).map(|index| near.start + index);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer;
    use super::*;

    fn found(text: &str) -> Vec<(Suppression, String)> {
        let regions = lexer::tokenize(Language::Rust, text.as_bytes());
        let all = find_suppressions(text.as_bytes(), Language::Rust, &regions);
        all.into_iter()
            .map(|one| {
                let covers = text.get(one.range.clone()).unwrap_or_default().to_owned();
                (one, covers)
            })
            .collect()
    }

    #[test]
    fn places_reasons_and_ends() {
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
    fn strings_excuse_nothing_and_reasons_are_needed() {
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
    fn statements_end_where_their_brackets_close() {
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
