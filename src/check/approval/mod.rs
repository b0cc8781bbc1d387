//! `approval/…`: refinement, signature, audit, gate log and history agree.

pub(super) mod anchors;
pub(super) mod checkpoint;
pub(super) mod contract;
pub(super) mod merge_base;
pub(super) mod prepared;
pub(super) mod refinement;
pub(super) mod signature_agreement;
pub(super) mod signature_format;
pub(super) mod signature_reuse;

use crate::document::packet::Generation;

use super::input::ApprovalInput;

/// Packets from before refinements existed have none to agree with.
fn predates_refinements(input: &ApprovalInput<'_>) -> bool {
    input.packet.packet.generation == Generation::G0
}
