//! `waiver/record`: a waiver in a packet says what it permits.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::Packet;
use crate::document::packet::first_day;
use crate::document::waiver::Waiver;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, to_single_line, trim_spanned};

use super::MAX_WAIVERS;

/// `waiver/record`: every waiver in a packet has all its parts, and a scope with a limit. The
/// gate has `waiver/incomplete`.
pub(in crate::check) fn record(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let waivers = packet.waivers.iter().take(MAX_WAIVERS);
    let found = waivers.filter_map(|waiver| check_waiver(packet, waiver, rule));
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

/// Returns the part of a span that is on its first line.
fn first_line(packet: &Packet, span: Span) -> Span {
    let line = packet.source.line_span(packet.source.line(span.start)).unwrap_or(span);
    trim_spanned(packet.source.text(), Span::new(span.start, line.end.min(span.end))).span
}
