//! The shapes of events, with the names of the flight recorder.

use serde::{Deserialize, Serialize};

use super::job::JobState;

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
    /// SHA-256 of the job's row, without its state, at the start and the end of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_sha256: Option<String>,
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

/// A model was asked (FR-EVT-006). Neither question nor answer is here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LlmInference {
    /// Id of the run.
    pub trace_id: String,
    /// The model that was asked.
    pub model_id: String,
    /// What it took.
    pub token_usage: InferenceTokens,
    /// Time until the answer was there, in milliseconds.
    pub latency_ms: Option<u64>,
    /// SHA-256 of the bytes that were sent.
    pub prompt_hash: Option<String>,
    /// SHA-256 of the answer.
    pub response_hash: Option<String>,
}

/// Tokens of one call.
#[expect(clippy::struct_field_names, reason = "the names of the specification")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InferenceTokens {
    /// Of the prompt.
    pub prompt_tokens: u64,
    /// Of the answer.
    pub completion_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
}

/// Something was to be sent to the cloud (FR-EVT-CLOUD-001 to 004). What it was is not here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloudEscalation {
    /// Id of the request.
    pub request_id: String,
    /// Why the cloud is asked, or why it is not.
    pub reason: String,
    /// The model.
    pub requested_model_id: String,
    /// The plan.
    pub projection_plan_id: Option<String>,
    /// The receipt.
    pub consent_receipt_id: Option<String>,
    /// The packet.
    pub wp_id: Option<String>,
    /// The task of the packet.
    pub mt_id: Option<String>,
    /// How often a model on this machine was asked before.
    pub local_attempts: Option<u64>,
    /// How the last of these ended.
    pub last_error_summary: Option<String>,
    /// `approved`, `denied` or `executed`; nothing while it is only requested.
    pub outcome: Option<String>,
}
