//! What happened: one shape for each type of event.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::job::JobState;
use super::shape::{InvalidEvent, is_uuid};

/// A program ran (FR-EVT-001). Its output is in a log, never here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TerminalCommand {
    /// Id of the run.
    pub session_id: String,
    /// Folder below the repository's root; empty for the root.
    pub cwd: String,
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its exit code; `None` if it was killed or not started.
    pub exit_code: Option<i32>,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// Whether it reached its time limit.
    pub timed_out: bool,
    /// Whether its user ended it.
    pub cancelled: bool,
    /// Bytes that its log lost; 0 if the log is whole.
    pub truncated_bytes: u64,
    /// Name and SHA-256 of its log.
    pub stdout_ref: Option<String>,
    /// The same log: both streams go into one file.
    pub stderr_ref: Option<String>,
    /// SHA-256 of the names of its environment variables.
    pub env_ref: Option<String>,
}

/// An engine did something else than run a program (FR-EVT-007).
#[expect(clippy::struct_field_names, reason = "the names of the specification")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolCall {
    /// Id of the run.
    pub trace_id: String,
    /// Id of the operation.
    pub tool_call_id: String,
    /// Engine and operation, such as `document.apply`.
    pub tool_id: String,
    /// Version of the program.
    pub tool_version: String,
    /// `local`.
    pub transport: String,
    /// `READ`, `WRITE` or `EXECUTE`.
    pub side_effect: String,
    /// `IDEMPOTENT` or `NON_IDEMPOTENT`.
    pub idempotency: String,
    /// SHA-256 of the parameters.
    pub args_hash: String,
    /// SHA-256 of the result; `None` if there is none.
    pub result_hash: Option<String>,
    /// Whether it succeeded.
    pub ok: bool,
    /// Code and message of its error.
    pub error: Option<String>,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// Capabilities that were granted.
    pub capability_ids: Vec<String>,
}

/// A capability was asked for (the audit of HSK-4001).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapabilityAction {
    /// The capability, as asked for.
    pub capability_id: String,
    /// Who asked.
    pub actor_id: String,
    /// The job.
    pub job_id: Option<String>,
    /// `allow` or `deny`.
    pub decision_outcome: String,
}

/// A problem was recorded (FR-EVT-003).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiagnosticEvent {
    /// Fingerprint of the problem.
    pub diagnostic_id: String,
    /// `fatal`, `error`, `warning`, `info` or `hint`.
    pub severity: String,
    /// Where it comes from: `engine` or `validator`.
    pub source: String,
}

/// A run that ended without a result was found (FR-EVT-WF-RECOVERY).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkflowRecovery {
    /// Id of the run.
    pub workflow_run_id: String,
    /// Its job.
    pub job_id: Option<String>,
    /// `running`.
    pub from_state: JobState,
    /// `stalled`.
    pub to_state: JobState,
    /// How it was found.
    pub reason: String,
    /// When it was last known to run.
    pub last_heartbeat_ts: String,
    /// 0: processes are asked, not clocks.
    pub threshold_secs: u64,
}

/// The evidence of a job cannot be trusted (FR-EVT-SEC-VIOLATION).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecurityViolation {
    /// What was violated: `step_changed_repository`, `log_changed` or `ledger_changed`.
    pub violation_type: String,
    /// What happened, in a sentence.
    pub description: String,
    /// What caused it: the name of a step.
    pub trigger: String,
    /// The check that found it.
    pub guard_name: String,
    /// `poisoned`.
    pub action_taken: String,
    /// `poisoned`.
    pub job_state_transition: JobState,
}

/// A gate gave its result (FR-EVT-GOV-CHECK-002 and -003).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GovernanceCheck {
    /// The gate.
    pub check_id: String,
    /// Id of the run.
    pub session_id: String,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// `PASS`, `FAIL` or `BLOCKED`.
    pub result_status: String,
    /// Why it could not run; `None` if it did.
    pub blocked_reason: Option<String>,
}

/// Outcome of one gate of the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateOutcome {
    /// The gate, such as `G-CAP`.
    pub gate: String,
    /// `pass` or `deny`.
    pub outcome: String,
    /// The operation.
    pub op_id: String,
    /// Its engine.
    pub engine_id: String,
    /// Its name.
    pub operation: String,
    /// Code of the denial.
    pub code: Option<String>,
    /// Reason of the denial.
    pub reason: Option<String>,
    /// `error` or `warn`; `None` for a pass.
    pub severity: Option<String>,
    /// The problem that the denial left.
    pub diagnostic_id: Option<String>,
}

/// The result of an operation was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperationRecorded {
    /// The operation.
    pub op_id: String,
    /// SHA-256 of the stored result.
    pub result_sha256: String,
}

/// A job went from one state to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobTransition {
    /// `None` when the job was created.
    pub from: Option<JobState>,
    /// The new state.
    pub to: JobState,
    /// Why.
    pub reason: String,
    /// The command, as a protocol id.
    pub protocol_id: String,
}

/// A person acknowledged a problem or a poisoned job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledgement {
    /// Id of the job, or fingerprint of the problem.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// Old entries were removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    /// Number of removed events.
    pub events: u64,
    /// Number of removed jobs.
    pub jobs: u64,
    /// Number of the first event that is left.
    pub first_kept: u64,
    /// Hash of the last removed event: the next one continues it.
    pub last_removed_hash: String,
    /// Why: the limits in force.
    pub reason: String,
}

/// The head of the chain was sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sealed {
    /// Number of the sealed event.
    pub event: u64,
    /// Its hash.
    pub hash: String,
    /// SHA-256 fingerprint of the key.
    pub key: String,
}

/// What a `system` event holds.
#[derive(Serialize)]
struct SystemPayload<'a> {
    component: &'a str,
    message: &'a str,
    level: &'a str,
    details: Value,
}

/// What a `system` event holds, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundSystemPayload<'a> {
    #[serde(borrow)]
    component: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(rename = "level", borrow)]
    _level: Cow<'a, str>,
    #[serde(borrow)]
    details: &'a RawValue,
}

macro_rules! payloads {
    ($($variant:ident($shape:ty) = $kind:literal $(, $component:literal $message:literal)?;)+) => {
        /// What happened.
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum Payload {
            $(
                #[doc = concat!("Type `", $kind, "`.")]
                $variant($shape),
            )+
        }

        impl Payload {
            /// Returns the event's type.
            #[must_use]
            pub(crate) fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)+ }
            }

            pub(super) fn to_value(&self) -> Result<Value, InvalidEvent> {
                let failed = |error: serde_json::Error| InvalidEvent(error.to_string());
                match self {
                    $(Self::$variant(shape) => {
                        let value = serde_json::to_value(shape).map_err(failed)?;
                        $(
                            let value = serde_json::to_value(SystemPayload {
                                component: $component,
                                message: $message,
                                level: self.level(),
                                details: value,
                            })
                            .map_err(failed)?;
                        )?
                        Ok(value)
                    })+
                }
            }

            pub(super) fn read(kind: &str, text: &str) -> Result<Self, InvalidEvent> {
                if kind == "system" {
                    let system: FoundSystemPayload<'_> = shape(text)?;
                    return match (&*system.component, &*system.message) {
                        $($(($component, $message) => Ok(Self::$variant(shape(system.details.get())?)),)?)+
                        (component, message) => Err(InvalidEvent(format!(
                            "`{component}` has no message `{message}`"
                        ))),
                    };
                }
                match kind {
                    $($kind if kind != "system" => Ok(Self::$variant(shape(text)?)),)+
                    other => Err(InvalidEvent(format!("invalid type of event `{other}`"))),
                }
            }
        }
    };
}

payloads! {
    TerminalCommand(TerminalCommand) = "terminal_command";
    ToolCall(ToolCall) = "tool_call";
    CapabilityAction(CapabilityAction) = "capability_action";
    Diagnostic(DiagnosticEvent) = "diagnostic";
    WorkflowRecovery(WorkflowRecovery) = "workflow_recovery";
    SecurityViolation(SecurityViolation) = "security_violation";
    CheckCompleted(GovernanceCheck) = "governance.check.completed";
    CheckBlocked(GovernanceCheck) = "governance.check.blocked";
    GateOutcome(GateOutcome) = "system", "mex_runtime" "gate_outcome";
    OperationRecorded(OperationRecorded) = "system", "mex_runtime" "operation_recorded";
    JobTransition(JobTransition) = "system", "jobs" "transition";
    Acknowledged(Acknowledgement) = "system", "jobs" "acknowledged";
    Retention(Retention) = "system", "ledger" "retention";
    Sealed(Sealed) = "system", "ledger" "sealed";
}

fn shape<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, InvalidEvent> {
    serde_json::from_str(text).map_err(|error| InvalidEvent(error.to_string()))
}

impl Payload {
    fn level(&self) -> &'static str {
        match self {
            Self::GateOutcome(outcome) => match (outcome.outcome.as_str(), outcome.severity.as_deref()) {
                ("pass", _) => "info",
                (_, Some("warn")) => "warning",
                _ => "error",
            },
            Self::JobTransition(JobTransition { to: JobState::Poisoned, .. }) => "error",
            _ => "info",
        }
    }

    /// Checks the values that their types do not check.
    pub(super) fn validate(&self) -> Result<(), InvalidEvent> {
        let one_of = |what: &str, value: &str, known: &[&str]| {
            if known.contains(&value) {
                return Ok(());
            }
            Err(InvalidEvent(format!("invalid `{what}`; expected one of: {}", known.join(", "))))
        };
        match self {
            Self::CapabilityAction(action) => {
                one_of("decision_outcome", &action.decision_outcome, &["allow", "deny"])
            }
            Self::GateOutcome(outcome) => {
                one_of("outcome", &outcome.outcome, &["pass", "deny"])?;
                let is_denied = outcome.outcome == "deny";
                if is_denied != outcome.reason.is_some() || is_denied != outcome.severity.is_some() {
                    return Err(InvalidEvent("a denial, and only a denial, has reason and severity".into()));
                }
                Ok(())
            }
            Self::Diagnostic(event) => {
                one_of("severity", &event.severity, &["fatal", "error", "warning", "info", "hint"])
            }
            Self::CheckCompleted(check) => one_of("result_status", &check.result_status, &["PASS", "FAIL"]),
            Self::CheckBlocked(check) => one_of("result_status", &check.result_status, &["BLOCKED"]),
            Self::ToolCall(call) => {
                one_of("side_effect", &call.side_effect, &["READ", "WRITE", "EXECUTE"])?;
                one_of("idempotency", &call.idempotency, &["IDEMPOTENT", "NON_IDEMPOTENT"])?;
                one_of("transport", &call.transport, &["local", "mcp", "other"])?;
                if is_uuid(&call.trace_id) { Ok(()) } else { Err(InvalidEvent("`trace_id` is nil".into())) }
            }
            Self::WorkflowRecovery(recovery) => {
                one_of("from_state", recovery.from_state.as_str(), &["running"])?;
                one_of("to_state", recovery.to_state.as_str(), &["stalled"])
            }
            Self::SecurityViolation(violation) => one_of(
                "violation_type",
                &violation.violation_type,
                &["step_changed_repository", "log_changed", "ledger_changed"],
            ),
            Self::TerminalCommand(_)
            | Self::OperationRecorded(_)
            | Self::JobTransition(_)
            | Self::Acknowledged(_)
            | Self::Retention(_)
            | Self::Sealed(_) => Ok(()),
        }
    }
}
