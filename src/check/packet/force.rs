//! Whether a packet is still in force at a trusted commit: what the main branch ended stays
//! ended for a branch that started earlier.

use std::collections::BTreeMap;

use crate::check::approval::trusted::is_closed;
use crate::check::context::{PacketCheckContext, TrustedState};
use crate::document::audit::find_wp_ids;
use crate::document::board::Board;
use crate::document::registry::{Registry, RegistryRow};
use crate::document::{Packet, PacketStatus, WpId, ends_work};
use crate::finding::Label;
use crate::text::{Span, to_single_line};

/// Returns why a packet is not in force any more at a trusted commit, and where that is
/// said; `None` if it is in force, or unknown there.
pub(in crate::check) fn end_of(
    input: &PacketCheckContext<'_>,
    state: &TrustedState,
) -> Option<(String, Label)> {
    let at = &state.revision;
    let packet = state.any_packet();
    match (packet, &state.shared_packet) {
        (None, Some(before)) => {
            let message = format!("commit {at} has no such packet");
            return Some((message, Label::text(&before.source, before.head_span(), "removed since")));
        }
        (Some(packet), _) => {
            if let Some(status) = packet.status.as_ref().filter(|status| is_closed(&status.value)) {
                let shown = to_single_line(&status.value.to_string(), 60);
                let message = format!("the packet is `{shown}` in commit {at}");
                return Some((message, Label::text(&packet.source, status.span, "closed here")));
            }
            if let Some(locked) = packet.locked {
                let message = format!("the packet is locked in commit {at}");
                return Some((message, Label::text(&packet.source, locked, "locked here")));
            }
        }
        (None, None) => {}
    }
    if let Some(board) = state.board.get(input.board)
        && let Some((span, word)) = ended_on(board, input.id.as_str(), packet)
    {
        let message = format!("the task board of commit {at} lists the packet as {word}");
        return Some((message, Label::text(&board.source, span, "listed here")));
    }
    let registry = state.registry.get(input.registry).filter(|_| packet.is_some())?;
    let (row, active) = other_active(registry, input.id)?;
    // The work may activate its own packet: an older packet counts only if the main branch
    // went back to it.
    let is_newer = active.revision().unwrap_or(0) > input.id.revision().unwrap_or(0);
    let is_named_here = input.registry.is_some_and(|judged| other_active(judged, input.id).is_some());
    if !is_newer && !is_named_here && !state.was_active {
        return None;
    }
    let message =
        format!("the registry of commit {at} names `{active}` as the active packet of `{}`", input.id.base());
    Some((message, Label::text(&registry.source, row.active.span, "the active packet")))
}

/// The state of a packet with a verdict.
const VALIDATED: &str = "VALIDATED";

/// Returns where a board says that a packet is over, and the state. The board alone does not
/// validate a packet whose own status says that the work goes on.
pub(in crate::check) fn ended_on(board: &Board, id: &str, packet: Option<&Packet>) -> Option<(Span, String)> {
    let goes_on = |status: &PacketStatus| status.allows_work() || *status == PacketStatus::Blocked;
    let is_open =
        packet.and_then(|packet| packet.status.as_ref()).is_some_and(|status| goes_on(&status.value));
    over_on(board).remove(id).filter(|(_, state)| !(is_open && state == VALIDATED))
}

/// Returns whether a board says that a packet is over.
pub(crate) fn is_over_by_board(board: &Board, id: &WpId, packet: &Packet) -> bool {
    ended_on(board, id.as_str(), Some(packet)).is_some()
}

/// Returns whether a registry names a newer revision as the active packet.
pub(crate) fn names_newer(registry: &Registry, id: &WpId) -> bool {
    other_active(registry, id)
        .is_some_and(|(_, active)| active.revision().unwrap_or(0) > id.revision().unwrap_or(0))
}

/// Returns the packets that a board says are over, each with the place and the state: ended, or
/// validated.
pub(crate) fn over_on(board: &Board) -> BTreeMap<String, (Span, String)> {
    let is_over = |state: &str| state == VALIDATED || ends_work(state);
    let entries = board.entries.iter().chain(&board.misplaced).filter(|entry| is_over(&entry.state));
    let entries = entries.map(|entry| (entry.wp_id.clone(), entry.span, entry.state.clone()));
    // A line that has not the form of an entry, but names only this packet.
    let lines = board.unreadable.iter().filter_map(|line| {
        let mut ids = find_wp_ids(&line.value);
        let id = ids.next()?;
        let names = ids.all(|other| other == id);
        let mut words = line.value.split(|c: char| !c.is_ascii_alphanumeric());
        let word = words.find(|word| word.chars().all(|c| c.is_ascii_uppercase()) && is_over(word))?;
        names.then(|| (id.to_owned(), line.span, word.to_owned()))
    });
    let mut out: BTreeMap<String, (Span, String)> = BTreeMap::new();
    for (id, span, state) in entries.chain(lines) {
        // A state that ends the work counts more than a verdict.
        if out.get(&id).is_none_or(|(_, known)| known == VALIDATED && state != VALIDATED) {
            out.insert(id, (span, state));
        }
    }
    out
}

/// Returns the first row of the registry that names another packet as the active one of the
/// base id, and that packet. A row that names the packet itself does not count.
pub(in crate::check) fn other_active<'a>(
    registry: &'a Registry,
    id: &WpId,
) -> Option<(&'a RegistryRow, WpId)> {
    let mut rows = registry.rows_of(id.base()).filter_map(|row| Some((row, Registry::active_id(row)?)));
    rows.find(|(_, active)| active != id)
}
