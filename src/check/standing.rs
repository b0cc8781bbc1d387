//! Which documents are history: the work on them is over, so findings about them are notes.

use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::registry::{Registry, names_as_over};
use crate::document::{Packet, PacketStatus, WpId};
use crate::finding::{Finding, Label, Level};

impl DocumentCheckContext<'_> {
    /// Returns whether the packet in this document is history.
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
    /// Marks the packets that are not history in the trusted tree: a change cannot
    /// retire a document to lower the level of its own findings.
    pub(crate) fn with_trusted(mut self, trusted: &GovernanceDocuments<'_>) -> Self {
        let open = trusted.packets().filter(|(id, _, packet)| !trusted.is_historical(id, packet));
        let open = open.map(|(id, _, _)| id.to_owned()).collect();
        let new = self.packets().filter(|(id, _, _)| trusted.packet(id).is_none());
        let new = new.map(|(id, _, _)| id.to_owned()).collect();
        (self.trusted.open, self.trusted.new) = (open, new);
        self
    }

    /// Marks the packet that a command is about: its findings keep their levels.
    pub(crate) fn with_judged(mut self, id: Option<&str>) -> Self {
        self.trusted.judged = id.map(ToOwned::to_owned);
        self
    }

    /// Returns whether a command is about this packet.
    pub(crate) fn is_judged(&self, id: &str) -> bool {
        self.trusted.judged.as_deref() == Some(id)
    }

    /// Returns whether a packet is history, in the judged and in the trusted tree: it is
    /// finished, or it is not claimed and a record says that it is over.
    #[must_use]
    pub fn is_historical(&self, id: &str, packet: &Packet) -> bool {
        if self.trusted.open.contains(id) {
            return false;
        }
        if self.trusted.new.contains(id) || self.is_judged(id) {
            return is_finished(packet, None);
        }
        let is_claimed = packet.status.as_ref().is_some_and(|s| s.value == PacketStatus::InProgress);
        self.is_closed(id, packet) || (!is_claimed && self.is_recorded_as_over(id, packet))
    }

    /// Returns whether the work on a packet is over, by its own words or by the records, also
    /// if a command is about it.
    pub(crate) fn is_over(&self, id: &str, packet: &Packet) -> bool {
        let is_claimed = packet.status.as_ref().is_some_and(|s| s.value == PacketStatus::InProgress);
        let by_records = self.is_closed(id, packet) || (!is_claimed && self.is_recorded_as_over(id, packet));
        !self.is_open_or_new(id) && by_records
    }

    /// Returns whether the records say that a packet is over, although its own status may be
    /// an older one. The board decides; VALIDATED also needs the verdict, in a report or in
    /// another record. If the board does not list the packet, the registry or a PASS decides.
    fn is_recorded_as_over(&self, id: &str, packet: &Packet) -> bool {
        let last = packet.phases.newest_report().map(|report| report.verdict.value.as_str());
        match self.state_on_board(id) {
            Some("SUPERSEDED") => true,
            Some("VALIDATED") => {
                last == Some("PASS") || self.is_over_in_registry(id) || self.has_passed_contract(id)
            }
            Some(_) => false,
            None => {
                self.is_replaced(id)
                    || self.is_over_in_registry(id)
                    || (self.board().is_some() && last == Some("PASS"))
            }
        }
    }

    /// Returns the state of a packet on the board.
    fn state_on_board(&self, id: &str) -> Option<&str> {
        self.board()?.entries_of(id).last().map(|entry| entry.state.as_str())
    }

    /// Returns the entry of the board that says that a packet was validated.
    pub(crate) fn validated_entry(&self, id: &str) -> Option<Label> {
        let board = self.board()?;
        let entry = board.entries_of(id).last().filter(|entry| entry.state == "VALIDATED")?;
        Some(Label::text(&board.source, entry.span, "validated, says the board"))
    }

    /// Returns whether the first row of the registry that names this packet says that it is
    /// done or superseded: `Done: WP-1-A-v2`.
    fn is_over_in_registry(&self, id: &str) -> bool {
        let base = WpId::parse(id).map(|id| id.base().to_owned()).unwrap_or_default();
        let mut rows = self.registry().into_iter().flat_map(|registry| registry.rows_of(&base));
        rows.next().is_some_and(|row| names_as_over(row, id))
    }

    /// Returns whether the typed contract of a packet records a verdict PASS.
    fn has_passed_contract(&self, id: &str) -> bool {
        let contract = WpId::parse(id).ok().and_then(|id| self.packet_contract(&id));
        let verdict = contract.and_then(|contract| contract.value("verdict"));
        verdict.is_some_and(|verdict| verdict.value.to_uppercase().starts_with("PASS"))
    }

    /// Returns whether the records say that another packet took the place of this one.
    #[must_use]
    pub fn is_superseded(&self, id: &str) -> bool {
        let state = self.board().and_then(|board| board.entries_of(id).last());
        let is_listed = state.is_some_and(|entry| entry.state == "SUPERSEDED");
        !self.is_open_or_new(id) && (is_listed || self.is_replaced(id))
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
        !self.trusted.open.contains(id) && (is_ended || (state.is_none() && self.is_replaced(id)))
    }

    /// Returns whether a packet is open in the trusted tree, or not in it.
    fn is_open_or_new(&self, id: &str) -> bool {
        self.trusted.open.contains(id) || self.trusted.new.contains(id)
    }

    /// Returns whether a stub was followed by its packet, in the judged and in the trusted tree.
    #[must_use]
    pub(crate) fn is_activated(&self, id: &str) -> bool {
        self.packet(id).is_some() && !self.trusted.new.contains(id)
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
/// the newest report. It is also over if the board lists the packet as ended and its status is not open: the
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
    // A report in a fence can be a quotation. If there are no others, the board says that it is none.
    let newest = packet.phases.newest_report().map(|report| report.verdict.value.as_str());
    let passed = passed || (is_validated && last.is_none() && newest == Some("PASS"));
    let open = status.is_some_and(|status| status.allows_work() || *status == PacketStatus::Blocked);
    let on_board = matches!(state, Some("VALIDATED" | "SUPERSEDED" | "OUTDATED_ONLY"));
    ended || passed || (on_board && !open) || packet.locked.is_some()
}
