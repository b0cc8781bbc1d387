//! `approval/…`: refinement, signature, audit, gate log and history agree.

pub(super) mod contract;
pub(super) mod records;
pub(super) mod signature;
pub(super) mod ssh_signature;

pub(crate) use self::contract::timeline;
pub(crate) use self::records::is_same_person;
pub(crate) use self::signature::disagreements_by_record;
pub(crate) use self::ssh_signature::key_signature;
use crate::change::CommitInfo;
use crate::check::context::ApprovalCheckContext;
use crate::document::packet::Generation;
use jiff::civil::Date;

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
