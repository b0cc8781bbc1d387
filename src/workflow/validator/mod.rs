//! The validator's state machine: a report is presented, acknowledged,
//! appended to the packet, committed (CHECKS, "State files and the validator's
//! state machine").
//!
//! Sessions are only added to. One that is given up, or followed by another,
//! moves to the archive with all it holds. Every gate is tied by a hash to the
//! one before.

mod preconditions;
mod session_file;

use std::sync::Arc;

use jiff::Timestamp;
use preconditions::{check_claims, check_identity, require_kept_gates, verify_chain};
use session_file::SessionFile;

use crate::change::Repository;
use crate::check::context::Policy;
use crate::document::validator_state::{GATES, ValidatorSession, ValidatorState, chain_hash};
use crate::document::{Packet, WpId};
use crate::text::{RepoPath, Source, is_plain, to_single_line};

use super::records::{Reason, Records, WorkflowError};

/// One step of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionStep {
    /// A report with this verdict is shown to the user.
    Present(String),
    /// The user has seen it.
    Acknowledge,
    /// The packet holds it.
    Append,
    /// The packet with it is committed.
    Commit,
    /// The session is given up, for this reason.
    Reset(String),
}

impl SessionStep {
    /// The gate that it passes.
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

/// The verdicts that there are.
pub const VERDICTS: [&str; 3] = ["PASS", "FAIL", "OUTDATED_ONLY"];

/// Who does it, when, and by which rules.
pub struct ValidatorContext<'a> {
    /// The repository.
    pub repo: &'a dyn Repository,
    /// Who, as they call themselves.
    pub by: String,
    /// Now.
    pub now: Timestamp,
    /// What the configuration asks.
    pub policy: &'a Policy,
}

impl ValidatorContext<'_> {
    fn timestamp(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

/// How a packet's validation stands.
#[derive(Debug, Default)]
pub struct ValidationStatus {
    /// Where its state lies, if there is any.
    pub path: Option<RepoPath>,
    /// The verdict of the session in force.
    pub verdict: Option<String>,
    /// Its gates: name, time, identity.
    pub gates: Vec<(String, String, String)>,
    /// Verdict and last gate of the sessions before, oldest first.
    pub archived: Vec<(String, String)>,
    /// The step that comes next.
    pub next: Option<&'static str>,
}

/// A packet's id, by the name of its file.
fn require_packet(records: &Records<'_>, requested: &str) -> Result<(WpId, Packet), WorkflowError> {
    let shown = to_single_line(requested, 80);
    let id = WpId::parse(requested).map_err(|why| {
        WorkflowError::refused(
            format!("`{shown}` is no work packet id: {why}"),
            "An id is `WP-{phase}-{name}`.",
        )
    })?;
    match records.packet(&id)? {
        Some(packet) => Ok((id, packet)),
        None => Err(WorkflowError::refused(
            format!("there is no packet {}", records.layout.packet(&id)),
            "`countersign list` shows the packets that are there.",
        )),
    }
}

/// How a packet's validation stands.
///
/// # Errors
/// There is no such packet, or its state cannot be read.
pub fn read_status(
    records: &Records<'_>,
    requested: &str,
) -> Result<(WpId, ValidationStatus), WorkflowError> {
    let (id, _) = require_packet(records, requested)?;
    let place = SessionFile::find(records, &id)?;
    let mut standing = ValidationStatus { next: Some("present"), ..ValidationStatus::default() };
    let text = |field: &Option<crate::text::Spanned<String>>| {
        field.as_ref().map_or(String::new(), |field| field.value.clone())
    };
    if let Some(source) = &place.source {
        let state = ValidatorState::read(source);
        standing.path = Some(place.path.clone());
        for session in state.archived.iter().filter(|session| session.packet() == Some(id.as_str())) {
            standing.archived.push((text(&session.verdict), text(&session.status)));
        }
        if let Some(session) = find_session(&state, &id) {
            standing.verdict = session.verdict.as_ref().map(|verdict| verdict.value.clone());
            let gates = session.gates.iter();
            standing.gates =
                gates.map(|mark| (mark.gate.value.clone(), text(&mark.at), text(&mark.by))).collect();
            let steps = ["acknowledge", "append", "commit"];
            standing.next = session.gates.len().checked_sub(1).and_then(|done| steps.get(done)).copied();
        }
    }
    Ok((id, standing))
}

fn find_session<'s>(state: &'s ValidatorState, id: &WpId) -> Option<&'s ValidatorSession> {
    state.sessions.iter().find(|session| session.packet() == Some(id.as_str()))
}

/// Takes a step.
///
/// # Errors
/// It is not the next one, or what it claims is not so.
pub fn take_step(
    records: &mut Records<'_>,
    hand: &ValidatorContext<'_>,
    requested: &str,
    step: &SessionStep,
) -> Result<WpId, WorkflowError> {
    let (id, packet) = require_packet(records, requested)?;
    let place = SessionFile::find(records, &id)?;
    let state = place.source.as_ref().map(ValidatorState::read);
    if let (Some(state), Some(fault)) = (&state, state.as_ref().and_then(|state| state.faults.first())) {
        let line = state.source.line(fault.span.start);
        let why = format!("line {line}: {}", fault.message);
        return Err(WorkflowError::Document(place.path.clone(), why));
    }
    if let Some(state) = &state
        && let Some(key) = state.sessions.iter().find_map(|session| {
            let key = session.key.as_ref()?;
            let about = session.packet() == Some(id.as_str()) || key.value == id.as_str();
            (about && session.packet() != Some(key.value.as_str())).then_some(key)
        })
    {
        let line = state.source.line(key.span.start);
        let why = format!("line {line}: the session stands under another id than it names");
        return Err(WorkflowError::Document(place.path.clone(), why));
    }
    let session = state.as_ref().and_then(|state| find_session(state, &id));
    let mut reasons = check_order(&id, session, step);
    let said = if let SessionStep::Reset(reason) = step { reason.as_str() } else { "" };
    if !is_plain(&hand.by) || !is_plain(said) {
        let what = "a name or reason holds characters that cannot be seen";
        reasons.push(Reason::new(what, "Give it as plain text."));
    }
    if reasons.is_empty() {
        reasons.extend(check_claims(hand, records, &id, session, &packet, step)?);
        reasons.extend(check_identity(hand, session, step));
    }
    if !reasons.is_empty() {
        return Err(WorkflowError::Refused(reasons));
    }
    // The packet's own file and the older one for all: none may have been
    // left for the other.
    let older = RepoPath::from(records.layout.shared_validator_state.as_str());
    for path in [records.layout.validator_state_path(&id), older] {
        if path == place.path {
            require_kept_gates(hand, &path, state.as_ref(), &id)?;
        } else {
            let source = records.source(&path)?;
            require_kept_gates(hand, &path, source.as_ref().map(ValidatorState::read).as_ref(), &id)?;
        }
    }
    let before = verify_chain(state.as_ref(), &id)?;
    let (stamp, by) = (hand.timestamp(), hand.by.as_str());
    match (step, step.gate()) {
        (SessionStep::Reset(reason), _) => {
            place.archive_session(records, &id, &[("at", &stamp), ("by", by), ("reason", reason)])?;
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
            place.begin_session(records, &id, verdict, &stamp, &mark)?;
        }
        (_, Some(gate)) => {
            let chain = chain_hash(&before, &[id.as_str(), gate, "", &stamp, by]);
            let mark = [("gate", gate), ("timestamp", stamp.as_str()), ("by", by), ("chain", &chain)];
            place.pass_gate(records, &id, &mark, step == &SessionStep::Commit)?;
        }
        (_, None) => {}
    }
    Ok(id)
}

/// Whether a step is the next one.
fn check_order(id: &WpId, session: Option<&ValidatorSession>, step: &SessionStep) -> Vec<Reason> {
    let passed = session.map_or(0, |session| session.gates.len());
    let reached =
        session.and_then(|session| session.gates.last()).map(|mark| to_single_line(&mark.gate.value, 40));
    let refuse = |what: String, help: String| vec![Reason::new(what, help)];
    match step {
        SessionStep::Present(verdict) if !VERDICTS.contains(&verdict.as_str()) => refuse(
            format!("`{}` is no verdict", to_single_line(verdict, 40)),
            format!("A verdict is one of {}.", VERDICTS.join(", ")),
        ),
        // A session that ended is followed by a new one, which keeps it.
        SessionStep::Present(_) if passed > 0 && passed < GATES.len() => refuse(
            format!("a session of `{id}` is under way: it has passed {}", reached.unwrap_or_default()),
            format!(
                "Go on with it, or give it up with `countersign validator-gate reset {id} --reason TEXT`, which keeps it."
            ),
        ),
        SessionStep::Reset(reason) if reason.trim().is_empty() => {
            refuse("the session is given up without a reason".into(), "Give it with --reason.".into())
        }
        SessionStep::Reset(_) if session.is_none() => {
            refuse(format!("there is no session of `{id}` to give up"), "There is nothing to do.".into())
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
                    format!("the session of `{id}` has ended with {reached}")
                }
                Some(reached) => format!("`{id}` has passed {reached} last"),
                None => format!("no report of `{id}` was presented"),
            };
            let help = match steps.get(passed) {
                Some(&"present") => format!("Next is `countersign validator-gate present {id} VERDICT`."),
                Some(next) => format!("Next is `countersign validator-gate {next} {id}`."),
                None => {
                    format!("A new report begins with `countersign validator-gate present {id} VERDICT`.")
                }
            };
            refuse(what, help)
        }
    }
}

/// A state's text, for [`Place`].
type StateSource = Arc<Source>;
