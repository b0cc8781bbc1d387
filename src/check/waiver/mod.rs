//! `waiver/…`: what a waiver must have before it excuses anything.

pub(super) mod expired;
pub(super) mod incomplete;
pub(super) mod late;
pub(super) mod void;

use crate::document::waiver::{Expiry, Waiver};
use crate::finding::Subject;
use crate::text::RepoPath;

use super::context::{ChangeCheckContext, Policy, WaiverOrigin, WaiverSource};
use super::evidence::normalize;

/// Whether a waiver is past its day, or packet, or never readable.
fn expiry_reason(waiver: &Waiver, input: &ChangeCheckContext<'_>) -> Option<String> {
    let tomorrow = input.now.date().tomorrow().unwrap_or(input.now.date());
    if let Some(date) = waiver.date.as_ref().filter(|date| date.value > tomorrow) {
        return Some(format!("it is dated {}, in the future", date.value));
    }
    match &waiver.expiry {
        Expiry::Never => None,
        Expiry::On(date) => (*date < input.now.date()).then(|| format!("it ended on {date}")),
        Expiry::Closure => {
            use crate::document::PacketStatus::{DoneHistorical, Superseded, Validated};
            let closed = input
                .packet
                .packet
                .status
                .as_ref()
                .is_some_and(|s| matches!(s.value, Validated(_) | Superseded | DoneHistorical));
            closed.then(|| "it ended when the packet was closed".to_owned())
        }
        Expiry::Unreadable(text) => {
            Some(format!("its expiry `{}` is no date", crate::text::to_single_line(text, 60)))
        }
    }
}

/// Why a waiver came in too late to count, if it did: uncommitted, or in a
/// commit that also changed code.
fn void_reason(origin: &WaiverOrigin, policy: &Policy) -> Option<String> {
    let wanted = policy.waivers_from;
    match origin {
        WaiverOrigin::AtContract(_) if wanted == WaiverSource::Base => {
            Some("the configuration counts only waivers that were there before the work".into())
        }
        WaiverOrigin::AtBase | WaiverOrigin::AtContract(_) => None,
        WaiverOrigin::Entered { introduction, code_paths: foreign }
            if foreign.is_empty() && wanted != WaiverSource::Work =>
        {
            let commit: String = introduction.commit.short();
            Some(format!(
                "it entered in commit {commit}, and the configuration counts only waivers that were signed with the packet or before"
            ))
        }
        WaiverOrigin::Uncommitted => {
            Some("it is not committed, so it came with the code that it excuses".into())
        }
        WaiverOrigin::Entered { introduction, code_paths: foreign } => {
            foreign.first().map(|path: &RepoPath| {
                let commit: String = introduction.commit.short();
                format!("it entered in commit {commit}, which also changes {path}")
            })
        }
        WaiverOrigin::Unknown(why) => Some(format!("where it came from could not be found out: {why}")),
    }
}

/// Whether a waiver covers what a finding is about.
#[must_use]
pub fn covers(waiver: &Waiver, subject: &Subject) -> bool {
    match subject {
        Subject::Path(path) => waiver.paths.iter().any(|entry| entry.covers(path)),
        Subject::Command(command) => waiver.scope.as_ref().is_some_and(|scope| {
            // The command stands in back-ticks, whole, or is all of the scope.
            let mut quoted = scope.value.split('`').skip(1).step_by(2);
            normalize(&scope.value) == normalize(command)
                || quoted.any(|part| normalize(part) == normalize(command))
        }),
    }
}

/// Whether a waiver's scope names a path or a planned command.
fn has_subject(waiver: &Waiver, input: &ChangeCheckContext<'_>) -> bool {
    let mut commands = input.packet.packet.test_plan.iter();
    !waiver.paths.is_empty()
        || commands.any(|command| covers(waiver, &Subject::Command(command.text.clone())))
}

/// The most waivers of one packet: a packet with more has no rules left, and
/// each is compared with each finding.
pub const MAX_WAIVERS: usize = 200;

/// Whether a waiver may excuse findings: complete, in force, not void.
#[must_use]
pub fn is_effective(waiver: &Waiver, index: usize, input: &ChangeCheckContext<'_>) -> bool {
    let void = input
        .waiver_origins
        .get(index)
        .is_none_or(|origin| void_reason(origin, input.packet.policy).is_some());
    input.packet.packet.waivers.len() <= MAX_WAIVERS
        && waiver.missing().is_empty()
        && has_subject(waiver, input)
        && expiry_reason(waiver, input).is_none()
        && !void
}
