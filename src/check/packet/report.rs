//! `packet/…`: the parts of a validation report agree with its verdict.

use std::collections::{HashMap, HashSet};

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::Packet;
use crate::document::denial::find_denial;
use crate::document::field::Field;
use crate::document::outline::BlockKind;
use crate::document::packet::fenced_report::{ReportLine, read_report_lines};
use crate::document::packet::{VERDICT_LABELS, VerdictReport};
use crate::document::pass_state::pass_state;
use crate::document::section::Section;
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
/// Values of a part that contradict no PASS.
const PASSING: [&str; 34] = [
    "PASS",
    "PASSED",
    "PASSES",
    "OK",
    "OKAY",
    "GREEN",
    "SUCCESS",
    "SUCCESSFUL",
    "ACCEPTED",
    "APPROVED",
    "VALID",
    "READY",
    "COMPLETE",
    "COMPLETED",
    "PROVEN",
    "PROVED",
    "IN_SCOPE",
    "ALIGNED",
    "CLEAN",
    "CLEAR",
    "CONFIRMED",
    "SATISFIED",
    "CURRENT",
    "NONE",
    "NONE_FOUND",
    "NO_FINDINGS",
    "N/A",
    "NA",
    "NOT_APPLICABLE",
    "NOT APPLICABLE",
    "NOT_REQUIRED",
    "NOT REQUIRED",
    "YES",
    "WAIVED",
];
/// Words of labels that name the verdict of another report.
const OTHER_REPORTS: [&str; 6] = ["PRIOR", "PREVIOUS", "EARLIER", "OLD", "SUPERSEDED", "FORMER"];
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
    let phases = &packet.phases;
    let mut reports: Vec<&VerdictReport> = phases.reports.iter().chain(&phases.fenced_reports).collect();
    reports.sort_by_key(|report| report.verdict.span);
    // The last reports decide; each one is compared with the fields of its section.
    let mut points = OpenPoints::new(packet);
    let last = reports.iter().enumerate().rev().take(MAX_REPORTS);
    for (index, report) in last.filter(|(_, report)| report.verdict.value == "PASS") {
        let verdict = report.verdict.span;
        let before = index.checked_sub(1).and_then(|before| reports.get(before));
        let before = before.map_or(0, |before| before.verdict.span.end);
        let after = reports.get(index + 1).map_or(usize::MAX, |next| next.verdict.span.start);
        let fence = packet
            .outline
            .blocks
            .iter()
            .find(|block| matches!(block.kind, BlockKind::Code(_)) && block.content.contains(verdict));
        let all = match fence {
            Some(fence) => {
                let lines = read_report_lines(packet.source.text(), fence.content);
                let own = lines.iter().filter(|line| before <= line.label.start && line.label.start < after);
                own.filter_map(|line| {
                    Some((line.label, contradiction_in_fence(line, !packet.waivers.is_empty())?))
                })
                .collect()
            }
            None => find_contradictions(packet, verdict, (before, after), &mut points),
        };
        let Some((first, why)) = all.first() else { continue };
        let label = Label::text(&packet.source, verdict, "the verdict");
        let mut finding = rule.finding(format!("the verdict is PASS, but {why}"), label);
        finding = finding.related(Label::text(&packet.source, *first, "this part"));
        for (part, why) in all.iter().skip(1).take(4) {
            let part = Label::text(&packet.source, *part, "this part");
            finding = finding.note(format!("Also, {why}.")).related(part);
        }
        out.push(finding);
    }
    out.into()
}

/// Returns the parts of a report that contradict its verdict, with the reasons. The report
/// ends with its section, and is between the verdicts of its neighbours.
fn find_contradictions(
    packet: &Packet,
    verdict: Span,
    (before, after): (usize, usize),
    points: &mut OpenPoints<'_>,
) -> Vec<(Span, String)> {
    let is_own = |section: &&Section| section.span.start <= verdict.end && verdict.end <= section.span.end;
    let section = packet.sections.iter().rfind(|section| section.level <= 2 && is_own(section));
    let end = after.min(section.map_or(usize::MAX, |section| section.span.end));
    // The parts above the verdict: those of its paragraph and, if the heading is nearer than
    // the verdict before, those below the heading.
    let innermost = packet.sections.iter().rfind(is_own).map_or(0, |section| section.span.start);
    let paragraph = packet.outline.blocks.iter().rfind(|block| {
        block.kind == BlockKind::Prose && block.parent.is_none() && block.content.contains(verdict)
    });
    let paragraph = paragraph.map_or(verdict.end, |block| block.span.start);
    let start = if innermost > before { innermost } else { paragraph.max(before) };
    let fields = packet.fields.iter().filter(|field| start <= field.label.start && field.label.start < end);
    let mut out: Vec<(Span, String)> =
        fields.filter_map(|field| Some((field.label, contradiction(packet, field, points)?))).collect();
    let text = packet.source.text();
    let extent = Span::new(start, end.min(text.len()));
    let loose = loose_parts(text, extent);
    out.extend(loose.into_iter().filter_map(|(span, key, value)| {
        Some((span, failed_part(&key, &value, !packet.waivers.is_empty())?))
    }));
    out
}

/// Returns the first item below a label without a value.
fn nested_text(packet: &Packet, field: &Field) -> Option<String> {
    let item = packet.outline.items(Some(field.item?)).next()?;
    let prose = packet.outline.get(packet.outline.item_prose(item)?)?;
    Some(packet.source.slice(prose.content).trim().to_owned())
}

/// Returns why a part of a report contradicts the verdict PASS, as a clause.
fn contradiction(packet: &Packet, field: &Field, points: &mut OpenPoints<'_>) -> Option<String> {
    let value = field.bare_value().value;
    let written = if value.is_empty() { nested_text(packet, field) } else { None };
    let written = written.unwrap_or_else(|| with_further_lines(packet, field));
    if let Some(why) = failed_part(&field.key, &written, !packet.waivers.is_empty()) {
        return Some(why);
    }
    // `just coverage-gaps: PASS` is a command with its result.
    let is_command = packet.source.slice(field.label).trim().contains(' ')
        && value.trim_matches(['*', ' ']).eq_ignore_ascii_case("PASS");
    if is_list_of_points(&field.key)
        && !is_command
        && let Some(open) = points.first(field)
    {
        return Some(format!("{} lists `{}`", field.key, to_single_line(&open, 60)));
    }
    None
}

/// Returns why a line of a report in a fence contradicts the verdict PASS, as a clause.
fn contradiction_in_fence(line: &ReportLine, has_waiver: bool) -> Option<String> {
    let first = line.items.first().filter(|_| line.value.value.is_empty());
    let written = match first {
        Some(first) => first.value.clone(),
        None => format!("{}{}", line.value.value, line.further),
    };
    if let Some(why) = failed_part(&line.key, &written, has_waiver) {
        return Some(why);
    }
    let texts = std::iter::once(&line.value).chain(&line.items).map(|text| text.value.as_str());
    let open = texts.filter(|_| is_list_of_points(&line.key)).find(|text| !is_none(text))?;
    Some(format!("{} lists `{}`", line.key, to_single_line(open, 60)))
}

/// Returns why the value of a part contradicts the verdict PASS, as a clause.
fn failed_part(key: &str, written: &str, has_waiver: bool) -> Option<String> {
    let value = written.trim_matches(['*', '`', ' ']).to_uppercase();
    let word: String = value.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
    let is_part = key.ends_with("_VERDICT") && key.len() > "_VERDICT".len();
    let known = PARTS.iter().find(|(part, _)| *part == key);
    if !is_part && known.is_none() {
        return None;
    }
    if FAILING.contains(&word.as_str()) {
        return Some(format!("{key} is {}", to_single_line(&word, 40)));
    }
    // The other verdicts of a report are reports of their own.
    let is_other = VERDICT_LABELS.contains(&key) || key.split('_').any(|word| OTHER_REPORTS.contains(&word));
    if is_other {
        return None;
    }
    let own = known.map_or(&[][..], |(_, states)| states);
    let states: Vec<&str> = PASSING.iter().chain(own).copied().collect();
    let shown = to_single_line(&written.split_whitespace().collect::<Vec<_>>().join(" "), 40);
    match pass_state(written, &states) {
        Some("WAIVED") if !has_waiver => Some(format!("{key} is WAIVED, and the packet grants no waiver")),
        Some(_) => None,
        None if shown.is_empty() => Some(format!("{key} is empty")),
        None => {
            let clause = find_denial(written).filter(|_| value.starts_with("PASS"));
            let reason = clause.map(|clause| format!(": it says `{}`", to_single_line(&clause, 80)));
            Some(format!("{key} is `{shown}`, not PASS{}", reason.unwrap_or_default()))
        }
    }
}

/// Returns the parts that lines name without a colon: `TEST_VERDICT = FAIL`, and the rows of
/// a table.
fn loose_parts(text: &str, span: Span) -> Vec<(Span, String, String)> {
    let mut out = Vec::new();
    let mut at = span.start;
    for line in text.get(span.start..span.end).unwrap_or("").split_inclusive('\n') {
        let start = at;
        at += line.len();
        let body = line.trim_start_matches(|c: char| c.is_whitespace() || "-*#|`>+".contains(c));
        let length =
            body.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
        let (key, rest) = body.split_at(length);
        let is_part = key.ends_with("_VERDICT") || PARTS.iter().any(|(part, _)| *part == key);
        let rest = rest.trim_start_matches(['*', '`', ' ', '\t']);
        if !is_part || !rest.starts_with(['=', '|', '-', '\u{2013}', '\u{2014}', '\u{2192}']) {
            continue;
        }
        let value =
            rest.trim_start_matches(|c: char| "=|-> ".contains(c) || "\u{2013}\u{2014}\u{2192}".contains(c));
        let value = if rest.starts_with('|') { value.split('|').next().unwrap_or("") } else { value };
        let key_at = start + line.len() - body.len();
        out.push((Span::new(key_at, key_at + length), key.to_owned(), value.trim().to_owned()));
    }
    out
}

/// Returns whether a field lists what is open.
fn is_list_of_points(key: &str) -> bool {
    // A risk is not an open point: a passed change can have some.
    let is_risk = key.split('_').any(|word| matches!(word, "RISK" | "RISKS"));
    key == "NOT_PROVEN" || (key.ends_with("_GAPS") && !is_risk)
}

/// Returns whether a text says that there is nothing.
fn is_none(text: &str) -> bool {
    let plain = text.trim().trim_matches(['`', '*', '-', ' ', '.']).to_uppercase();
    plain.is_empty()
        || plain == "NONE"
        || plain == "N/A"
        || plain.starts_with("NONE ")
        || crate::document::is_placeholder(text)
}

/// Returns whether a label is at the start of its line.
fn starts_line(packet: &Packet, label: Span) -> bool {
    packet
        .source
        .text()
        .get(..label.start)
        .is_some_and(|before| before.trim_end_matches(['*', '_']).ends_with('\n'))
}

/// Finds the open points of the lists of a packet. Each list is read once.
struct OpenPoints<'t> {
    packet: &'t Packet,
    /// Items with a label.
    labelled: HashSet<usize>,
    /// The first open point of a list, by the block with its label and whether the list is the
    /// items that follow.
    known: HashMap<(usize, bool), Option<String>>,
}

impl<'t> OpenPoints<'t> {
    fn new(packet: &'t Packet) -> Self {
        let labelled = packet.fields.iter().filter_map(|field| field.item).collect();
        Self { packet, labelled, known: HashMap::new() }
    }

    /// Returns the first entry of a list that is not `NONE`.
    fn first(&mut self, field: &Field) -> Option<String> {
        let inline = field.bare_value().value;
        if !is_none(inline) {
            return Some(inline.to_owned());
        }
        // `NOT_PROVEN:` on a line of its own after an item: the items that follow.
        let follows = field.item.is_some_and(|item| {
            self.packet.outline.item_prose(item) == Some(field.block) && starts_line(self.packet, field.label)
        });
        let key = (field.item.unwrap_or(field.block), follows);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.first_below(field, follows);
        self.known.insert(key, found.clone());
        found
    }

    fn first_below(&self, field: &Field, follows: bool) -> Option<String> {
        let outline = &self.packet.outline;
        let first_open = |mut items: Box<dyn Iterator<Item = usize> + '_>| {
            items.find_map(|item| self.text_of(item).filter(|text| !is_none(text)))
        };
        match field.item {
            Some(item) if follows => {
                let later = outline.siblings_after(item);
                first_open(Box::new(later.take_while(|item| !self.labelled.contains(item))))
            }
            Some(item) => first_open(Box::new(outline.items(Some(item)))),
            // `NOT_PROVEN:` in a paragraph: the list after it.
            None => {
                let next =
                    outline.get(field.block).map_or(field.block + 1, |block| block.end.max(field.block + 1));
                outline.get(next).filter(|block| matches!(block.kind, BlockKind::List(_)))?;
                first_open(Box::new(outline.children(Some(next))))
            }
        }
    }

    /// Returns the text of an item, up to a labelled line below it. Such a line without an
    /// indent is a part of the report of its own.
    fn text_of(&self, item: usize) -> Option<String> {
        let packet = self.packet;
        let prose = packet.outline.get(packet.outline.item_prose(item)?)?.content;
        // The fields are in the order of the document.
        let from = packet.fields.partition_point(|field| field.label.start <= prose.start);
        let below = packet.fields.get(from..).unwrap_or_default().iter();
        let mut below = below.take_while(|field| field.label.start < prose.end);
        let end = below.find(|field| starts_line(packet, field.label));
        let end = end.map_or(prose.end, |field| field.label.start);
        Some(packet.source.slice(Span::new(prose.start, end)).trim().to_owned())
    }
}

/// Returns the value of a part with the lines of its paragraph that go on with it: those in
/// front of the next label.
fn with_further_lines(packet: &Packet, field: &Field) -> String {
    let written = field.value.value.clone();
    let block = packet.outline.get(field.block).filter(|_| field.item.is_none());
    let Some(end) = block.map(|block| block.content.end) else { return written };
    let after = packet.fields.partition_point(|other| other.label.start <= field.label.start);
    let next = packet.fields.get(after).map_or(end, |next| next.label.start.min(end));
    let more = packet.source.text().get(field.value.span.end..next).unwrap_or("");
    // The marks in front of the next label are on its line.
    let is_cut = next < end;
    let more = if is_cut { more.rsplit_once('\n').map_or("", |(lines, _)| lines) } else { more };
    format!("{written}{more}")
}
