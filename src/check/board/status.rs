//! `board/status`: the states on the board agree with the packets.

use std::collections::{HashMap, HashSet};

use super::{MAX_EDITS, board_of};
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::PacketStatus;
use crate::document::audit::find_wp_ids;
use crate::document::board::BoardEntry;
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;

/// `board/status`: the board lists every open packet, and the state on the
/// board agrees with the status in the packet.
pub(in crate::check) fn status(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let Some(governance) = input.governance else {
        return CheckResult::skipped("the packets were not read");
    };
    let mut out: Vec<Finding> = Vec::new();
    let (mut superseded, mut unconfirmed): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    let unreadable: HashSet<String> =
        board.unreadable.iter().flat_map(|line| find_wp_ids(&line.value).map(ToString::to_string)).collect();
    let mut entries: HashMap<&str, &BoardEntry> = HashMap::new();
    for entry in &board.entries {
        entries.entry(entry.wp_id.as_str()).or_insert(entry);
    }
    for (id, _, packet) in governance.packets() {
        let Some(status) = &packet.status else { continue };
        let entry = entries.get(id).copied();
        match entry {
            // The record says that the packet is over, and whoever opens it does not see that.
            Some(entry)
                if entry.state == "SUPERSEDED"
                    && status.value != PacketStatus::InProgress
                    && !status_matches_state(&status.value, &entry.state) =>
            {
                let here = Label::text(&board.source, entry.span, format!("`{id}` is `{}`", status.value));
                let there = Label::text(&packet.source, status.span, "not marked as superseded");
                let is_confirmed = governance.is_closed(id, packet);
                if is_confirmed { &mut superseded } else { &mut unconfirmed }.push((here, there));
            }
            Some(entry)
                if !status_matches_state(&status.value, &entry.state)
                    && (is_open_state(&entry.state) || !governance.is_closed(id, packet)) =>
            {
                let message =
                    format!("`{id}` is `{}` in its packet, but {} on the board", status.value, entry.state);
                let finding = rule
                    .finding(message, Label::text(&board.source, entry.span, "state on the board"))
                    .related(Label::text(&packet.source, status.span, "status in the packet"));
                let state = status.value.board_state();
                let state = state.filter(|_| out.len() < MAX_EDITS);
                let edit = state.and_then(|state| Some((state, board.move_entry_edit(entry, state)?)));
                out.push(match edit {
                    Some((state, edit)) => finding.with_unsafe_fix(
                        Place::text(&board.source, edit.span),
                        edit.text,
                        format!("move `{id}` to {state} on the board"),
                    ),
                    None => finding,
                });
            }
            Some(entry)
                if entry.state == "SUPERSEDED" && !status_matches_state(&status.value, &entry.state) =>
            {
                let here = Label::text(&board.source, entry.span, format!("`{id}` is `{}`", status.value));
                superseded.push((here, Label::text(&packet.source, status.span, "not marked as superseded")));
            }
            // `board/entry` reports a line that names the packet and has no state.
            None if unreadable.contains(id) => {}
            None if status.value.allows_work() || status.value == PacketStatus::Blocked => {
                let label = Label::text(&packet.source, status.span, "not on the board");
                let finding = rule
                    .finding(format!("`{id}` is open, but the task board does not list it"), label)
                    .help(format!("The path of the task board is {}.", board.source.name()));
                let state = status.value.board_state().filter(|_| out.len() < MAX_EDITS);
                out.push(match state.and_then(|state| board.insert_entry_edit(id, state)) {
                    Some(edit) => finding.with_fix(
                        Place::text(&board.source, edit.span),
                        edit.text,
                        format!("add `{id}` to the board"),
                    ),
                    None => finding,
                });
            }
            _ => {}
        }
    }
    out.extend(report_superseded(unconfirmed, rule));
    out.extend(report_superseded(superseded, rule).map(|finding| finding.with_level(Level::Note)));
    out.into()
}

/// Maximum number of packets that one finding shows.
const MAX_SHOWN: usize = 50;

/// Returns one finding about superseded packets whose own status says that work goes on.
fn report_superseded(places: Vec<(Label, Label)>, rule: &Rule) -> Option<Finding> {
    let count = places.len();
    let mut places = places.into_iter();
    let (first, there) = places.next()?;
    let message = match count {
        1 => "a packet is SUPERSEDED on the board, but its own status says that work goes on".to_owned(),
        _ => format!(
            "{count} packets are SUPERSEDED on the board, but their own status says that work goes on"
        ),
    };
    let finding = rule.finding(message, first).related(there);
    Some(
        places
            .take(MAX_SHOWN - 1)
            .fold(finding, |finding, (here, there)| finding.related(here).related(there)),
    )
}

/// Returns whether a state means that the work on a packet is not finished.
fn is_open_state(state: &str) -> bool {
    matches!(state, "READY_FOR_DEV" | "IN_PROGRESS" | "BLOCKED")
}

/// Returns whether a packet's status agrees with its state on the board.
/// Packets with the status Done stay under `IN_PROGRESS` until their verdict;
/// superseded packets keep their last status.
fn status_matches_state(status: &PacketStatus, state: &str) -> bool {
    match state {
        "READY_FOR_DEV" => *status == PacketStatus::ReadyForDev,
        "IN_PROGRESS" => matches!(status, PacketStatus::InProgress | PacketStatus::Done),
        "BLOCKED" => *status == PacketStatus::Blocked,
        "VALIDATED" | "FAIL" | "OUTDATED_ONLY" | "MERGE_PENDING" | "ABANDONED" => {
            matches!(status, PacketStatus::Done | PacketStatus::DoneHistorical | PacketStatus::Validated(_))
        }
        "SUPERSEDED" => !status.allows_work() && *status != PacketStatus::Blocked,
        _ => true,
    }
}
