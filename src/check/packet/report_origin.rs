//! `packet/report-part`: the newest report of a packet that passed says when it was written, or
//! who wrote it.

use aho_corasick::AhoCorasick;

use crate::check::repository_documents::DocumentCheckContext;
use crate::document::field::Field;
use crate::document::packet::{VerdictReport, first_day};
use crate::document::validator_state::ValidatorState;
use crate::document::{DocumentBody, Packet};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::Span;

/// Words after `validator-` that are no command.
const ACTS: [&str; 5] = ["run", "verified", "reviewed", "checked", "led"];
/// Names of months, as days begin with them.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Returns a note if a report with the verdict PASS names neither its time nor its validator.
pub(super) fn check_origin(
    input: &DocumentCheckContext<'_>,
    packet: &Packet,
    report: &VerdictReport,
    rule: &Rule,
) -> Option<Finding> {
    if report.verdict.value != "PASS" || report.at.is_some() || report.day.is_some() {
        return None;
    }
    let own = extent(packet, report.verdict.span);
    let text = packet.source.slice(own);
    if is_named(packet, rule) || has_day(text) || names_validator(packet, own, text, rule) {
        return None;
    }
    let label = Label::text(&packet.source, report.verdict.span, "no author");
    let finding = match recorded_time(input) {
        None => rule.finding("the report with the verdict PASS names neither a date nor a validator", label),
        Some(time) => rule
            .finding("the report with the verdict PASS names no validator", label)
            .note(format!("A gate log gives its time: {}.", crate::text::to_single_line(&time, 40))),
    };
    Some(finding.with_level(Level::Note))
}

/// Returns the bytes around a verdict that can name its author: its part with all outer parts,
/// between the verdicts of its neighbours.
pub(super) fn extent(packet: &Packet, verdict: Span) -> Span {
    let all = packet.phases.reports.iter().chain(&packet.phases.fenced_reports);
    let others = all.map(|report| report.verdict.span).filter(|span| *span != verdict);
    let (mut start, mut end) = (0, packet.source.text().len());
    for other in others {
        if other.end <= verdict.start {
            start = start.max(other.end);
        } else {
            end = end.min(other.start);
        }
    }
    let mut outer = packet.sections.iter().filter(|section| section.level > 1);
    if let Some(section) = outer.find(|section| section.span.contains(verdict)) {
        (start, end) = (start.max(section.span.start), end.min(section.span.end));
    }
    Span::new(start.min(verdict.start), end.max(verdict.end))
}

/// Returns whether a text has a day: `2026-03-02`, `20260302`, `2026/03/02` or `2 March 2026`.
fn has_day(text: &str) -> bool {
    if first_day(text).is_some() {
        return true;
    }
    let is_year = |part: &str| {
        part.len() == 4 && part.starts_with("20") && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_short_day = |word: &str| {
        let digits = word.len() >= 8 && word.starts_with("20");
        digits && word.bytes().take(8).all(|byte| byte.is_ascii_digit())
    };
    let mut has_month = false;
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).any(|word| {
        let is_written = has_month && is_year(word);
        let start = word.get(..3).unwrap_or("").to_lowercase();
        has_month = MONTHS.contains(&start.as_str()) || (has_month && word.len() <= 4 && !is_year(word));
        is_written || is_short_day(word)
    }) || text.match_indices("20").any(|(at, _)| {
        let day = text.get(at..at + 10).unwrap_or("");
        let plain = day.replace(['/', '.'], "-");
        !day.contains('-') && plain.parse::<jiff::civil::Date>().is_ok()
    })
}

/// Returns whether a report names who wrote it: in a field, in a title, or in a word of its text.
fn names_validator(packet: &Packet, own: Span, text: &str, rule: &Rule) -> bool {
    let is_own = |field: &&Field| own.start <= field.label.start && field.label.start < own.end;
    let is_author = |field: &Field| field.is_filled() && rule.parameter("authors").contains(&field.key);
    packet.fields.iter().filter(is_own).any(is_author) || mentions_validator(text, rule)
}

/// Returns whether a text has the name of a role or model. Commands and paths do not count, such as
/// `just validator-scan`, and neither do the hints of the template.
fn mentions_validator(text: &str, rule: &Rule) -> bool {
    let names = rule.parameter("names");
    // One search for all names is faster than one for each word.
    let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(names);
    if finder.is_ok_and(|finder| !finder.is_match(text)) {
        return false;
    }
    let is_hint = |line: &&str| line.trim_start_matches(['-', '*', ' ', '\t']).starts_with('(');
    text.lines().filter(|line| !is_hint(line)).any(|line| {
        let said = line.split('`').step_by(2);
        said.into_iter().any(|part| {
            let lower = part.to_lowercase();
            let mut words =
                lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')));
            words.any(|word| is_role(word.trim_matches(['.', '-', '_', '/']), names))
        })
    })
}

fn is_role(word: &str, names: &[String]) -> bool {
    // `Validator-run` is an act of the role; `validator-scan` is a command.
    let act = word.strip_prefix("validator-").map(|act| ACTS.contains(&act));
    let is_path = word.contains(['/', '.']) || act == Some(false) || word.starts_with("wp-");
    let mut parts = word.split(['-', '_']);
    !is_path && parts.any(|part| names.iter().any(|name| name == part))
}

/// Returns whether METADATA names the validator of the packet.
fn is_named(packet: &Packet, rule: &Rule) -> bool {
    let is_author =
        |field: &&Field| field.key.contains("VALIDATOR") && rule.parameter("authors").contains(&field.key);
    packet.metadata.iter().filter(is_author).any(|field| {
        let value = field.bare_value().value.to_lowercase();
        field.is_filled() && !value.contains("unassigned") && !value.contains("unclaimed")
    })
}

/// Returns the time that a log of the validator's gates gives for a PASS of this packet.
fn recorded_time(input: &DocumentCheckContext<'_>) -> Option<String> {
    let id = input.document.id()?;
    let states = input.governance?.documents.iter().filter_map(|document| match &document.body {
        DocumentBody::ValidatorState(state) => Some(state),
        _ => None,
    });
    let mut sessions = states.flat_map(ValidatorState::all_sessions);
    sessions.find_map(|session| {
        let verdict = session.verdict.as_ref().map(|verdict| verdict.value.as_str());
        if session.packet() != Some(id.as_str()) || verdict != Some("PASS") {
            return None;
        }
        session.gates.iter().rev().find_map(|gate| gate.at.as_ref()).map(|at| at.value.clone())
    })
}
