//! What a fixture expects a gate to find.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use countersign::finding::{Finding, Place};
use regex::Regex;

use super::scenario::Scenario;

#[derive(Debug)]
pub struct ExpectedFinding {
    pub level: String,
    pub rule: String,
    pub place: String,
    pub line: Option<String>,
    pub message: String,
}

impl ExpectedFinding {
    pub fn matches(&self, finding: &Finding) -> bool {
        let level = if finding.waived_by.is_some() { "waived" } else { finding.level.as_str() };
        let place = finding.primary.place.path().map_or_else(|| "repository".to_owned(), ToString::to_string);
        let line = match (&self.line, &finding.primary.place) {
            (None, _) => true,
            (Some(wanted), Place::Text { source, span }) => source
                .line_span(source.line(span.start))
                .is_some_and(|line| normalize(source.slice(line)).contains(wanted.as_str())),
            (Some(_), _) => false,
        };
        level == self.level
            && finding.rule.as_str() == self.rule
            && place == self.place
            && line
            && normalize(&finding.message).contains(&self.message)
    }
}

/// Text without commit ids and people, which differ between memory and git.
fn normalize(text: &str) -> String {
    static IDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(commit |at |MERGE_BASE_SHA: x?)([0-9a-f]{40}|[0-9a-f]{12})\b").expect("pattern")
    });
    static PEOPLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" by [A-Z][^<]*<[^>]*>").expect("pattern"));
    let text = IDS.replace_all(text, "${1}[id]");
    PEOPLE.replace_all(&text, " by [somebody]").into_owned()
}

/// A finding as a fixture would expect it.
pub fn format_finding(finding: &Finding) -> String {
    let level = if finding.waived_by.is_some() { "waived" } else { finding.level.as_str() };
    let place = finding.primary.place.path().map_or_else(|| "repository".to_owned(), ToString::to_string);
    let line = match &finding.primary.place {
        Place::Text { source, span } => source
            .line_span(source.line(span.start))
            .map(|line| format!(" \"{}\"", normalize(source.slice(line).trim())))
            .unwrap_or_default(),
        _ => String::new(),
    };
    format!("{level} {} {place}{line} :: {}", finding.rule, normalize(&finding.message))
}

pub fn parse_expected(line: &str) -> ExpectedFinding {
    let (head, message) = line.split_once(" :: ").unwrap_or_else(|| panic!("no ` :: ` in {line:?}"));
    let mut words = head.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default().trim();
    let (level, rule, rest) = (next(), next(), next());
    // A place that is quoted is an odd path.
    let split = match rest.strip_prefix('"').and_then(|odd| odd.find('"')) {
        Some(end) => end + 2,
        None => rest.find(" \"").unwrap_or(rest.len()),
    };
    let (place, quoted) = rest.split_at(split);
    let quoted = quoted.trim().strip_prefix('"').map(|quoted| quoted.trim_end_matches('"').to_owned());
    ExpectedFinding {
        level: level.into(),
        rule: rule.into(),
        place: place.into(),
        line: quoted,
        message: message.trim().to_owned(),
    }
}

/// The findings of a report against what a scenario expects; the difference
/// as text, if there is one.
pub fn compare(scenario: &Scenario, findings: &[Finding]) -> Option<String> {
    let mut missing: Vec<&ExpectedFinding> = Vec::new();
    let mut left: BTreeMap<usize, &Finding> = findings.iter().enumerate().collect();
    for expected in &scenario.expected {
        match left.iter().find(|(_, finding)| expected.matches(finding)).map(|(index, _)| *index) {
            Some(index) => {
                left.remove(&index);
            }
            None => missing.push(expected),
        }
    }
    if missing.is_empty() && left.is_empty() {
        return None;
    }
    let mut out = format!("scenario `{}`\n", scenario.name);
    for expected in missing {
        out.push_str(&format!(
            "  missing:    {} {} {} {:?} :: {}\n",
            expected.level, expected.rule, expected.place, expected.line, expected.message
        ));
    }
    for finding in left.values() {
        out.push_str(&format!("  unexpected: {}\n", format_finding(finding)));
    }
    Some(out)
}
