//! `evidence/record`: under a PASS, no line says that tests were not run.

use super::failed::bounds;
use crate::document::Packet;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, beginning, to_single_line};

/// Number of bytes of a line that are read.
const MAX_LINE: usize = 512;
/// Sections in which the coder says what was run.
const SECTIONS: [&str; 3] = ["HYGIENE", "EVIDENCE", "IMPLEMENTATION"];
/// Beginnings of a line of a report about the tests, in small letters.
const ABOUT_TESTS: [&str; 5] = ["tests", "test_plan", "test plan", "test results", "commands run"];
/// Words with which a report says that its validator ran nothing, in small letters.
const NOT_AGAIN: [&str; 9] = [
    "not re-run",
    "not rerun",
    "not run in this",
    "not re-executed",
    "not reran",
    "from packet evidence",
    "from the packet's evidence",
    "did not run",
    "validator ran no",
];
/// Beginnings of a line that says that its part was not run, in small letters.
const NOT_RUN: [&str; 4] = ["not run", "not rerun", "not re-run", "not executed"];
/// Words that give a reason for it, in small letters.
const REASONS: [&str; 12] = [
    "optional",
    "conditional",
    "waive",
    "not applicable",
    "n/a",
    "not required",
    "no code change",
    "no implementation change",
    "no non-doc",
    "superseded",
    "prior run",
    "earlier run",
];

/// Finds lines that say that tests were not run, in a packet whose newest report has the verdict
/// PASS: one of the report, and one of the coder's record. A waiver about tests permits it.
pub(super) fn check_not_run(packet: &Packet, rule: &Rule) -> Vec<Finding> {
    let newest = packet.phases.newest_report().filter(|report| report.verdict.value == "PASS");
    let Some(newest) = newest.filter(|_| !has_waiver(packet)) else { return Vec::new() };
    let (first, next) = bounds(packet, newest);
    let end = next.min(packet.source.text().len());
    let report = Span::new(newest.verdict.span.end.min(end), end);
    let in_report = |line: &str| {
        let is_said = |words: &&str| line.split_once(words).is_some_and(|(before, _)| !is_habit(before));
        ABOUT_TESTS.iter().any(|start| line.starts_with(start)) && NOT_AGAIN.iter().any(is_said)
    };
    let in_record = |line: &str| NOT_RUN.iter().any(|start| line.starts_with(start));
    let sections = packet.sections.iter().filter(|section| SECTIONS.contains(&section.key.as_str()));
    let mut records = sections.map(|section| section.span).filter(|span| span.end <= first);
    let repeated = find_line(packet, report, in_report).map(|at| (at, "not run by the validator"));
    let left = records.find_map(|span| find_line(packet, span, in_record)).map(|at| (at, "not run"));
    let label = |span: Span, text: &str| Label::text(&packet.source, span, text.to_owned());
    let finding = |(at, text): (Span, &str)| {
        let shown = to_single_line(packet.source.slice(at), 80);
        let message = format!("the newest report has the verdict PASS, but tests were not run: `{shown}`");
        let finding = rule.finding(message, label(at, text)).with_level(Level::Note);
        finding.related(label(newest.verdict.span, "the verdict"))
    };
    repeated.into_iter().chain(left).map(finding).collect()
}

/// Returns whether the words before `not run` make it a habit or a demand: `it does`, `must`.
fn is_habit(before: &str) -> bool {
    let last = before.split_whitespace().next_back().unwrap_or("");
    matches!(last, "does" | "do" | "must" | "should" | "will" | "would" | "can" | "may")
}

/// Returns whether a waiver of the packet is about tests.
fn has_waiver(packet: &Packet) -> bool {
    packet.waivers.iter().any(|waiver| {
        let text = packet.source.slice(waiver.span).to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.any(|word| matches!(word, "test" | "tests" | "testing" | "smoke" | "manual"))
    })
}

/// Returns the first line of a part with these words, without its mark, and without a reason.
fn find_line(packet: &Packet, part: Span, is_wanted: impl Fn(&str) -> bool) -> Option<Span> {
    let mut start = part.start;
    packet.source.slice(part).split_inclusive('\n').find_map(|line| {
        let begin = start;
        start += line.len();
        let text = line.trim_start_matches([' ', '\t', '-', '*', '+', '>']);
        let lower = beginning(text, MAX_LINE).to_lowercase();
        let has_reason = REASONS.iter().any(|reason| lower.contains(reason));
        let at = begin + (line.len() - text.len());
        (is_wanted(&lower) && !has_reason).then(|| Span::new(at, at + text.trim_end().len()))
    })
}

#[cfg(test)]
mod tests {
    use super::is_habit;

    #[test]
    fn a_habit_is_no_result() {
        for before in ["the daemon does ", "it must\t", "tests should "] {
            assert!(is_habit(before), "{before}");
        }
        for before in ["tests (", "", "the suite was "] {
            assert!(!is_habit(before), "{before}");
        }
    }
}
