//! `approval/…`: refinement, signature, audit, gate log and history agree.

pub(super) mod checkpoint;
pub(super) mod contract;
pub(super) mod merge_base;
pub(super) mod order;
pub(super) mod prepared;
pub(super) mod refinement;
pub(super) mod refinement_text;
pub(super) mod separation_of_duties;
pub(super) mod signature_agreement;
pub(super) mod signature_format;
pub(super) mod signature_reuse;
pub(super) mod signed;

use jiff::civil::Date;

use crate::change::CommitInfo;
use crate::document::packet::Generation;

use super::context::ApprovalCheckContext;

pub(crate) use order::timeline;
pub(crate) use separation_of_duties::is_same_person;
pub(crate) use signature_agreement::disagreements_by_record;
pub(crate) use signed::key_signature;

/// The day from which on every packet has a refinement and a gate log.
const REFINEMENTS_REQUIRED_SINCE: Date = Date::constant(2026, 1, 1);

/// Packets from before refinements existed have none to agree with. The shape
/// alone does not make a packet old: its dates must say so too.
pub(crate) fn predates_refinements(input: &ApprovalCheckContext<'_>) -> bool {
    let old = input.packet.newest_date().is_some_and(|date| date < REFINEMENTS_REQUIRED_SINCE);
    input.packet.packet.generation == Generation::G0 && old
}

/// The first digits of a commit's id.
fn short_commit(commit: &CommitInfo) -> String {
    commit.commit.short()
}
