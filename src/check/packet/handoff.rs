//! `packet/handoff-status`: the handoff repeats the packet's status, and asks for nothing that
//! is over.

use super::passed::{Passed, blocks_below};
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::field::Field;
use crate::document::outline::BlockKind;
use crate::document::{Packet, PacketStatus};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, beginning, to_single_line};

/// Fields of a handoff that repeat the status.
const KEYS: [&str; 2] = ["CURRENT_WP_STATUS", "WP_STATUS"];
/// Fields of a handoff that name the next step.
const NEXT_KEYS: [&str; 4] = ["NEXT_STEP_HANDOFF_HINT", "NEXT_STEP", "NEXT_STEPS", "NEXT_STEP_HANDOFF"];
/// Key of the section with the handoffs.
const SECTION: &str = "STATUS_HANDOFF";
/// Number of bytes of a handoff that are searched, and of those that a message shows.
const MAX_SEARCHED: usize = 4 * 1024;
const MAX_SHOWN: usize = 80;

/// `packet/handoff-status`: the last handoff of a packet does not contradict its status.
pub(in crate::check) fn handoff_status(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let Some(status) = &packet.status else { return CheckResult::skipped("the packet has no status") };
    // Handoffs are appended, so the last one counts.
    let filled = |field: &&Field| KEYS.contains(&field.key.as_str()) && field.filled_value().is_some();
    let last = packet.fields.iter().rfind(filled);
    if let Some(finding) = last.and_then(|handoff| check_status(packet, &status.value, handoff, rule)) {
        let is_history = is_history(input, packet);
        return Some(if is_history { finding.with_level(Level::Note) } else { finding }).into();
    }
    let stale = check_stale(input, packet, last, rule);
    if stale.is_none() && last.is_none() {
        return CheckResult::skipped("the handoff names no status");
    }
    stale.map(|finding| input.level_by_standing(packet, finding)).into()
}

/// Compares the status that a handoff repeats with that of the packet.
fn check_status(packet: &Packet, status: &PacketStatus, handoff: &Field, rule: &Rule) -> Option<Finding> {
    let told = is_over(handoff.unquoted_value())?;
    if is_status_over(status)? == told {
        return None;
    }
    let shown = to_single_line(handoff.unquoted_value(), 60);
    let message = format!("the handoff says `{shown}`, but the status is `{status}`");
    let finding = rule.finding(message, Label::text(&packet.source, handoff.value.span, "the handoff"));
    let there = packet.status.as_ref().map(|own| Label::text(&packet.source, own.span, "the status"));
    Some(there.into_iter().fold(finding, Finding::related))
}

/// Returns what says that a packet passed: the packet itself, or the board if the newest report
/// does not deny it.
fn find_passed(input: &DocumentCheckContext<'_>, packet: &Packet) -> Option<(String, Label)> {
    if let Some(passed) = Passed::and_not_failed(packet) {
        return Some((passed.to_string(), passed.label()));
    }
    let id = input.document.id()?;
    let is_over = packet.status.as_ref().is_some_and(|status| status.value == PacketStatus::Done);
    let newest = packet.phases.newest_report().map(|report| report.verdict.value.as_str());
    let agrees = newest == Some("PASS") || (is_over && newest.is_none());
    let entry = input.governance?.validated_entry(id.as_str()).filter(|_| agrees)?;
    Some(("the board says `VALIDATED`".to_owned(), entry))
}

/// Finds a handoff that still waits in a packet that passed.
fn check_stale(
    input: &DocumentCheckContext<'_>,
    packet: &Packet,
    last: Option<&Field>,
    rule: &Rule,
) -> Option<Finding> {
    let (passed, says) = find_passed(input, packet)?;
    let is_handoff = blocks_below(packet, |key| key == SECTION);
    let in_handoff = |field: &&Field| is_handoff.get(field.block) == Some(&true);
    let status = last.filter(in_handoff).filter(|field| waits(field.unquoted_value(), rule));
    let is_next = |field: &&Field| NEXT_KEYS.contains(&field.key.as_str());
    let step = || {
        let next = packet.fields.iter().filter(is_next).rfind(in_handoff)?;
        next_steps(packet, next).into_iter().find_map(|span| asked(packet, span, rule))
    };
    let (message, span) = match status {
        Some(field) => {
            let shown = to_single_line(field.unquoted_value(), MAX_SHOWN);
            (format!("the handoff still says `{shown}`, but {passed}"), field.value.span)
        }
        None => {
            let span = step()?;
            let shown = to_single_line(packet.source.slice(span).trim_matches('`'), MAX_SHOWN);
            (format!("the next step of the handoff is still `{shown}`, but {passed}"), span)
        }
    };
    let finding = rule.finding(message, Label::text(&packet.source, span, "the handoff"));
    Some(finding.related(says))
}

/// Returns whether a status says that the packet waits for something.
fn waits(text: &str, rule: &Rule) -> bool {
    let text = plain(text);
    let is_taken_back = rule.parameter("takes-back").iter().any(|words| text.contains(words.as_str()));
    is_over(&text).is_none()
        && !is_taken_back
        && rule.parameter("waits").iter().any(|words| text.contains(words.as_str()))
}

/// Returns the start of a text in small letters, with spaces for the marks that join words.
fn plain(text: &str) -> String {
    let start = beginning(text, MAX_SEARCHED);
    start.to_lowercase().replace("in-progress", "in progress").replace('_', " ")
}

/// Returns the texts of a next step: its value, and the items below it or after it.
fn next_steps(packet: &Packet, field: &Field) -> Vec<Span> {
    let outline = &packet.outline;
    let below = field.item.and_then(|item| outline.get(item)).map_or(0, |block| block.end);
    let texts = (field.block + 1..below).filter_map(|index| outline.get(index));
    let texts = texts.filter(|block| block.kind == BlockKind::Prose).map(|block| block.content);
    let mut out: Vec<Span> = std::iter::once(field.value.span).chain(texts).collect();
    // People also write the steps on the level of their label.
    if field.value.value.is_empty()
        && out.len() == 1
        && let Some(item) = field.item
    {
        let later = outline.siblings_after(item).take(1).filter_map(|next| outline.item_prose(next));
        out.extend(later.filter_map(|prose| outline.get(prose)).map(|block| block.content));
    }
    out
}

/// Returns the sentence of a next step that asks for something which is over.
fn asked(packet: &Packet, span: Span, rule: &Rule) -> Option<Span> {
    let text = packet.source.slice(span);
    let text = beginning(text, MAX_SEARCHED);
    let own = packet.title_id.as_ref().map_or("", |id| id.value.as_str()).to_lowercase();
    let mut start = 0;
    for sentence in sentences(text) {
        let at = start + (sentence.len() - sentence.trim_start().len());
        start += sentence.len();
        let lower = plain(sentence).replace("test plan", "test_plan");
        let has = |name: &str| rule.parameter(name).iter().any(|words| lower.contains(words.as_str()));
        let is_other = |word: &str| word.starts_with("wp-") && !own.is_empty() && !own.starts_with(word);
        let words = lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.')));
        let mut words = words.map(|word| word.trim_end_matches('.'));
        if has("asks") && !has("takes-back") && !words.any(is_other) {
            return Some(Span::new(span.start + at, span.start + at + sentence.trim().len()));
        }
    }
    None
}

/// Returns the sentences of a text, with all that is between them.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let stops = [". ", ".\n", "; ", ";\n"];
        let end = stops.iter().filter_map(|stop| rest.find(stop)).min().map_or(rest.len(), |at| at + 1);
        let (sentence, more) = rest.split_at_checked(end)?;
        rest = more;
        Some(sentence)
    })
}

fn is_history(input: &DocumentCheckContext<'_>, packet: &Packet) -> bool {
    let id = input.document.id();
    id.zip(input.governance).is_some_and(|(id, all)| all.is_historical(id.as_str(), packet))
}

/// Returns whether the text of a handoff says that the work is over; `None` if it says
/// neither.
fn is_over(text: &str) -> Option<bool> {
    let text = text.trim_matches(['*', '`', ' ']).to_lowercase();
    let starts = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    if starts(&["in progress", "in_progress", "ready for dev", "ready_for_dev", "blocked"]) {
        return Some(false);
    }
    starts(&["done", "completed", "complete", "validated"]).then_some(true)
}

fn is_status_over(status: &PacketStatus) -> Option<bool> {
    match status {
        PacketStatus::ReadyForDev | PacketStatus::InProgress | PacketStatus::Blocked => Some(false),
        PacketStatus::Done | PacketStatus::DoneHistorical | PacketStatus::Validated(_) => Some(true),
        PacketStatus::Superseded | PacketStatus::Unknown(_) => None,
    }
}
