//! The findings that a fixture expects, and their comparison with a report.

use std::sync::LazyLock;

use countersign::{Finding, Place};
use regex::Regex;

use super::scenario::Scenario;

/// One line of a fence `findings`.
#[derive(Debug)]
pub struct ExpectedFinding {
    /// Line number in the fixture, from 0.
    pub fixture_line: usize,
    pub level: String,
    pub rule: String,
    pub path: String,
    /// Text that the line at the finding's location contains.
    pub line: Option<String>,
    /// Text that the finding's message contains.
    pub message: String,
}

impl ExpectedFinding {
    /// True if rule, level, path and position agree, whatever the message.
    pub fn matches_location(&self, finding: &Finding) -> bool {
        let line = match (&self.line, &finding.primary.place) {
            (None, _) => true,
            (Some(wanted), Place::Text { source, span }) => source
                .line_span(source.line(span.start))
                .is_some_and(|line| normalize(source.slice(line)).contains(wanted.as_str())),
            (Some(_), _) => false,
        };
        level(finding) == self.level
            && finding.rule.as_str() == self.rule
            && path(finding) == self.path
            && line
    }

    pub fn matches(&self, finding: &Finding) -> bool {
        self.matches_location(finding) && normalize(&finding.message).contains(&self.message)
    }
}

fn level(finding: &Finding) -> &'static str {
    if finding.waived_by.is_some() { "waived" } else { finding.level.as_str() }
}

fn path(finding: &Finding) -> String {
    finding.primary.place.path().map_or_else(|| "repository".to_owned(), ToString::to_string)
}

/// Text without commit ids and names of people, which are not the same in
/// memory and in git.
pub fn normalize(text: &str) -> String {
    static IDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(commit |at |MERGE_BASE_SHA: x?)([0-9a-f]{40}|[0-9a-f]{12})\b").expect("pattern")
    });
    static PEOPLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" by [A-Z][^<]*<[^>]*>").expect("pattern"));
    let text = IDS.replace_all(text, "${1}[id]");
    PEOPLE.replace_all(&text, " by [somebody]").into_owned()
}

/// A finding as a line of a fence `findings`.
pub fn format_finding(finding: &Finding) -> String {
    let line = match &finding.primary.place {
        Place::Text { source, span } => source
            .line_span(source.line(span.start))
            .map(|line| format!(" \"{}\"", normalize(source.slice(line).trim())))
            .unwrap_or_default(),
        _ => String::new(),
    };
    let (level, path) = (level(finding), path(finding));
    format!("{level} {} {path}{line} :: {}", finding.rule, normalize(&finding.message))
}

/// Reads `level rule path ["line"] :: message`.
pub fn parse_expected(text: &str, fixture_line: usize) -> ExpectedFinding {
    let (head, message) = text.split_once(" :: ").unwrap_or_else(|| panic!("no ` :: ` in {text:?}"));
    let mut words = head.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default().trim();
    let (level, rule, rest) = (next(), next(), next());
    // A path in quotation marks has special characters.
    let split = match rest.strip_prefix('"').and_then(|quoted| quoted.find('"')) {
        Some(end) => end + 2,
        None => rest.find(" \"").unwrap_or(rest.len()),
    };
    let (path, quoted) = rest.split_at(split);
    let line = quoted.trim().strip_prefix('"').map(|quoted| quoted.trim_end_matches('"').to_owned());
    ExpectedFinding {
        fixture_line,
        level: level.into(),
        rule: rule.into(),
        path: path.into(),
        line,
        message: message.trim().to_owned(),
    }
}

/// The differences between a scenario's expected findings and a report.
#[derive(Default)]
pub struct Differences<'a> {
    pub missing: Vec<&'a ExpectedFinding>,
    pub unexpected: Vec<&'a Finding>,
    /// Findings that differ from the expected one in the message only.
    pub reworded: Vec<(&'a ExpectedFinding, &'a Finding)>,
}

impl<'a> Differences<'a> {
    pub fn find(scenario: &'a Scenario, findings: &'a [Finding]) -> Self {
        let mut out = Self { unexpected: findings.iter().collect(), ..Self::default() };
        out.missing = out.take_pairs(scenario.expected.iter().collect(), ExpectedFinding::matches).0;
        let missing = std::mem::take(&mut out.missing);
        (out.missing, out.reworded) = out.take_pairs(missing, ExpectedFinding::matches_location);
        out
    }

    /// Moves the findings that belong to an expected one out of `unexpected`;
    /// returns the expected ones without a finding, and the pairs.
    fn take_pairs(
        &mut self,
        expected: Vec<&'a ExpectedFinding>,
        belong: impl Fn(&ExpectedFinding, &Finding) -> bool,
    ) -> (Vec<&'a ExpectedFinding>, Vec<(&'a ExpectedFinding, &'a Finding)>) {
        let (mut missing, mut pairs) = (Vec::new(), Vec::new());
        for one in expected {
            match self.unexpected.iter().position(|finding| belong(one, finding)) {
                Some(index) => pairs.push((one, self.unexpected.remove(index))),
                None => missing.push(one),
            }
        }
        (missing, pairs)
    }

    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.reworded.is_empty()
    }

    /// The differences as text for a person.
    pub fn format(&self, scenario: &Scenario) -> String {
        let mut out = format!("scenario `{}`\n", scenario.name);
        let line = |expected: &ExpectedFinding| {
            let quoted = expected.line.as_ref().map(|line| format!(" \"{line}\"")).unwrap_or_default();
            let ExpectedFinding { level, rule, path, message, .. } = expected;
            format!("{level} {rule} {path}{quoted} :: {message}")
        };
        for expected in &self.missing {
            out.push_str(&format!("  missing:    {}\n", line(expected)));
        }
        for finding in &self.unexpected {
            out.push_str(&format!("  unexpected: {}\n", format_finding(finding)));
        }
        for (expected, finding) in &self.reworded {
            out.push_str(&format!(
                "  expected:   {}\n  found:      {}\n",
                line(expected),
                format_finding(finding)
            ));
        }
        out
    }
}

/// The differences as text; `None` if a report is as the scenario expects.
pub fn compare(scenario: &Scenario, findings: &[Finding]) -> Option<String> {
    let differences = Differences::find(scenario, findings);
    (!differences.is_empty()).then(|| differences.format(scenario))
}
