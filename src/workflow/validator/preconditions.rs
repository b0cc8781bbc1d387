//! What has to be true before a step of a validation is written down: the
//! report, the identity, and the state that was there.

use crate::change::TreeState;
use crate::document::validator_state::{CHAIN_START, ValidatorSession, ValidatorState};
use crate::document::{Packet, WpId};
use crate::text::{RepoPath, Source, Spanned, to_single_line};
use crate::workflow::records::{Reason, Records, WorkflowError};

use super::{SessionStep, ValidatorContext};

/// A field's value, or nothing.
fn field_text(field: Option<&Spanned<String>>) -> String {
    field.map_or(String::new(), |field| field.value.clone())
}

/// Whether what a step claims is so.
pub(super) fn check_claims(
    hand: &ValidatorContext<'_>,
    records: &Records<'_>,
    id: &WpId,
    session: Option<&ValidatorSession>,
    packet: &Packet,
    step: &SessionStep,
) -> Result<Option<Reason>, WorkflowError> {
    let Some(session) = session
        .filter(|_| matches!(step, SessionStep::Acknowledge | SessionStep::Append | SessionStep::Commit))
    else {
        return Ok(None);
    };
    let first = session.gates.first();
    let presented = field_text(first.and_then(|mark| mark.verdict.as_ref()));
    let verdict = field_text(session.verdict.as_ref());
    if verdict.is_empty() || verdict != presented {
        return Ok(Some(Reason::new(
            format!(
                "the session of `{id}` does not say what was presented: `{}` and `{}`",
                to_single_line(&verdict, 40),
                to_single_line(&presented, 40)
            ),
            "Restore the state from git, or begin a new session after `validator-gate reset`, which keeps this one.",
        )));
    }
    let verdict = verdict.as_str();
    // Reports that were there before prove nothing of this session.
    let before = match first.and_then(|mark| mark.reports.as_ref()).map(|reports| reports.value.parse()) {
        None => 0_usize,
        Some(Ok(before)) => before,
        Some(Err(_)) => {
            return Ok(Some(Reason::new(
                format!("the session of `{id}` does not say how many reports there were before it"),
                "Restore the state from git.",
            )));
        }
    };
    let path = records.layout.packet(id);
    let holds = |packet: &Packet, whose: &str| {
        let reports = &packet.phases.reports;
        if before > 0 && reports.len() <= before {
            return Some(Reason::new(
                format!("no report was added {whose} {path} since this one was presented"),
                format!("Append it to VALIDATION_REPORTS, with a line `Verdict: {verdict}`."),
            ));
        }
        let last = reports.last().map(|report| report.verdict.value.as_str());
        match last {
            Some(last) if last.eq_ignore_ascii_case(verdict) => None,
            Some(last) => Some(Reason::new(
                format!(
                    "the last report {whose} {path} says {}, the session {verdict}",
                    to_single_line(last, 40)
                ),
                "Append the report that was presented to VALIDATION_REPORTS.",
            )),
            None => Some(Reason::new(
                format!("there is no report with a verdict {whose} {path}"),
                format!("Append it to VALIDATION_REPORTS, with a line `Verdict: {verdict}`."),
            )),
        }
    };
    match step {
        SessionStep::Append => Ok(holds(packet, "in")),
        SessionStep::Commit => {
            let head = hand.repo.head()?.map_or(TreeState::Empty, TreeState::Commit);
            let bytes = hand.repo.read(head, &path)?;
            let Some(bytes) = bytes else {
                return Ok(Some(Reason::new(
                    format!("{path} is not committed"),
                    "Commit it with its report.",
                )));
            };
            let committed = Packet::read(&Source::from_bytes(path.clone(), bytes)).value;
            Ok(holds(&committed, "of the committed")
                .map(|reason| Reason { help: format!("Commit {path} with its report first."), ..reason }))
        }
        _ => Ok(None),
    }
}

/// Whether the identity may take a step.
pub(super) fn check_identity(
    hand: &ValidatorContext<'_>,
    session: Option<&ValidatorSession>,
    step: &SessionStep,
) -> Option<Reason> {
    if hand.policy.identities.is_empty()
        || !matches!(step, SessionStep::Present(_) | SessionStep::Acknowledge)
    {
        return None;
    }
    let names = hand.policy.identities.join(", ");
    let Some(own) = hand.policy.find_identity(&hand.by) else {
        let what = format!(
            "`{}` is none of the identities that the configuration names",
            to_single_line(&hand.by, 80)
        );
        return Some(Reason::new(
            what,
            format!("Say who you are with --by; named are {}.", to_single_line(&names, 300)),
        ));
    };
    let presented = session.and_then(|session| session.gates.first()).and_then(|mark| mark.by.as_ref());
    let same = presented.and_then(|by| hand.policy.find_identity(&by.value)) == Some(own);
    (*step == SessionStep::Acknowledge && same).then(|| {
        Reason::new(
            format!("`{}` has presented the report and cannot acknowledge it", to_single_line(own, 80)),
            "Somebody else acknowledges it.",
        )
    })
}

/// Refuses a state that has lost what the committed one holds.
pub(super) fn require_kept_gates(
    hand: &ValidatorContext<'_>,
    path: &RepoPath,
    state: Option<&ValidatorState>,
    id: &WpId,
) -> Result<(), WorkflowError> {
    let head = hand.repo.head()?.map_or(TreeState::Empty, TreeState::Commit);
    let Some(bytes) = hand.repo.read(head, path)? else { return Ok(()) };
    let committed = ValidatorState::read(&Source::from_bytes(path.clone(), bytes));
    let now = state.map(|state| state.passed_gates(id.as_str())).unwrap_or_default();
    if committed.passed_gates(id.as_str()).iter().all(|gate| now.contains(gate)) {
        return Ok(());
    }
    Err(WorkflowError::refused(
        format!("{path} has lost gates of `{id}` that HEAD's version holds"),
        format!("Sessions are only added to: `git checkout HEAD -- {path}` brings it back."),
    ))
}

/// The chain of the last gate that any session of a packet passed.
pub(super) fn verify_chain(state: Option<&ValidatorState>, id: &WpId) -> Result<String, WorkflowError> {
    let Some(state) = state else { return Ok(CHAIN_START.to_owned()) };
    let own = state.all_sessions().filter(|session| session.packet() == Some(id.as_str()));
    let mut before = CHAIN_START.to_owned();
    for mark in own.flat_map(|session| &session.gates) {
        let tied = !before.is_empty() || mark.by.is_some();
        let Some(chain) = &mark.chain else {
            if !tied {
                // Gates of older tools are tied to nothing.
                continue;
            }
            let line = state.source.line(mark.gate.span.start);
            let why =
                format!("line {line}: this gate is not tied to the one before; restore the file from git");
            return Err(WorkflowError::Document(state.source.name().clone(), why));
        };
        if chain.value != mark.expected_chain(&before, id.as_str()) {
            let line = state.source.line(chain.span.start);
            let why = format!(
                "line {line}: this gate, or one before it, was changed after it was passed; restore the file from git"
            );
            return Err(WorkflowError::Document(state.source.name().clone(), why));
        }
        before.clone_from(&chain.value);
    }
    Ok(before)
}
