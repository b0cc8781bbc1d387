//! `packet/closure`: what a closed packet says of its closure agrees with itself.

use super::leftovers;
use super::passed::Passed;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::field::Field;
use crate::document::{Packet, PacketStatus};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, to_single_line};

/// Number of hexadecimal digits of a whole commit id.
const COMMIT_DIGITS: usize = 40;
/// Words with which a value says that something has not begun, or waits.
const OPEN_WORDS: [&str; 6] = ["PENDING", "READY_FOR_", "IN_PROGRESS", "NOT_STARTED", "AWAITING", "BLOCKED"];

/// Beginnings of the verdict in a snapshot that is not PASS.
const SNAPSHOT_WORDS: [&str; 7] =
    ["PENDING", "FAIL", "BLOCKED", "NOT_", "OUTDATED_ONLY", "ABANDONED", "IN_PROGRESS"];

/// `packet/closure`: the status of a packet, its snapshot of the present state and the fields
/// about its merge do not contradict each other.
pub(in crate::check) fn closure(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let mut found: Vec<Finding> = Vec::new();
    found.extend(check_snapshot(packet, rule));
    found.extend(check_second_status(packet, rule));
    found.extend(check_open_field(packet, rule));
    found.extend(leftovers::check_boxes(packet, rule));
    found.extend(leftovers::check_gates(packet, rule));
    found.extend(leftovers::check_limit(packet, rule));
    found.extend(check_merge(packet, rule));
    found.extend(check_compatibility(packet, rule));
    found.extend(check_clauses(packet, rule));
    found.into_iter().map(|finding| input.level_by_standing(packet, finding)).collect::<Vec<_>>().into()
}

fn at(packet: &Packet, span: Span, text: &str) -> Label {
    Label::text(&packet.source, span, text.to_owned())
}

fn is_nothing(text: &str) -> bool {
    let plain = text.trim().trim_matches(['`', '*', '-', ' ', '.']).to_uppercase();
    matches!(plain.as_str(), "" | "NONE" | "N/A" | "NOT_APPLICABLE" | "NOT_REQUIRED")
        || plain.strip_prefix("NONE").is_some_and(|rest| {
            rest.starts_with([' ', '.', ';', ',', ':'])
                && ![" BUT ", " EXCEPT "].iter().any(|word| rest.contains(word))
        })
}

/// Compares the verdict of the snapshot with the status, and its blockers with its verdict.
fn check_snapshot(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let verdict = packet.field_in("CURRENT_STATE", "VERDICT")?;
    let word = verdict.bare_value().value.trim_matches(['*', ' ']).to_uppercase();
    let is_open = SNAPSHOT_WORDS.iter().any(|open| word.starts_with(open));
    if let Some(passed) = Passed::of(packet).filter(|_| is_open) {
        let message = format!("CURRENT_STATE has the verdict {}, but {passed}", to_single_line(&word, 40));
        let finding = rule.finding(message, at(packet, verdict.value.span, "the snapshot"));
        return Some(finding.related(passed.label()));
    }
    let blockers = packet.field_in("CURRENT_STATE", "BLOCKERS")?;
    if word != "PASS" || is_nothing(blockers.bare_value().value) {
        return None;
    }
    let shown = to_single_line(blockers.unquoted_value(), 80);
    let message = format!("CURRENT_STATE has the verdict PASS, but the blocker `{shown}`");
    let there = at(packet, verdict.value.span, "the verdict");
    Some(rule.finding(message, at(packet, blockers.value.span, "still blocked")).related(there))
}

/// Maximum number of later lines with a status that are read.
const MAX_STATUSES: usize = 20;

/// Finds a later line that gives the packet another status, such as `**Status:** Blocked` below
/// a report.
fn check_second_status(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let status = packet.status.as_ref()?;
    let is_status = |field: &&Field| {
        matches!(field.key.as_str(), "STATUS" | "STATUS_UPDATE")
            && field.item.is_none()
            && field.label.start > status.span.end
    };
    let later = packet.fields.iter().filter(is_status).rev().take(MAX_STATUSES);
    let (last, read) = later.filter(|field| !is_said_of_part(packet, field)).find_map(|field| {
        let read = PacketStatus::read(field.bare_value().value);
        (!matches!(read, PacketStatus::Unknown(_))).then_some((field, read))
    })?;
    let group = |status: &PacketStatus| match status {
        PacketStatus::ReadyForDev | PacketStatus::InProgress | PacketStatus::Blocked => 1,
        PacketStatus::Done | PacketStatus::DoneHistorical | PacketStatus::Validated(_) => 2,
        PacketStatus::Superseded => 3,
        PacketStatus::Unknown(_) => 0,
    };
    let (own, other) = (group(&status.value), group(&read));
    // A report repeats its verdict; `packet/verdict` compares it with the status.
    let has_passed = packet.phases.newest_report().is_some_and(|report| report.verdict.value == "PASS");
    if own == 0 || own == other || (other == 2 && has_passed) {
        return None;
    }
    let message = format!("a later line gives the status `{read}`, but the packet has `{}`", status.value);
    let there = at(packet, status.span, "the status of the packet");
    Some(rule.finding(message, at(packet, last.value.span, "a second status")).related(there))
}

/// Returns whether a status is that of a part of the packet: the field is inside a section
/// that is not a report and not the head.
fn is_said_of_part(packet: &Packet, field: &Field) -> bool {
    let own = packet.sections.iter().rfind(|section| section.blocks.contains(&field.block));
    own.is_some_and(|section| {
        let is_report = section.key.contains("REPORT") || section.key.contains("VALIDATION");
        let outer = packet.sections.iter().filter(|outer| outer.span.contains(section.span));
        section.level > 1 && !is_report && !outer.into_iter().any(|outer| outer.key.contains("REPORT"))
    })
}

/// Finds a field of METADATA that says that a validated packet still waits for something.
fn check_open_field(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let passed = Passed::of(packet)?;
    let is_open = |field: &&Field| {
        let value = field.bare_value().value.to_uppercase().replace([' ', '-'], "_");
        rule.parameter("states").contains(&field.key)
            && OPEN_WORDS.iter().any(|word| value.starts_with(word) || value.ends_with(word))
    };
    let open: Vec<&Field> = packet.metadata.iter().filter(is_open).collect();
    let (first, others) = open.split_first()?;
    let shown = to_single_line(first.bare_value().value, 60);
    let message = format!("{} is {shown}, but {passed}", first.key);
    let label = |field: &Field| at(packet, field.value.span, "not the state of a validated packet");
    let finding = rule.finding(message, label(first)).related(passed.label());
    Some(others.iter().fold(finding, |finding, field| finding.related(label(field))))
}

/// Compares the containment in main with the status, and finds an abbreviated commit.
fn check_merge(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let containment = packet.metadata_field("MAIN_CONTAINMENT_STATUS")?;
    let value = containment.bare_value().value;
    if let Some(passed) = Passed::of(packet)
        && passed.is_validated()
        && matches!(value, "NOT_STARTED" | "MERGE_PENDING")
    {
        let message = format!("{passed}, but MAIN_CONTAINMENT_STATUS is {value}");
        let finding = rule.finding(message, at(packet, containment.value.span, "not in main"));
        return Some(finding.related(passed.label()));
    }
    let commit = packet.metadata_field("MERGED_MAIN_COMMIT").and_then(Field::filled_value)?;
    let is_hex = commit.value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if value != "CONTAINED_IN_MAIN"
        || !is_hex
        || commit.value.len() >= COMMIT_DIGITS
        || commit.value.len() < 4
    {
        return None;
    }
    let message = format!("MERGED_MAIN_COMMIT is abbreviated to {} digits", commit.value.len());
    Some(rule.finding(message, at(packet, commit.span, "not a whole commit id")))
}

/// Finds a check of compatibility that names no commit or no time.
fn check_compatibility(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let status = packet.metadata_field("CURRENT_MAIN_COMPATIBILITY_STATUS")?;
    let value = status.bare_value().value;
    if !matches!(value, "COMPATIBLE" | "ADJACENT_SCOPE_REQUIRED") {
        return None;
    }
    let names = ["CURRENT_MAIN_COMPATIBILITY_BASELINE_SHA", "CURRENT_MAIN_COMPATIBILITY_VERIFIED_AT_UTC"];
    let is_empty = |field: &&Field| is_nothing(field.bare_value().value) || !field.is_filled();
    let mut empty = names.iter().filter_map(|name| packet.metadata_field(name)).filter(is_empty);
    let mut finding = empty.next().map(|field| {
        let message = format!("the compatibility with main is {value}, but {} is not filled", field.key);
        rule.finding(message, at(packet, field.value.span.join(field.label), "not filled"))
    });
    if let Some(more) = empty.next() {
        finding = finding.map(|finding| finding.related(at(packet, more.label, "not filled either")));
    }
    let decision = packet.metadata_field("PACKET_WIDENING_DECISION");
    let undecided = decision.filter(|field| field.bare_value().value == "NONE");
    match (finding, undecided) {
        (Some(finding), Some(field)) => {
            Some(finding.related(at(packet, field.label, "not decided")).note(format!(
                "Also, no PACKET_WIDENING_DECISION was made, although the check says {value}."
            )))
        }
        (None, Some(field)) => {
            let message =
                format!("the compatibility with main is {value}, but no PACKET_WIDENING_DECISION was made");
            Some(rule.finding(message, at(packet, field.value.span, "not decided")))
        }
        (finding, None) => finding,
    }
}

/// Finds rows of the clause matrix that a validated packet left open.
fn check_clauses(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let passed = Passed::of(packet)?;
    let section = packet.section("CLAUSE_CLOSURE_MATRIX")?;
    let open: Vec<(Span, String)> = section
        .blocks
        .clone()
        .filter_map(|index| {
            let block = packet.outline.get(index)?;
            let text = packet.source.slice(block.content);
            if !text.starts_with("CLAUSE:") {
                return None;
            }
            let state = ["CODER_STATUS: UNPROVEN", "VALIDATOR_STATUS: PENDING", "VALIDATOR_STATUS: REJECTED"];
            let at = state.iter().find_map(|state| Some((text.find(state)?, *state)))?;
            let start = block.content.start + at.0;
            Some((Span::new(start, start + at.1.len()), at.1.to_owned()))
        })
        .collect();
    let ((first, state), others) = open.split_first()?;
    let message = format!(
        "{passed}, but {} of the clause matrix has `{state}`",
        if others.is_empty() { "a row".to_owned() } else { format!("{} rows", open.len()) }
    );
    let mut finding = rule.finding(message, at(packet, *first, "an open row")).related(passed.label());
    for (span, _) in others.iter().take(3) {
        finding = finding.related(at(packet, *span, "another open row"));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::is_nothing;

    #[test]
    fn a_remark_behind_none_is_no_blocker() {
        for text in ["NONE", "`none`", "None (checked twice)", "NONE. The gates passed at `7aa995b`.", "N/A"]
        {
            assert!(is_nothing(text), "{text}");
        }
        for text in ["NONEXISTENT log", "None, but the pump is broken", "NONE. Except the pump.", "the pump"]
        {
            assert!(!is_nothing(text), "{text}");
        }
    }
}
