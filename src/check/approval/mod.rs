//! `approval/…`: refinement, signature, audit, gate log and git history agree.

pub(super) mod contract;
pub(super) mod contract_difference;
pub(super) mod records;
pub(super) mod signature;
pub(super) mod ssh_signature;
pub(super) mod trusted;
pub(super) mod withdrawal;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::change::CommitInfo;
use crate::check::context::{ApprovalCheckContext, ContractFact};
use crate::document::Signature;
use crate::document::gate_log::text_or_empty;
use crate::document::packet::Generation;
use crate::finding::TimelineEvent;
use crate::text::to_single_line;

pub(crate) use self::records::{is_same_person, may_be_same_person};
pub(crate) use self::signature::disagreements_by_record;
pub(crate) use self::ssh_signature::key_signature;

/// The first day on which every packet needs a refinement and a gate log.
const REFINEMENTS_REQUIRED_SINCE: Date = Date::constant(2026, 1, 1);

/// Returns whether a packet is older than refinements, so that it has none.
/// Its generation must be G0, and its dates must also be before that day.
pub(crate) fn predates_refinements(input: &ApprovalCheckContext<'_>) -> bool {
    let is_old = input.packet.newest_date().is_some_and(|date| date < REFINEMENTS_REQUIRED_SINCE);
    input.packet.packet.generation == Generation::G0 && is_old
}

/// Returns the first digits of a commit's id.
fn short_commit(commit: &CommitInfo) -> String {
    commit.commit.short()
}

/// Returns the steps of the approval with their times, in the required order.
/// The time of a step is `None` if it is unknown.
#[must_use]
pub(crate) fn timeline(input: &ApprovalCheckContext<'_>) -> Vec<TimelineEvent> {
    let id = input.packet.id.as_str();
    let logged = |kind: &str| {
        let log = input.gate_log.as_ref().ok()?;
        Some(to_single_line(text_or_empty(log.last_entry(id, kind)?.timestamp.as_ref()), 40))
            .filter(|text| !text.is_empty())
    };
    let signature = input.packet.packet.signature.as_ref();
    let format_time = |seconds: i64| Timestamp::from_second(seconds).ok().map(|time| time.to_string());
    let packet_committed = match input.contract {
        ContractFact::Known { introduction, .. } => format_time(introduction.time),
        _ => None,
    };
    let first_code = input.code_commits.iter().map(|commit| commit.facts.time).min();
    let step = |event: &'static str, at: Option<String>| TimelineEvent { event, at };
    vec![
        step("refinement recorded", logged("REFINEMENT")),
        step(
            "signature",
            signature.and_then(|text| Signature::parse(&text.value).ok()).map(|s| s.at.to_string()),
        ),
        step("signature recorded", logged("SIGNATURE")),
        step("work prepared", logged("PREPARE")),
        step("packet committed", packet_committed),
        step("first code committed", first_code.and_then(format_time)),
    ]
}
