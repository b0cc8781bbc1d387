//! The validator's state machine: a report is presented, acknowledged, appended
//! to the packet and committed (CHECKS, "State files and the validator's state
//! machine").
//!
//! Records of sessions are never removed. A session that is reset, or followed by
//! a new one, moves to the archive with its whole content. A hash links every gate
//! to the gate before it.

mod preconditions;
mod session_file;

use std::sync::Arc;

use jiff::Timestamp;
use preconditions::{check_audit, check_claims, check_identity, require_kept_gates, verify_chain};
use session_file::SessionFile;

use crate::change::Repository;
use crate::check::context::Policy;
use crate::document::validator_state::{GATES, ValidatorSession, ValidatorState, chain_hash};
use crate::document::{Packet, WpId};
use crate::text::{RepoPath, Source, is_plain, to_single_line};

use super::records::{Reason, Records, WorkflowError};

/// One step of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionStep {
    /// The validator shows a report with this verdict to the user.
    Present(String),
    /// The user has read the report.
    Acknowledge,
    /// The packet contains the report.
    Append,
    /// The packet with the report is committed.
    Commit,
    /// The session ends early, for this reason.
    Reset(String),
}

impl SessionStep {
    /// Returns the gate that the step passes; `None` for a reset.
    fn gate(&self) -> Option<&'static str> {
        let index = match self {
            Self::Present(_) => 0,
            Self::Acknowledge => 1,
            Self::Append => 2,
            Self::Commit => 3,
            Self::Reset(_) => return None,
        };
        GATES.get(index).copied()
    }
}

/// The valid verdicts.
pub(crate) const VERDICTS: [&str; 3] = ["PASS", "FAIL", "OUTDATED_ONLY"];

/// Repository, identity, time and policy of a validator command.
pub(crate) struct ValidatorContext<'a> {
    /// The repository.
    pub repo: &'a dyn Repository,
    /// The identity of the user, as given on the command line.
    pub by: String,
    /// The current time.
    pub now: Timestamp,
    /// The policy of the configuration.
    pub policy: &'a Policy,
}

impl ValidatorContext<'_> {
    /// Returns the current time in UTC with milliseconds.
    fn timestamp(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

/// The state of a packet's validation.
#[derive(Debug, Default)]
pub(crate) struct ValidationStatus {
    /// The state file, if it exists.
    pub path: Option<RepoPath>,
    /// The verdict of the current session.
    pub verdict: Option<String>,
    /// The passed gates of the current session: name, time, identity.
    pub gates: Vec<(String, String, String)>,
    /// Verdict and last gate of the archived sessions, oldest first.
    pub archived: Vec<(String, String)>,
    /// The next step; `None` after the last one.
    pub next: Option<&'static str>,
}

/// Reads a packet's id and its packet.
///
/// # Errors
/// The id is malformed, or the packet does not exist.
fn require_packet(records: &Records<'_>, requested: &str) -> Result<(WpId, Packet), WorkflowError> {
    let shown = to_single_line(requested, 80);
    let id = WpId::parse(requested).map_err(|why| {
        WorkflowError::refused(
            format!("invalid work packet id `{shown}`: {why}"),
            "An id has the form `WP-{phase}-{name}`.",
        )
    })?;
    match records.packet(&id)? {
        Some(packet) => Ok((id, packet)),
        None => Err(WorkflowError::refused(
            format!("the packet {} does not exist", records.layout.packet(&id)),
            "`countersign list` shows the existing packets.",
        )),
    }
}

/// Returns the id and the validation state of a packet.
///
/// # Errors
/// The packet does not exist, or its state file cannot be read.
pub(crate) fn read_status(
    records: &Records<'_>,
    requested: &str,
) -> Result<(WpId, ValidationStatus), WorkflowError> {
    let (id, _) = require_packet(records, requested)?;
    let file = SessionFile::find(records, &id)?;
    let mut status = ValidationStatus { next: Some("present"), ..ValidationStatus::default() };
    let text = |field: &Option<crate::text::Spanned<String>>| {
        field.as_ref().map_or(String::new(), |field| field.value.clone())
    };
    if let Some(source) = &file.source {
        let state = ValidatorState::read(source);
        status.path = Some(file.path.clone());
        for session in state.archived.iter().filter(|session| session.packet() == Some(id.as_str())) {
            status.archived.push((text(&session.verdict), text(&session.status)));
        }
        if let Some(session) = find_session(&state, &id) {
            status.verdict = session.verdict.as_ref().map(|verdict| verdict.value.clone());
            let gates = session.gates.iter();
            status.gates =
                gates.map(|mark| (mark.gate.value.clone(), text(&mark.at), text(&mark.by))).collect();
            let steps = ["acknowledge", "append", "commit"];
            status.next = session.gates.len().checked_sub(1).and_then(|done| steps.get(done)).copied();
        }
    }
    Ok((id, status))
}

/// Returns the current session of a packet.
fn find_session<'s>(state: &'s ValidatorState, id: &WpId) -> Option<&'s ValidatorSession> {
    state.sessions.iter().find(|session| session.packet() == Some(id.as_str()))
}

/// Records a step of a packet's validation, and returns the packet's id.
///
/// # Errors
/// The step is not the next one, its claims are false, the identity may not take
/// it, or the state file is damaged.
pub(crate) fn take_step(
    records: &mut Records<'_>,
    context: &ValidatorContext<'_>,
    requested: &str,
    step: &SessionStep,
) -> Result<WpId, WorkflowError> {
    let (id, packet) = require_packet(records, requested)?;
    let file = SessionFile::find(records, &id)?;
    let state = file.source.as_ref().map(ValidatorState::read);
    if let (Some(state), Some(fault)) = (&state, state.as_ref().and_then(|state| state.faults.first())) {
        let line = state.source.line(fault.span.start);
        let why = format!("line {line}: {}", fault.message);
        return Err(WorkflowError::Document(file.path.clone(), why));
    }
    if let Some(state) = &state
        && let Some(key) = state.sessions.iter().find_map(|session| {
            let key = session.key.as_ref()?;
            let is_related = session.packet() == Some(id.as_str()) || key.value == id.as_str();
            (is_related && session.packet() != Some(key.value.as_str())).then_some(key)
        })
    {
        let line = state.source.line(key.span.start);
        let why = format!("line {line}: the key of this session differs from the id in its `wpId`");
        return Err(WorkflowError::Document(file.path.clone(), why));
    }
    let session = state.as_ref().and_then(|state| find_session(state, &id));
    let mut reasons = check_order(&id, session, step);
    let reset_reason = if let SessionStep::Reset(reason) = step { reason.as_str() } else { "" };
    if !is_plain(&context.by) || !is_plain(reset_reason) {
        let what = "a name or reason contains invisible characters or several lines";
        reasons.push(Reason::new(what, "Give plain text in one line."));
    }
    if reasons.is_empty() {
        reasons.extend(check_claims(context, records, &id, session, &packet, step)?);
        reasons.extend(check_identity(context, session, step));
        if *step == SessionStep::Present("PASS".to_owned()) {
            reasons.extend(check_audit(context, &id)?);
        }
    }
    if !reasons.is_empty() {
        return Err(WorkflowError::Refused(reasons));
    }
    // The packet's own file and the older file for all packets: gates must not get
    // lost by a change from one file to the other.
    let older = RepoPath::from(records.layout.shared_validator_state.as_str());
    for path in [records.layout.validator_state_path(&id), older] {
        if path == file.path {
            require_kept_gates(context, &path, state.as_ref(), &id)?;
        } else {
            let source = records.source(&path)?;
            require_kept_gates(context, &path, source.as_ref().map(ValidatorState::read).as_ref(), &id)?;
        }
    }
    let before = verify_chain(state.as_ref(), &id)?;
    let (stamp, by) = (context.timestamp(), context.by.as_str());
    match (step, step.gate()) {
        (SessionStep::Reset(reason), _) => {
            file.archive_session(records, &id, &[("at", &stamp), ("by", by), ("reason", reason)])?;
        }
        (SessionStep::Present(verdict), Some(gate)) => {
            let reports = packet.phases.reports.len().to_string();
            let chain = chain_hash(&before, &[id.as_str(), gate, verdict, &stamp, by, &reports]);
            let mark = [
                ("gate", gate),
                ("verdict", verdict.as_str()),
                ("timestamp", stamp.as_str()),
                ("by", by),
                ("reports", reports.as_str()),
                ("chain", chain.as_str()),
            ];
            file.begin_session(records, &id, verdict, &stamp, &mark)?;
        }
        (_, Some(gate)) => {
            let chain = chain_hash(&before, &[id.as_str(), gate, "", &stamp, by]);
            let mark = [("gate", gate), ("timestamp", stamp.as_str()), ("by", by), ("chain", &chain)];
            file.pass_gate(records, &id, &mark, step == &SessionStep::Commit)?;
        }
        (_, None) => {}
    }
    Ok(id)
}

/// Returns the reasons why a step is not the next one; empty if it is.
fn check_order(id: &WpId, session: Option<&ValidatorSession>, step: &SessionStep) -> Vec<Reason> {
    let passed = session.map_or(0, |session| session.gates.len());
    let reached =
        session.and_then(|session| session.gates.last()).map(|mark| to_single_line(&mark.gate.value, 40));
    let refuse = |what: String, help: String| vec![Reason::new(what, help)];
    match step {
        SessionStep::Present(verdict) if !VERDICTS.contains(&verdict.as_str()) => refuse(
            format!(
                "invalid verdict `{}`; expected one of: {}",
                to_single_line(verdict, 40),
                VERDICTS.join(", ")
            ),
            format!("Run `countersign validator-gate present {id} VERDICT` with one of these."),
        ),
        // A new session may follow a completed one, which moves to the archive.
        SessionStep::Present(_) if passed > 0 && passed < GATES.len() => refuse(
            format!("a session of `{id}` is in progress; its last gate is {}", reached.unwrap_or_default()),
            format!(
                "Continue it, or end it with `countersign validator-gate reset {id} --reason TEXT`, which archives it."
            ),
        ),
        SessionStep::Reset(reason) if reason.trim().is_empty() => {
            refuse("a reset needs a reason".into(), "Give the reason with --reason.".into())
        }
        SessionStep::Reset(_) if session.is_none() => {
            refuse(format!("`{id}` has no session to reset"), "No action is necessary.".into())
        }
        SessionStep::Present(_) | SessionStep::Reset(_) => Vec::new(),
        SessionStep::Acknowledge | SessionStep::Append | SessionStep::Commit => {
            let wanted = step.gate().and_then(|gate| GATES.iter().position(|known| *known == gate));
            if wanted == Some(passed) && passed > 0 {
                return Vec::new();
            }
            let steps = ["present", "acknowledge", "append", "commit"];
            let what = match reached {
                Some(reached) if passed >= GATES.len() => {
                    format!("the session of `{id}` is complete; its last gate is {reached}")
                }
                Some(reached) => format!("the last gate of `{id}` is {reached}"),
                None => format!("no report of `{id}` was presented yet"),
            };
            let help = match steps.get(passed) {
                Some(&"present") => {
                    format!("The next step is `countersign validator-gate present {id} VERDICT`.")
                }
                Some(next) => format!("The next step is `countersign validator-gate {next} {id}`."),
                None => {
                    format!("Start a new session with `countersign validator-gate present {id} VERDICT`.")
                }
            };
            refuse(what, help)
        }
    }
}

/// The text of a state file, for [`SessionFile`].
type StateSource = Arc<Source>;
