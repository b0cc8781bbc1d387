//! `packet/handoff-status`: the handoff repeats the packet's status.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::field::Field;
use crate::document::{Packet, PacketStatus};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::to_single_line;

/// Fields of a handoff that repeat the status.
const KEYS: [&str; 2] = ["CURRENT_WP_STATUS", "WP_STATUS"];

/// `packet/handoff-status`: the last handoff of a packet does not contradict its status.
pub(in crate::check) fn handoff_status(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let Some(status) = &packet.status else { return CheckResult::skipped("the packet has no status") };
    // Handoffs are appended, so the last one counts.
    let filled = |field: &&Field| KEYS.contains(&field.key.as_str()) && field.filled_value().is_some();
    let Some(handoff) = packet.fields.iter().rfind(filled) else {
        return CheckResult::skipped("the handoff names no status");
    };
    let told = is_over(handoff.unquoted_value());
    if told.is_none() || told == is_status_over(&status.value) || is_status_over(&status.value).is_none() {
        return Vec::new().into();
    }
    let shown = to_single_line(handoff.unquoted_value(), 60);
    let message = format!("the handoff says `{shown}`, but the status is `{}`", status.value);
    let finding = rule
        .finding(message, Label::text(&packet.source, handoff.value.span, "the handoff"))
        .related(Label::text(&packet.source, status.span, "the status"));
    Some(if is_history(input, packet) { finding.with_level(Level::Note) } else { finding }).into()
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
