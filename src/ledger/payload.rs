//! What happened: one shape for each type of event.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::event_shapes::{
    Acknowledgement, CapabilityAction, CloudEscalation, DiagnosticEvent, GateOutcome, GovernanceCheck,
    JobTransition, LlmInference, OperationRecorded, Retention, Sealed, SecurityViolation, TerminalCommand,
    ToolCall, WorkflowRecovery,
};
use super::job::JobState;
use super::shape::{InvalidEvent, is_uuid};

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
    LlmInference(LlmInference) = "llm_inference";
    CloudRequested(CloudEscalation) = "cloud_escalation_requested";
    CloudApproved(CloudEscalation) = "cloud_escalation_approved";
    CloudDenied(CloudEscalation) = "cloud_escalation_denied";
    CloudExecuted(CloudEscalation) = "cloud_escalation_executed";
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

fn check_escalation(event: &CloudEscalation, outcome: Option<&str>) -> Result<(), InvalidEvent> {
    if !is_uuid(&event.request_id) || event.requested_model_id.trim().is_empty() {
        return Err(InvalidEvent("`request_id` is nil, or `requested_model_id` is empty".into()));
    }
    if event.outcome.as_deref() != outcome {
        return Err(InvalidEvent("`outcome` does not fit the type of the event".into()));
    }
    Ok(())
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
            Self::LlmInference(call) => {
                if !is_uuid(&call.trace_id) || call.model_id.trim().is_empty() {
                    return Err(InvalidEvent("`trace_id` is nil, or `model_id` is empty".into()));
                }
                Ok(())
            }
            Self::CloudRequested(event) => check_escalation(event, None),
            Self::CloudApproved(event) => check_escalation(event, Some("approved")),
            Self::CloudDenied(event) => check_escalation(event, Some("denied")),
            Self::CloudExecuted(event) => check_escalation(event, Some("executed")),
            Self::SecurityViolation(violation) => one_of(
                "violation_type",
                &violation.violation_type,
                &["step_changed_repository", "log_changed", "ledger_changed", "consent_replayed"],
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
