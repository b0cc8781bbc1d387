//! The reading of documents that a gate takes permissions from.

use std::sync::Arc;

use crate::check::context::ContractFact;
use crate::document::{Packet, Parsed};
use crate::pipeline::locate::LocatedPacket;
use crate::text::Source;

/// Returns the packet without the permissions that only a recovered text gives;
/// `None` if there are none, or if the approved version of the packet has the same
/// recovered fences, so that the approval covers this reading.
pub(super) fn restrict_to_approved(
    located: &LocatedPacket,
    contract: Option<&ContractFact>,
) -> Option<LocatedPacket> {
    if let Some(ContractFact::Known { packet_at_signing, .. }) = contract
        && located.packet.has_fences_of(packet_at_signing)
    {
        return None;
    }
    Some(LocatedPacket {
        id: located.id.clone(),
        path: located.path.clone(),
        packet: located.packet.restricted()?,
        faults: located.faults.clone(),
        resolved_by: located.resolved_by.clone(),
    })
}

/// Reads a file of manifests as a packet with the scope of the real one.
pub(super) fn read_manifest_packet(source: &Arc<Source>, packet: &Packet) -> Parsed<Packet> {
    let mut beside = Packet::read(source);
    // No approval shows this file, so recovered text permits nothing.
    if let Some(restricted) = beside.value.restricted() {
        beside.value = restricted;
    }
    beside.value.scope.clone_from(&packet.scope);
    beside
}
