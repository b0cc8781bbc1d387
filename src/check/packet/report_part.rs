//! `packet/report-part`: a validation report has the parts that its form demands.

use std::collections::BTreeSet;

use super::passed::Passed;
use super::report_files::{check_files, check_section};
use super::report_origin::check_origin;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::Packet;
use crate::document::field::Field;
use crate::document::packet::VerdictReport;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, to_single_line};

/// Key that only reports with split verdicts have.
const SPLIT_KEY: &str = "VALIDATION_CONTEXT";
/// Number of bytes above a verdict in which its reason is searched.
const MAX_REASON_DISTANCE: usize = 4 * 1024;

/// Maximum number of reports of one packet that are searched for a reason.
const MAX_REPORTS: usize = 20;

/// `packet/report-part`: the last report of a packet has a reason for its verdict, or the
/// parts of its profile.
pub(in crate::check) fn report_part(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let Some(report) = packet.phases.newest_report() else {
        return CheckResult::skipped("the packet contains no report");
    };
    let (start, end) = extent(packet, report.verdict.span);
    let is_own = |field: &&Field| start <= field.label.start && field.label.start < end;
    let own: Vec<&Field> = packet.fields.iter().filter(is_own).collect();
    let finding = if own.iter().any(|field| field.key == SPLIT_KEY) {
        check_parts(packet, report, &own, (start, end), rule)
    } else {
        check_reason(packet, report, (start, end), rule)
    };
    let is_over = Passed::of(packet).is_some() || input.is_packet_history(packet);
    let origin = is_over.then(|| check_origin(input, packet, report, rule)).flatten();
    let files = is_over.then(|| check_files(input, packet, report, rule)).flatten();
    let found = finding.into_iter().chain(check_commit(packet, &own, rule)).chain(origin).chain(files);
    let found = found.chain(check_section(packet, report, rule));
    found.map(|finding| input.level_by_standing(packet, finding)).collect::<Vec<_>>().into()
}

/// Number of hexadecimal digits from which a word is a commit id.
const MIN_COMMIT_DIGITS: usize = 7;

/// Returns a finding if the label of the reviewed commit has something else.
fn check_commit(packet: &Packet, own: &[&Field], rule: &Rule) -> Option<Finding> {
    let commit = own.iter().find(|field| rule.parameter("commits").contains(&field.key))?;
    let value = commit.filled_value()?;
    let is_id =
        |word: &str| word.len() >= MIN_COMMIT_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_none = ["NONE", "N/A", "PENDING"].iter().any(|word| value.value.to_uppercase().starts_with(word));
    if is_none || value.value.split(|c: char| !c.is_ascii_alphanumeric()).any(is_id) {
        return None;
    }
    let message =
        format!("the report names no commit: {} is `{}`", commit.key, to_single_line(&value.value, 60));
    Some(rule.finding(message, Label::text(&packet.source, value.span, "not a commit id")))
}

/// Returns the bytes of the report around a verdict: from the verdict before it, or the
/// heading of its part, to the next verdict or the end of its part.
fn extent(packet: &Packet, verdict: Span) -> (usize, usize) {
    let all = packet.phases.reports.iter().chain(&packet.phases.fenced_reports);
    let others: Vec<Span> = all.map(|report| report.verdict.span).filter(|span| *span != verdict).collect();
    let before = others.iter().filter(|span| span.end <= verdict.start).map(|span| span.end).max();
    let after = others.iter().filter(|span| span.start >= verdict.end).map(|span| span.start).min();
    let part = packet
        .sections
        .iter()
        .rfind(|section| section.span.start <= verdict.start && verdict.end <= section.span.end);
    let outer = packet.sections.iter().rfind(|section| {
        section.level <= 2 && section.span.start <= verdict.start && verdict.end <= section.span.end
    });
    let start = part.map_or(0, |part| part.span.start).max(before.unwrap_or(0));
    let end = outer.map_or(usize::MAX, |outer| outer.span.end).min(after.unwrap_or(usize::MAX));
    (start, end)
}

/// Returns a finding if a report with one verdict gives no reason for it.
fn check_reason(
    packet: &Packet,
    report: &VerdictReport,
    (start, end): (usize, usize),
    rule: &Rule,
) -> Option<Finding> {
    let verdict = report.verdict.value.as_str();
    let wanted = rule.parameter("reasons").iter().find(|reason| reason.ends_with(verdict))?;
    // A report without a verdict of its own can give the reason, too.
    if packet.source.text().to_uppercase().replace('_', " ").contains(wanted.as_str()) {
        return None;
    }
    // A further report can repeat the verdict of one that gives the reason.
    let same = packet.phases.reports.iter().rev().filter(|other| other.verdict.value == verdict);
    let same = same.take(MAX_REPORTS);
    let extents = same.map(|other| (other, extent(packet, other.verdict.span)));
    let mut extents = extents.chain([(report, (start, end))]);
    if extents.any(|(report, extent)| gives_reason(packet, report, extent, rule)) {
        return None;
    }
    let message = format!("the report has the verdict {verdict}, but no `{wanted}`");
    let label = Label::text(&packet.source, report.verdict.span, "no reason is given");
    let finding = rule.finding(message, label);
    // Its findings can be the reason of a FAIL.
    Some(if verdict == "PASS" { finding } else { finding.with_level(Level::Note) })
}

/// Returns whether a report names a reason.
fn gives_reason(packet: &Packet, report: &VerdictReport, (start, end): (usize, usize), rule: &Rule) -> bool {
    let text = packet.source.text();
    let mut from = start.max(report.verdict.span.start.saturating_sub(MAX_REASON_DISTANCE));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let own = text.get(from..end.min(text.len())).unwrap_or_default().to_uppercase().replace('_', " ");
    rule.parameter("words").iter().any(|word| own.contains(word.as_str()))
}

/// Returns a finding about the parts that the profile of a report with split verdicts
/// demands.
fn check_parts(
    packet: &Packet,
    report: &VerdictReport,
    own: &[&Field],
    (start, end): (usize, usize),
    rule: &Rule,
) -> Option<Finding> {
    if report.verdict.value != "PASS" {
        return None;
    }
    let value = |key: &str| {
        let own = own.iter().find(|field| field.key == key).and_then(|field| field.filled_value());
        own.or_else(|| packet.metadata_field(key).and_then(Field::filled_value)).map(|text| text.value)
    };
    let profile = value("GOVERNED_VALIDATOR_REPORT_PROFILE").unwrap_or_default();
    let version = value("PACKET_FORMAT_VERSION").unwrap_or_default();
    let tier = value("VALIDATOR_RISK_TIER").or_else(|| value("RISK_TIER")).unwrap_or_default();
    let is_high = tier == "HIGH";
    // A line is `name: PART, PART`; the name is the end of a profile, a day or a tier.
    let demanded = |list: &str, applies: &dyn Fn(&str) -> bool| -> Vec<String> {
        let lines = rule.parameter(list).iter().filter_map(|line| line.split_once(": "));
        let parts = lines.filter(|(name, _)| applies(name)).map(|(_, parts)| parts.to_owned());
        parts.flat_map(|parts| parts.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    let is_profile = |name: &str| profile.ends_with(name);
    let mut wanted = demanded("profiles", &is_profile);
    if wanted.is_empty() {
        return None;
    }
    wanted.extend(demanded("versions", &|day| !version.is_empty() && version.as_str() >= day));
    // A part is a label or a heading.
    let titled =
        packet.sections.iter().filter(|section| start <= section.span.start && section.span.start < end);
    let keys = own.iter().map(|field| field.key.as_str()).chain(titled.map(|section| section.key.as_str()));
    let known: BTreeSet<&str> = keys.collect();
    let missing: Vec<&String> = wanted.iter().filter(|part| !known.contains(part.as_str())).collect();
    let is_listed = |key: &str| rule.parameter("filled-at-high").iter().any(|part| part == key);
    let empty: Vec<&Field> = own
        .iter()
        .copied()
        .filter(|field| is_high && is_listed(&field.key) && lists_nothing(packet, field))
        .collect();
    let at = Label::text(&packet.source, report.verdict.span, "the verdict");
    let finding = match (missing.is_empty(), empty.first()) {
        (true, None) => return None,
        (true, Some(field)) => {
            let message =
                format!("the report has the verdict PASS at risk tier HIGH, but {} lists nothing", field.key);
            rule.finding(message, Label::text(&packet.source, field.label, "nothing is listed"))
        }
        (false, _) => {
            let names: Vec<&str> = missing.iter().map(|part| part.as_str()).collect();
            let message = format!("the report of the profile {profile} has no {}", names.join(", "));
            rule.finding(message, at)
        }
    };
    let others = empty.iter().skip(usize::from(missing.is_empty()));
    let noted =
        |finding: Finding, field: &&Field| {
            finding
                .note(format!("Also, {} lists nothing at risk tier HIGH.", field.key))
                .related(Label::text(&packet.source, field.label, "nothing is listed"))
        };
    Some(others.fold(finding, noted))
}

/// Returns whether a list below a label has no entry but `NONE`.
fn lists_nothing(packet: &Packet, field: &Field) -> bool {
    let outline = &packet.outline;
    let next = outline.get(field.block).map_or(field.block + 1, |block| block.end.max(field.block + 1));
    let items: Vec<usize> = match field.item {
        Some(item) => outline.items(Some(item)).collect(),
        None => outline.children(Some(next)).collect(),
    };
    let texts = items.iter().filter_map(|item| outline.get(outline.item_prose(*item)?));
    let mut texts = texts.map(|block| packet.source.slice(block.content).trim());
    let Some(first) = texts.next() else { return field.value.value.trim().eq_ignore_ascii_case("none") };
    first.eq_ignore_ascii_case("none") && texts.next().is_none()
}
