//! `packet/closure`: boxes that a passed packet left open, and more reviews than it allows.

use std::collections::BTreeSet;

use super::passed::{Passed, blocks_below};
use crate::document::Packet;
use crate::document::field::Field;
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::document::outline::BlockKind;
use crate::document::packet::VerdictReport;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, Spanned, format_count, to_single_line};

/// Maximum number of further boxes that one finding shows.
const MAX_BOXES: usize = 9;
/// Maximum number of boxes that a message names.
const MAX_NAMED: usize = 3;
/// Number of bytes of a box that a message shows.
const MAX_NAME: usize = 50;

/// Words in the titles of the sections whose boxes are about the work that was done.
const GATE_SECTIONS: [&str; 5] = ["VALIDATION", "HYGIENE", "GATE", "CHECKLIST", "MANIFEST"];
/// Words in the titles of the sections whose boxes are not: reports are records, and texts of
/// instructions are for another time.
const OTHER_SECTIONS: [&str; 7] =
    ["REPORT", "TEMPLATE", "INSTRUCTION", "EXAMPLE", "HISTORY", "REFINEMENT", "PROTOCOL"];
/// Words with which a box says that it does not count. The text is in small letters.
const NOT_COUNTED: [&str; 12] = [
    "not required",
    "not needed",
    "not applicable",
    "n/a",
    "optional",
    "if required",
    "if applicable",
    "if needed",
    "when required",
    "when applicable",
    "waived",
    "out of scope",
];
/// The first words of boxes that are a choice.
const CHOICES: [&str; 6] = ["yes", "no", "pass", "fail", "n/a", "none"];

fn at(packet: &Packet, span: Span, text: &str) -> Label {
    Label::text(&packet.source, span, text.to_owned())
}

/// Finds criteria of a passed packet whose boxes are not ticked.
pub(super) fn check_boxes(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let passed = Passed::of(packet)?;
    let box_of = |span: Span| {
        let line = packet.source.line_span(packet.source.line(span.start))?;
        let at = packet.source.slice(line).find("[ ]")?;
        Some(Span::new(line.start + at, line.start + at + 3))
    };
    let open: Vec<Span> =
        packet.done_means.iter().filter_map(|criterion| box_of(criterion.text.span)).collect();
    let (verb, number) = verb_and_boxes(&open);
    report(packet, format!("{passed}, but {number} of DONE_MEANS {verb} not ticked"), &passed, &open, rule)
}

/// Returns the verb for boxes, and their number in words.
fn verb_and_boxes(open: &[Span]) -> (&'static str, String) {
    let number = format_count(open.len(), "box").replace("boxs", "boxes");
    (if open.len() == 1 { "is" } else { "are" }, number)
}

/// Returns one finding that points at all boxes.
fn report(
    packet: &Packet,
    message: String,
    passed: &Passed<'_>,
    open: &[Span],
    rule: &Rule,
) -> Option<Finding> {
    let (first, others) = open.split_first()?;
    let finding = rule.finding(message, at(packet, *first, "not ticked")).related(passed.label());
    let shown = others.iter().take(MAX_BOXES);
    Some(shown.fold(finding, |finding, span| finding.related(at(packet, *span, "not ticked"))))
}

/// Finds the boxes of gates and checklists that a passed packet did not tick.
pub(super) fn check_gates(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let passed = Passed::and_not_failed(packet)?;
    let gates = open_gates(packet);
    let open: Vec<Span> = gates.iter().map(|(span, _)| *span).collect();
    let names: Vec<String> = gates
        .iter()
        .take(MAX_NAMED)
        .map(|(_, text)| format!("`{}`", to_single_line(text, MAX_NAME)))
        .collect();
    let (verb, number) = verb_and_boxes(&open);
    let more = if gates.len() > MAX_NAMED { ", …" } else { "" };
    let message =
        format!("{passed}, but {number} of its gates {verb} not ticked: {}{more}", names.join(", "));
    report(packet, message, &passed, &open, rule)
}

/// Returns the open boxes of gates, each with its text, in document order.
fn open_gates(packet: &Packet) -> Vec<(Span, &str)> {
    let has = |words: &'static [&str]| move |key: &str| words.iter().any(|word| key.contains(word));
    let gates = blocks_below(packet, has(&GATE_SECTIONS));
    let others = blocks_below(packet, has(&OTHER_SECTIONS));
    let is_in = |marks: &[bool], index: usize| marks.get(index).copied().unwrap_or(false);
    let criteria: BTreeSet<usize> =
        packet.done_means.iter().map(|criterion| packet.source.line(criterion.text.span.start)).collect();
    let templates: Vec<Span> = template_gates(packet).into_iter().chain(unfilled_gates(packet)).collect();
    let items = packet.outline.blocks.iter().enumerate().filter(|(_, block)| block.kind == BlockKind::Item);
    let items = items.filter(|(index, _)| is_in(&gates, *index) && !is_in(&others, *index));
    items
        .filter_map(|(index, _)| {
            let prose = packet.outline.get(packet.outline.item_prose(index)?)?.content;
            let text = packet.source.slice(prose).strip_prefix("[ ]")?.trim();
            let is_template = templates.iter().any(|template| template.contains(prose));
            let is_criterion = criteria.contains(&packet.source.line(prose.start));
            let span = Span::new(prose.start, prose.start + 3);
            (!is_template && !is_criterion && is_counted(text)).then_some((span, text))
        })
        .collect()
}

/// Returns the gates of a manifest that is still that of the template.
fn template_gates(packet: &Packet) -> Option<Span> {
    let template = packet.manifest_template?;
    let is_label = |field: &&Field| field.key == "GATES_PASSED" && template.contains(field.label);
    let item = packet.fields.iter().find(is_label)?.item?;
    Some(packet.outline.get(item)?.span)
}

/// Returns the gates of a manifest without a window and without a ticked box: it was never filled,
/// and `packet/template-text` says so.
fn unfilled_gates(packet: &Packet) -> Option<Span> {
    let is_absent = |number: &Option<Spanned<ManifestNumber>>| {
        number.as_ref().is_none_or(|number| number.value == ManifestNumber::NotApplicable)
    };
    let is_unfilled = |manifest: &&Manifest| {
        let is_ticked = manifest.gates.iter().any(|gate| gate.is_ticked);
        !is_ticked && is_absent(&manifest.start) && is_absent(&manifest.end)
    };
    let gates = &packet.manifests.iter().find(is_unfilled)?.gates;
    Some(gates.first()?.span.join(gates.last()?.span))
}

/// Returns whether an open box says that something was not done, and not that it was not asked.
fn is_counted(text: &str) -> bool {
    let lower = text.to_lowercase();
    let word: String = lower.chars().take_while(|c| c.is_alphanumeric() || *c == '/').collect();
    // `skipped` needs a reason.
    let reason = lower.split_once("skipped").map_or("", |(_, reason)| reason);
    let is_skipped = reason.contains(|c: char| c.is_alphanumeric());
    !(text.is_empty()
        || CHOICES.contains(&word.as_str())
        || crate::document::is_placeholder(text)
        || NOT_COUNTED.iter().any(|words| lower.contains(words))
        || is_skipped)
}

/// Compares the number of validation reports with the limit that the packet sets.
pub(super) fn check_limit(packet: &Packet, rule: &Rule) -> Option<Finding> {
    Passed::of(packet)?;
    let limits = rule.parameter("limits");
    let limit = packet.metadata.iter().find(|field| limits.contains(&field.key))?;
    let allowed: usize = limit.bare_value().value.parse().ok()?;
    let reviews = reviews(packet);
    let (first, others) = reviews.get(allowed..)?.split_first()?;
    // The operator can allow more; the packet records it. The line with the limit itself is the rule.
    let is_allowed = |line: &str| {
        let lower = line.to_lowercase();
        !line.contains(&limit.key) && rule.parameter("allowing").iter().any(|words| lower.contains(words))
    };
    if packet.source.text().lines().any(is_allowed) {
        return None;
    }
    let message = format!("{} is {allowed}, but the packet was reviewed {} times", limit.key, reviews.len());
    let finding = rule.finding(message, at(packet, limit.value.span, "the limit"));
    let finding = finding.related(at(packet, *first, "a verdict above the limit"));
    let shown = others.iter().take(MAX_BOXES);
    Some(shown.fold(finding, |finding, span| finding.related(at(packet, *span, "another one"))))
}

/// Returns the verdicts of the reviews of a packet, by their times. A report can repeat the
/// verdict of another one, and a PASS after a PASS is no further review.
fn reviews(packet: &Packet) -> Vec<Span> {
    let mut reports: Vec<&VerdictReport> = packet.phases.reports.iter().collect();
    if reports.iter().all(|report| report.at.is_some()) {
        reports.sort_by(|a, b| a.at.cmp(&b.at));
    }
    let part = |report: &VerdictReport| {
        packet.sections.partition_point(|section| section.span.start <= report.verdict.span.start)
    };
    let mut out = Vec::new();
    let mut before: Option<&VerdictReport> = None;
    for report in reports {
        let is_repeated = before.is_some_and(|before| {
            let is_same = report.at.is_some() && before.at == report.at;
            let both_passed = before.verdict.value == "PASS" && report.verdict.value == "PASS";
            is_same || both_passed || part(before) == part(report)
        });
        if !is_repeated {
            out.push(report.verdict.span);
        }
        before = Some(report);
    }
    out
}
