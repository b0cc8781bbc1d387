//! Conditions of a validation step: the report is in place, the identity may take
//! the step, and no gate is missing from the state file.

use crate::change::{SelectionRequest, TreeState};
use crate::check::context::Gate;
use crate::document::validator_state::{CHAIN_START, ValidatorSession, ValidatorState};
use crate::document::{Packet, WpId};
use crate::pipeline::packet_gate::{GateRequest, check_packet};
use crate::text::{RepoPath, Source, Spanned, format_count, to_single_line};
use crate::workflow::records::{Reason, Records, WorkflowError};

use super::{SessionStep, ValidatorContext};

/// Returns the value of a field, or an empty text.
fn field_text(field: Option<&Spanned<String>>) -> String {
    field.map_or(String::new(), |field| field.value.clone())
}

/// Checks the claims of a step: the verdict is the presented one, and the packet
/// contains the report. Returns the reason for a refusal, if there is one.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn check_claims(
    context: &ValidatorContext<'_>,
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
                "the session of `{id}` has the verdict `{}`, but the presented verdict was `{}`",
                to_single_line(&verdict, 40),
                to_single_line(&presented, 40)
            ),
            format!(
                "Restore the state file from git, or end this session with `countersign validator-gate reset {id} --reason TEXT`."
            ),
        )));
    }
    let verdict = verdict.as_str();
    // A report that existed before this session does not count.
    let before = match first.and_then(|mark| mark.reports.as_ref()).map(|reports| reports.value.parse()) {
        None => 0_usize,
        Some(Ok(before)) => before,
        Some(Err(_)) => {
            return Ok(Some(Reason::new(
                format!("the session of `{id}` does not record how many reports existed before it"),
                "Restore the state file from git.",
            )));
        }
    };
    let path = records.layout.packet(id);
    let check_report = |packet: &Packet, within: &str| {
        let reports = &packet.phases.reports;
        if before > 0 && reports.len() <= before {
            return Some(Reason::new(
                format!("no report was added {within} {path} since the report was presented"),
                format!("Append the report to VALIDATION_REPORTS, with a line `Verdict: {verdict}`."),
            ));
        }
        let last = reports.last().map(|report| report.verdict.value.as_str());
        match last {
            Some(last) if last.eq_ignore_ascii_case(verdict) => None,
            Some(last) => Some(Reason::new(
                format!(
                    "the last report {within} {path} has the verdict {}, but the session has {verdict}",
                    to_single_line(last, 40)
                ),
                "Append the presented report to VALIDATION_REPORTS.",
            )),
            None => Some(Reason::new(
                format!("no report {within} {path} has a verdict"),
                format!("Append the report to VALIDATION_REPORTS, with a line `Verdict: {verdict}`."),
            )),
        }
    };
    match step {
        SessionStep::Append => Ok(check_report(packet, "in")),
        SessionStep::Commit => {
            let head = context.repo.head()?.map_or(TreeState::Empty, TreeState::Commit);
            let bytes = context.repo.read(head, &path)?;
            let Some(bytes) = bytes else {
                return Ok(Some(Reason::new(
                    format!("{path} is not committed"),
                    "Commit it with the report.",
                )));
            };
            let committed = Packet::read(&Source::from_bytes(path.clone(), bytes)).value;
            Ok(check_report(&committed, "in the committed")
                .map(|reason| Reason { help: format!("Commit {path} with the report first."), ..reason }))
        }
        _ => Ok(None),
    }
}

/// Checks whether the identity may take a step, where the configuration names
/// identities. Returns the reason for a refusal, if there is one.
pub(super) fn check_identity(
    context: &ValidatorContext<'_>,
    session: Option<&ValidatorSession>,
    step: &SessionStep,
) -> Option<Reason> {
    if !matches!(step, SessionStep::Present(_) | SessionStep::Acknowledge) {
        return None;
    }
    let roles = &context.policy.roles;
    if matches!(step, SessionStep::Present(_)) && !roles.may_review(&context.by) {
        let what =
            format!("`{}` is not a reviewer and cannot present a report", to_single_line(&context.by, 80));
        let names = to_single_line(&roles.reviewer.join(", "), 300);
        return Some(Reason::new(what, format!("`roles: reviewer:` of the configuration names {names}.")));
    }
    if context.policy.identities.is_empty() {
        return check_other_person(context, session, step);
    }
    let names = context.policy.identities.join(", ");
    let Some(own) = context.policy.find_identity(&context.by) else {
        let what =
            format!("the configuration does not list the identity `{}`", to_single_line(&context.by, 80));
        return Some(Reason::new(
            what,
            format!("Give your identity with --by; the listed ones are {}.", to_single_line(&names, 300)),
        ));
    };
    let presented = session.and_then(|session| session.gates.first()).and_then(|mark| mark.by.as_ref());
    let is_same = presented.and_then(|by| context.policy.find_identity(&by.value)) == Some(own);
    (*step == SessionStep::Acknowledge && is_same).then(|| {
        Reason::new(
            format!("`{}` presented the report and cannot acknowledge it", to_single_line(own, 80)),
            "Another listed identity must acknowledge it.",
        )
    })
}

/// Checks that another person than the presenter acknowledges a report. Names are typed,
/// so this separates two duties but proves nothing.
fn check_other_person(
    context: &ValidatorContext<'_>,
    session: Option<&ValidatorSession>,
    step: &SessionStep,
) -> Option<Reason> {
    let presented = session.and_then(|session| session.gates.first()).and_then(|mark| mark.by.as_ref())?;
    let is_same = presented.value.trim().to_lowercase() == context.by.trim().to_lowercase();
    let shown = to_single_line(&context.by, 80);
    (*step == SessionStep::Acknowledge && is_same).then(|| {
        Reason::new(
            format!("`{shown}` presented the report and cannot acknowledge it"),
            "Another person acknowledges it: give their name with --by.",
        )
    })
}

/// Checks that the audit of a packet has no error: nobody can present a PASS over one.
///
/// # Errors
/// The audit cannot run.
pub(super) fn check_audit(
    context: &ValidatorContext<'_>,
    id: &WpId,
) -> Result<Option<Reason>, WorkflowError> {
    let request = GateRequest {
        task: None,
        gate: Gate::Audit,
        packet: id.as_str().to_owned(),
        other_packets: Vec::new(),
        selection: SelectionRequest::Default,
        base: None,
        config: None,
        now: context.now.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
    };
    let report = check_packet(context.repo, &request)?;
    let errors = report.findings.iter().filter(|finding| finding.fails_gate()).count();
    let first = report.findings.iter().find(|finding| finding.fails_gate());
    Ok(first.map(|finding| {
        let count = format_count(errors, "error");
        let what =
            format!("the audit of `{id}` has {count}, the first is {}: {}", finding.rule, finding.message);
        let help =
            format!("Correct the work, or present the verdict FAIL; `countersign audit {id}` shows all.");
        Reason::new(to_single_line(&what, 400), help)
    }))
}

/// Requires that the state file has every gate of the version in HEAD.
///
/// # Errors
/// A gate is missing, or the repository cannot be read.
pub(super) fn require_kept_gates(
    context: &ValidatorContext<'_>,
    path: &RepoPath,
    state: Option<&ValidatorState>,
    id: &WpId,
) -> Result<(), WorkflowError> {
    let head = context.repo.head()?.map_or(TreeState::Empty, TreeState::Commit);
    let Some(bytes) = context.repo.read(head, path)? else { return Ok(()) };
    let committed = ValidatorState::read(&Source::from_bytes(path.clone(), bytes));
    let current = state.map(|state| state.passed_gates(id.as_str())).unwrap_or_default();
    if committed.passed_gates(id.as_str()).iter().all(|gate| current.contains(gate)) {
        return Ok(());
    }
    Err(WorkflowError::refused(
        format!("{path} lacks gates of `{id}` that its version in HEAD has"),
        format!("Gates must not be removed; restore the file with `git checkout HEAD -- {path}`."),
    ))
}

/// Checks the hash chain of all gates of a packet, and returns the hash of the last
/// one.
///
/// # Errors
/// A hash is missing or wrong.
pub(super) fn verify_chain(state: Option<&ValidatorState>, id: &WpId) -> Result<String, WorkflowError> {
    let Some(state) = state else { return Ok(CHAIN_START.to_owned()) };
    let own = state.all_sessions().filter(|session| session.packet() == Some(id.as_str()));
    let mut before = CHAIN_START.to_owned();
    for mark in own.flat_map(|session| &session.gates) {
        let needs_chain = !before.is_empty() || mark.by.is_some();
        let Some(chain) = &mark.chain else {
            if !needs_chain {
                // Gates that older tools wrote have no hash.
                continue;
            }
            let line = state.source.line(mark.gate.span.start);
            let why =
                format!("line {line}: this gate has no hash of the gate before; restore the file from git");
            return Err(WorkflowError::Document(state.source.name().clone(), why));
        };
        if chain.value != mark.expected_chain(&before, id.as_str()) {
            let line = state.source.line(chain.span.start);
            let why = format!(
                "line {line}: the hash is wrong, so this gate or an earlier one was edited; restore the file from git"
            );
            return Err(WorkflowError::Document(state.source.name().clone(), why));
        }
        before.clone_from(&chain.value);
    }
    Ok(before)
}
