//! `packet/…`: the parts of a validation report agree with its verdict.

use std::collections::HashSet;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::Packet;
use crate::document::field::Field;
use crate::document::outline::BlockKind;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, to_single_line};

/// Parts of a report whose names do not end with `_VERDICT`, and the value that each
/// has in a report with the verdict PASS.
const PARTS: [(&str, &[&str]); 6] = [
    ("VALIDATION_CONTEXT", &["OK", "VALID", "PASS"]),
    ("WORKFLOW_VALIDITY", &["VALID"]),
    ("SCOPE_VALIDITY", &["IN_SCOPE"]),
    ("PROOF_COMPLETENESS", &["PROVEN", "PROVED"]),
    ("INTEGRATION_READINESS", &["READY"]),
    ("DOMAIN_GOAL_COMPLETION", &["COMPLETE"]),
];
/// Maximum number of reports of one packet that are compared with their parts.
const MAX_REPORTS: usize = 20;
/// Values of a part that contradict a PASS, whatever the part.
const FAILING: [&str; 9] = [
    "FAIL",
    "FAILED",
    "NOT_PROVEN",
    "BLOCKED",
    "INVALID",
    "OUT_OF_SCOPE",
    "PARTIAL",
    "NOT_READY",
    "INCOMPLETE",
];

/// `packet/report-coherence`: a report with the verdict PASS has no failed part and no
/// open list `NOT_PROVEN`.
pub(in crate::check) fn coherence(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let mut out: Vec<Finding> = Vec::new();
    let reports = &packet.phases.reports;
    // The last reports decide; each one is compared with the fields of its section.
    let last = reports.iter().enumerate().rev().take(MAX_REPORTS);
    for (index, report) in last.filter(|(_, report)| report.verdict.value == "PASS") {
        let start = report.verdict.span.end;
        let end = reports.get(index + 1).map_or(usize::MAX, |next| next.verdict.span.start);
        let section = packet
            .sections
            .iter()
            .rfind(|section| section.level <= 2 && section.span.start <= start && start <= section.span.end);
        let end = end.min(section.map_or(usize::MAX, |section| section.span.end));
        let inside = |span: Span| start <= span.start && span.start < end;
        let fields: Vec<&Field> = packet.fields.iter().filter(|field| inside(field.label)).collect();
        let contradicting =
            fields.iter().copied().filter_map(|field| Some((field, contradiction(packet, field)?)));
        let all: Vec<(&Field, String)> = contradicting.collect();
        let Some((first, why)) = all.first() else { continue };
        let label = Label::text(&packet.source, report.verdict.span, "the verdict");
        let mut finding = rule.finding(format!("the verdict is PASS, but {why}"), label);
        finding = finding.related(Label::text(&packet.source, first.label, "this part"));
        for (field, why) in all.iter().skip(1).take(4) {
            finding = finding.note(format!("Also, {why}.")).related(Label::text(
                &packet.source,
                field.label,
                "this part",
            ));
        }
        out.push(finding);
    }
    out.into()
}

/// Returns why a part of a report contradicts the verdict PASS, as a clause.
fn contradiction(packet: &Packet, field: &Field) -> Option<String> {
    let value = field.bare_value().value.trim_matches(['*', ' ']).to_uppercase();
    let word: String = value.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
    let is_part = field.key.ends_with("_VERDICT") && field.key.len() > "_VERDICT".len();
    let known = PARTS.iter().find(|(key, _)| *key == field.key);
    if (is_part || known.is_some()) && FAILING.contains(&word.as_str()) {
        return Some(format!("{} is {}", field.key, to_single_line(&word, 40)));
    }
    // `just coverage-gaps: PASS` is a command with its result.
    let is_command = packet.source.slice(field.label).trim().contains(' ') && value == "PASS";
    // A risk is not an open point: a passed change can have some.
    let is_risk = field.key.split('_').any(|word| matches!(word, "RISK" | "RISKS"));
    let is_list = field.key == "NOT_PROVEN" || (field.key.ends_with("_GAPS") && !is_command && !is_risk);
    if is_list && let Some(open) = first_open_point(packet, field) {
        return Some(format!("{} lists `{}`", field.key, to_single_line(&open, 60)));
    }
    None
}

/// Returns whether a label is at the start of its line.
fn starts_line(packet: &Packet, label: Span) -> bool {
    packet
        .source
        .text()
        .get(..label.start)
        .is_some_and(|before| before.trim_end_matches(['*', '_']).ends_with('\n'))
}

/// Returns the first entry of a list that is not `NONE`.
fn first_open_point(packet: &Packet, field: &Field) -> Option<String> {
    let is_none = |text: &str| {
        let plain = text.trim().trim_matches(['`', '*', '-', ' ', '.']).to_uppercase();
        plain.is_empty()
            || plain == "NONE"
            || plain == "N/A"
            || plain.starts_with("NONE ")
            || crate::document::is_placeholder(text)
    };
    let inline = field.bare_value().value;
    if !is_none(inline) {
        return Some(inline.to_owned());
    }
    let outline = &packet.outline;
    let labelled: HashSet<usize> = packet.fields.iter().filter_map(|field| field.item).collect();
    let items: Vec<usize> = match field.item {
        // `NOT_PROVEN:` on a line of its own after an item: the items that follow.
        Some(item) if outline.item_prose(item) == Some(field.block) && starts_line(packet, field.label) => {
            let list = outline.get(item).and_then(|block| block.parent);
            let later = outline.children(list).filter(|other| *other > item);
            later.take_while(|item| !labelled.contains(item)).collect()
        }
        Some(item) => outline.items(Some(item)).collect(),
        // `NOT_PROVEN:` in a paragraph: the list after it.
        None => {
            let next =
                outline.get(field.block).map_or(field.block + 1, |block| block.end.max(field.block + 1));
            let list = outline.get(next).filter(|block| matches!(block.kind, BlockKind::List(_)));
            list.map_or_else(Vec::new, |_| outline.children(Some(next)).collect())
        }
    };
    let texts = items.into_iter().filter_map(|item| {
        let prose = outline.get(outline.item_prose(item)?)?;
        Some(packet.source.slice(prose.content).trim().to_owned())
    });
    texts.into_iter().find(|text| !is_none(text))
}
