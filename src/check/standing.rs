//! Which documents are history: nobody changes them any more, so findings about them are
//! notes.

use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::registry::Registry;
use crate::document::{Packet, PacketStatus, WpId};
use crate::finding::{Finding, Level};

impl DocumentCheckContext<'_> {
    /// Returns whether nobody changes the packet in this document any more.
    #[must_use]
    pub(crate) fn is_packet_history(&self, packet: &Packet) -> bool {
        match (self.document.id(), self.governance) {
            (Some(id), Some(governance)) => governance.is_historical(id.as_str(), packet),
            _ => is_finished(packet, None),
        }
    }

    /// Makes a finding about a packet that is history a note.
    #[must_use]
    pub(crate) fn level_by_standing(&self, packet: &Packet, finding: Finding) -> Finding {
        if self.is_packet_history(packet) { finding.with_level(Level::Note) } else { finding }
    }
}

impl GovernanceDocuments<'_> {
    /// Returns whether a packet is history, in the judged and in the trusted tree: it is
    /// finished, or the board lists it as SUPERSEDED and nobody works on it.
    #[must_use]
    pub fn is_historical(&self, id: &str, packet: &Packet) -> bool {
        let state = self.board().and_then(|board| board.entries_of(id).last());
        let is_superseded = state.is_some_and(|entry| entry.state == "SUPERSEDED");
        let is_claimed = packet.status.as_ref().is_some_and(|s| s.value == PacketStatus::InProgress);
        let is_retired = !is_claimed && (is_superseded || (state.is_none() && self.is_replaced(id)));
        !self.open_before.contains(id) && (is_retired || self.is_closed(id, packet))
    }

    /// Returns whether the records say that another packet took the place of this one.
    #[must_use]
    pub fn is_superseded(&self, id: &str) -> bool {
        let state = self.board().and_then(|board| board.entries_of(id).last());
        let is_listed = state.is_some_and(|entry| entry.state == "SUPERSEDED");
        !self.open_before.contains(id) && (is_listed || self.is_replaced(id))
    }

    /// Returns whether an id is history. Without a packet, the board or the registry says
    /// so: a refinement can be left of work that was given up.
    #[must_use]
    pub fn is_historical_id(&self, id: &str) -> bool {
        if let Some((_, packet)) = self.packet(id) {
            return self.is_historical(id, packet);
        }
        let state = self.board().and_then(|board| board.entries_of(id).last());
        let is_ended = state.is_some_and(|entry| {
            matches!(entry.state.as_str(), "SUPERSEDED" | "VALIDATED" | "OUTDATED_ONLY")
        });
        !self.open_before.contains(id) && (is_ended || (state.is_none() && self.is_replaced(id)))
    }

    /// Returns whether the registry names another existing packet for the base id.
    fn is_replaced(&self, id: &str) -> bool {
        let base = WpId::parse(id).map(|id| id.base().to_owned()).unwrap_or_default();
        let rows = self.registry().into_iter().flat_map(|registry| registry.rows_of(&base));
        let active: Vec<WpId> = rows.filter_map(Registry::active_id).collect();
        active.iter().any(|other| other.as_str() != id && self.packet(other.as_str()).is_some())
    }

    /// Returns whether the records agree that a packet is closed: it is finished, or the
    /// board lists it as SUPERSEDED and the registry names another existing packet.
    #[must_use]
    pub fn is_closed(&self, id: &str, packet: &Packet) -> bool {
        let state =
            self.board().and_then(|board| board.entries_of(id).last()).map(|entry| entry.state.as_str());
        is_finished(packet, state) || (state == Some("SUPERSEDED") && self.is_replaced(id))
    }

    /// Returns whether work on a packet may continue.
    #[must_use]
    pub fn is_open(&self, id: &str, packet: &Packet) -> bool {
        let status = packet.status.as_ref().map(|status| &status.value);
        let open = status.is_some_and(|status| status.allows_work() || *status == PacketStatus::Blocked);
        open && !self.is_historical(id, packet)
    }
}

/// Returns whether work on a packet is over. `state` is the packet's state on
/// the board.
///
/// Work is over if the packet is locked or has a closed status, or if its last
/// report has the verdict PASS and the status is not Ready for Dev, or the board agrees with
/// the report. It is also
/// over if the board lists the packet as ended and its status is not open: the
/// board alone does not close an open packet. A finished packet is history and
/// is not fixed.
#[must_use]
pub(crate) fn is_finished(packet: &Packet, state: Option<&str>) -> bool {
    let status = packet.status.as_ref().map(|status| &status.value);
    let ended = matches!(
        status,
        Some(PacketStatus::DoneHistorical | PacketStatus::Validated(_) | PacketStatus::Superseded)
    );
    let last = packet.phases.reports.last().map(|report| report.verdict.value.as_str());
    let is_validated = state == Some("VALIDATED");
    let passed = last == Some("PASS") && (is_validated || !matches!(status, Some(PacketStatus::ReadyForDev)));
    let open = status.is_some_and(|status| status.allows_work() || *status == PacketStatus::Blocked);
    let on_board = matches!(state, Some("VALIDATED" | "SUPERSEDED" | "OUTDATED_ONLY"));
    ended || passed || (on_board && !open) || packet.locked.is_some()
}
