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
use super::matcher::{Hit, line_of};
use super::region::{Kind, KindSet, Regions};
use super::rule::Suppressible;
use super::rules::RuleSet;

/// What a comment excuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Rules by their ids, as written.
    Rules(Vec<String>),
    /// All rules that a policy's waivers can excuse.
    Policy(String),
}

/// When a comment's excuse ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// It does not say.
    Ever,
    /// After this day.
    Day(Date),
    /// Something that is no day; it is not taken to mean "valid".
    Unreadable(String),
}

/// A comment that excuses.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The comment's words, from its mark to the end of the line.
    pub span: Range<usize>,
    /// What it excuses.
    pub target: Target,
    /// Why; empty if it does not say.
    pub reason: String,
    /// When it ends.
    pub until: Until,
    /// The lines that it speaks of.
    pub covers: Range<usize>,
}

impl Suppression {
    /// Whether it counts on a day: it has a reason and has not ended.
    #[must_use]
    pub fn counts(&self, today: Date) -> bool {
        let lasts = match &self.until {
            Until::Ever => true,
            Until::Day(day) => *day >= today,
            Until::Unreadable(_) => false,
        };
        lasts && !self.reason.is_empty()
    }
}

static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let target =
        r"countersign:[ \t]*allow[ \t]*\((?P<rules>[^()\r\n]*)\)|WAIVER[ \t]*\[(?P<policy>[A-Za-z0-9_-]+)\]";
    Regex::new(&format!(r"(?:{target})(?:[ \t,;]*until[ \t]+(?P<until>[^ \t\r\n:]+))?(?P<reason>[^\r\n]*)"))
        .ok()
});

/// A statement longer than this many lines is excused by nobody as a whole.
const LONGEST_STATEMENT: usize = 40;

/// The comments of a file that excuse, in order.
pub(super) fn read(text: &[u8], language: Language, regions: &Regions) -> Vec<Suppression> {
    let Some(mark) = &*MARK else { return Vec::new() };
    let kinds: &[Kind] = if language == Language::Plain { &[] } else { &[Kind::Comment] };
    let view = regions.view(text, KindSet::of(kinds));
    let code = regions.view(text, KindSet::of(&[Kind::Code, Kind::Str, Kind::Text]));
    mark.captures_iter(&view).filter_map(|found| one(&code, &found)).collect()
}

fn one(code: &[u8], found: &regex::bytes::Captures<'_>) -> Option<Suppression> {
    let whole = found.get(0)?;
    let text =
        |name: &str| found.name(name).map(|part| String::from_utf8_lossy(part.as_bytes()).into_owned());
    let target = match (text("rules"), text("policy")) {
        (Some(rules), _) => Target::Rules(rules.split(',').map(|rule| rule.trim().to_owned()).collect()),
        (None, policy) => Target::Policy(policy?),
    };
    let until = match text("until") {
        None => Until::Ever,
        Some(day) => day.parse().map_or(Until::Unreadable(day), Until::Day),
    };
    let reason = text("reason").unwrap_or_default();
    let reason: String = reason.split(|c: char| c == '\u{1}').next().unwrap_or_default().to_owned();
    let closed = reason.trim().trim_end_matches("*/").trim_end_matches("-->").trim_end_matches(['}', '*']);
    let reason = closed.trim_matches(|c: char| c.is_whitespace() || ":;,-–—".contains(c)).to_owned();
    let line = line_of(code, whole.start());
    let before = code.get(line.start..whole.start()).unwrap_or_default();
    let alone = before.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'{' | 1));
    let covers = if alone { statement(code, line.end) } else { line };
    Some(Suppression { span: whole.range(), target, reason, until, covers })
}

/// The lines of the first statement below: to the first line whose code ends
/// it.
fn statement(code: &[u8], from: usize) -> Range<usize> {
    let mut at = from;
    let mut start = None;
    for _ in 0..LONGEST_STATEMENT {
        let next = (at + 1).min(code.len());
        let line = line_of(code, next);
        let text = code.get(line.clone()).unwrap_or_default().trim_ascii();
        at = line.end;
        // Attributes and decorators stand before what they belong to.
        let prefix = text.starts_with(b"#[") || text.starts_with(b"@");
        if !text.is_empty() && !prefix {
            let begin = *start.get_or_insert(line.start);
            if text.ends_with(b";")
                || text.ends_with(b"{")
                || text.ends_with(b"}")
                || text.ends_with(b",")
                || text.ends_with(b":")
            {
                return begin..line.end;
            }
        }
        if at >= code.len() {
            break;
        }
        if text.is_empty() && start.is_some() {
            break;
        }
    }
    start.map_or(from..from, |start| start..at)
}

/// Gives every hit the first comment that speaks of it.
pub(super) fn excuse(set: &RuleSet, all: &[Suppression], hits: &mut [Hit]) {
    for hit in hits {
        let Some(rule) = set.rules().get(hit.rule).filter(|rule| rule.suppressible != Suppressible::Never)
        else {
            continue;
        };
        hit.excused_by = all.iter().position(|one| {
            let named = match &one.target {
                Target::Rules(names) => names.iter().any(|name| rule.is_named(name)),
                Target::Policy(policy) => rule.wording.waivable_by.contains(policy),
            };
            let here = hit
                .span
                .as_ref()
                .is_none_or(|span| one.covers.contains(&span.start) || one.covers.end == span.start);
            named && here
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer;
    use super::*;

    fn found(text: &str) -> Vec<(Suppression, String)> {
        let regions = lexer::regions(Language::Rust, text.as_bytes());
        let all = read(text.as_bytes(), Language::Rust, &regions);
        all.into_iter()
            .map(|one| {
                let covers = text.get(one.covers.clone()).unwrap_or_default().to_owned();
                (one, covers)
            })
            .collect()
    }

    #[test]
    fn places_reasons_and_ends() {
        let text = "a();\nb(); // countersign: allow(rust-unwrap, scan/x) checked above\nc();\n/* WAIVER [CX-573E] until 2026-05-01: timing only */\n#[x]\nlet d = e\n    .f();\ng();\n";
        let all = found(text);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].0.target, Target::Rules(vec!["rust-unwrap".into(), "scan/x".into()]));
        assert_eq!(all[0].0.reason, "checked above");
        assert!(all[0].1.starts_with("b();") && !all[0].1.contains("c()"));
        assert_eq!(all[1].0.target, Target::Policy("CX-573E".into()));
        assert_eq!(all[1].0.reason, "timing only");
        assert_eq!(all[1].1, "let d = e\n    .f();");
        assert!(all[1].0.counts("2026-05-01".parse().expect("day")));
        assert!(!all[1].0.counts("2026-05-02".parse().expect("day")));
    }

    #[test]
    fn strings_excuse_nothing_and_reasons_are_needed() {
        assert!(found("let a = \"// countersign: allow(x) y\";").is_empty());
        let all = found("// countersign: allow(x)\na();");
        assert!(!all[0].0.counts("2026-05-01".parse().expect("day")));
        let odd = found("// countersign: allow(x) until soon: y\na();");
        assert!(!odd[0].0.counts("2026-05-01".parse().expect("day")));
    }
}
