//! `board/status`: board and packet agree on the state, and every packet is
//! on the board.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::PacketStatus;
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;

use super::board_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let Some(library) = input.governance else {
        return CheckResult::skipped("the packets were not looked at");
    };
    let mut out: Vec<Finding> = Vec::new();
    for (id, _, packet) in library.packets() {
        let Some(status) = &packet.status else { continue };
        let entry = board.entries_of(id).next();
        match entry {
            Some(entry)
                if !status_matches_state(&status.value, &entry.state)
                    && !library.is_historical(id, packet) =>
            {
                let message =
                    format!("`{id}` is `{}` in its packet and {} on the board", status.value, entry.state);
                let finding = rule
                    .finding(message, Label::text(&board.source, entry.span, "the board"))
                    .related(Label::text(&packet.source, status.span, "the packet"));
                let state = status.value.board_state();
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
            None if status.value.allows_work() || status.value == PacketStatus::Blocked => {
                let label = Label::text(&packet.source, status.span, "not on the board");
                let finding = rule
                    .finding(format!("`{id}` is open, but the board does not list it"), label)
                    .help(format!("The board is {}.", board.source.name()));
                let state = status.value.board_state();
                out.push(match state.and_then(|state| board.insert_entry_edit(id, state)) {
                    Some(edit) => finding.with_fix(
                        Place::text(&board.source, edit.span),
                        edit.text,
                        format!("put `{id}` on the board"),
                    ),
                    None => finding,
                });
            }
            _ => {}
        }
    }
    out.into()
}

/// Whether a packet's status and a board's state can stand together. Packets
/// that were handed over wait on the board under `In Progress` for their
/// verdict; what is superseded keeps its last status.
fn status_matches_state(status: &PacketStatus, state: &str) -> bool {
    match state {
        "READY_FOR_DEV" => *status == PacketStatus::ReadyForDev,
        "IN_PROGRESS" => matches!(status, PacketStatus::InProgress | PacketStatus::Done),
        "BLOCKED" => *status == PacketStatus::Blocked,
        "VALIDATED" | "FAIL" | "OUTDATED_ONLY" => {
            matches!(status, PacketStatus::Done | PacketStatus::DoneHistorical | PacketStatus::Validated(_))
        }
        "SUPERSEDED" => !status.allows_work() && *status != PacketStatus::Blocked,
        _ => true,
    }
}
