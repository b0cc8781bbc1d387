//! `waiver/record`: a waiver in a packet says what it permits.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::Packet;
use crate::document::packet::first_day;
use crate::document::waiver::Waiver;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, to_single_line, trim_spanned};

use super::MAX_WAIVERS;

/// `waiver/record`: every waiver in a packet has all its parts, and a scope with a limit. The
/// gate has `waiver/incomplete`.
pub(in crate::check) fn record(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let waivers = packet.waivers.iter().take(MAX_WAIVERS);
    let usual = usual_labels(packet);
    let found = waivers.filter_map(|waiver| {
        check_waiver(packet, waiver, rule).or_else(|| compare_with_others(packet, waiver, &usual, rule))
    });
    found.map(|finding| input.level_by_standing(packet, finding)).collect::<Vec<_>>().into()
}

fn check_waiver(packet: &Packet, waiver: &Waiver, rule: &Rule) -> Option<Finding> {
    let name = to_single_line(waiver.name(), 80);
    let here = Label::text(&packet.source, first_line(packet, waiver.span), "this waiver");
    let missing = find_missing(packet, waiver);
    let open = open_words(waiver);
    let finding = match (missing.as_slice(), open) {
        ([], None) => return None,
        ([], Some(words)) => {
            rule.finding(format!("the scope of the waiver `{name}` has no limit: `{words}`"), here)
        }
        (parts, _) => rule.finding(format!("the waiver `{name}` has no {}", parts.join(", ")), here),
    };
    let scope = waiver.scope.as_ref();
    let label = |span: Span| Label::text(&packet.source, first_line(packet, span), "without a limit");
    Some(match (open, scope) {
        (Some(_), Some(scope)) => finding.related(label(scope.span)),
        _ => finding,
    })
}

/// Returns the parts that are missing for sure: the text contains no word with which people
/// write them in a sentence. The policy can be in the heading of the section.
fn find_missing(packet: &Packet, waiver: &Waiver) -> Vec<&'static str> {
    let text = packet.source.slice(waiver.span).to_lowercase();
    let names_approver =
        ["approv", "authori", "granted", "operator", "signature"].iter().any(|word| text.contains(word));
    // `Waiver ID=W-1; Date=2026-01-02; …` in one line. Gates need a form with labels.
    let has_value = |key: &str| {
        let value = text.split_once(key).map(|(_, value)| value.trim_start());
        value.is_some_and(|value| value.starts_with(|c: char| c.is_alphanumeric()))
    };
    let missing = waiver.missing().into_iter();
    missing
        .filter(|part| match *part {
            "id" => !has_value("waiver id="),
            // `WAIVER-2026-01-01-ROLLOUT`
            "date" => first_day(waiver.name()).is_none() && !has_value("date="),
            part => part == "approver" && !names_approver,
        })
        .collect()
}

/// Words of a scope without a limit, in small letters.
const OPEN_WORDS: [&str; 10] = [
    "as needed",
    "as required",
    "as necessary",
    "if needed",
    "whatever is needed",
    "any file",
    "any path",
    "all files",
    "entire repository",
    "whole repository",
];

/// Returns the words of a scope that give it no limit.
pub(in crate::check) fn open_words(waiver: &Waiver) -> Option<&'static str> {
    let scope = waiver.scope.as_ref()?.value.to_lowercase();
    OPEN_WORDS.into_iter().find(|words| scope.contains(words))
}

/// Labels of parts that not every packet demands, with the words that say the same in a
/// sentence, all in small letters.
const OTHER_LABELS: [(&str, &[&str]); 3] = [
    ("approver", &["approved by", "granted by", "authorized by", "signed by", "signature", "operator"]),
    ("expiry", &["expir", "until", "valid for", "permanent", "closure", "this wp only"]),
    ("check waived", &["cx-", "c701-", "policy", "gate", "requirement", "waives "]),
];

/// Returns whether a waiver has a part with a label: `Expiry: 2026-03-01`.
fn has_label(text: &str, label: &str) -> bool {
    text.match_indices(label).any(|(at, _)| {
        let rest = text.get(at + label.len()..).unwrap_or("").trim_start_matches('*').trim_start();
        rest.starts_with([':', '='])
    })
}

/// Returns the parts of [`OTHER_LABELS`] that a waiver of the packet has with their labels.
fn usual_labels(packet: &Packet) -> Vec<(&'static str, &'static [&'static str])> {
    let texts: Vec<String> = packet
        .waivers
        .iter()
        .take(MAX_WAIVERS)
        .map(|waiver| packet.source.slice(waiver.span).to_lowercase())
        .collect();
    let is_usual = |label: &str| texts.iter().any(|text| has_label(text, label));
    OTHER_LABELS.into_iter().filter(|(label, _)| is_usual(label)).collect()
}

/// Returns a note if other waivers of the packet have parts that this one does not have.
fn compare_with_others(
    packet: &Packet,
    waiver: &Waiver,
    usual: &[(&'static str, &'static [&'static str])],
    rule: &Rule,
) -> Option<Finding> {
    let text = packet.source.slice(waiver.span).to_lowercase();
    // A waiver in a sentence, or in a table, has no labels of its own.
    if !["scope", "justification"].iter().any(|label| has_label(&text, label)) {
        return None;
    }
    let is_missing = |label: &str, words: &[&str]| {
        !has_label(&text, label) && !words.iter().any(|word| text.contains(word))
    };
    let missing: Vec<&str> =
        usual.iter().filter(|(label, words)| is_missing(label, words)).map(|(label, _)| *label).collect();
    if missing.is_empty() {
        return None;
    }
    let name = to_single_line(waiver.name(), 80);
    let message =
        format!("the waiver `{name}` has no {}, which other waivers of the packet have", missing.join(", "));
    let here = Label::text(&packet.source, first_line(packet, waiver.span), "this waiver");
    Some(rule.finding(message, here).with_level(Level::Note))
}

/// Returns the part of a span that is on its first line.
fn first_line(packet: &Packet, span: Span) -> Span {
    let line = packet.source.line_span(packet.source.line(span.start)).unwrap_or(span);
    trim_spanned(packet.source.text(), Span::new(span.start, line.end.min(span.end))).span
}
