//! The bus of one job: it admits operations and records what became of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde_json::json;

use crate::config::Grants;
use crate::ledger::{
    CapabilityAction, DiagnosticEvent, GateOutcome, LedgerTrouble, NewOperation, OperationEnd,
    OperationRecorded, Payload, Problem, Recorder,
};

use crate::system::process_usage;

use super::envelope::{DenialSeverity, EngineResult, EngineStatus, GateDenial, PlannedOperation};
use super::gate::Pipeline;
use super::operation::{Admitted, Operation};
use super::registry::GATE_NAMES;

/// An operation was denied. All reasons of all gates are there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Denied {
    /// What was to be done, such as `process.run`.
    pub what: String,
    /// The reasons.
    pub denials: Vec<GateDenial>,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the operation {} is denied", self.what)?;
        for denial in self.denials.iter().filter(|denial| denial.severity == DenialSeverity::Error) {
            let code = denial.code.as_ref().map(|code| format!("{code}, ")).unwrap_or_default();
            write!(f, "\n  {code}{}: {}", denial.gate, denial.reason)?;
        }
        Ok(())
    }
}

/// Limits that this platform cannot enforce; asking for one makes an outcome degraded.
fn cannot_enforce() -> &'static [&'static str] {
    if process_usage::is_available() { &[] } else { &["cpu_time_ms", "memory_bytes"] }
}

/// The bus of one job.
#[derive(Debug)]
pub(crate) struct Bus<'a> {
    recorder: &'a Recorder,
    used: RefCell<BTreeSet<String>>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Bus<'a> {
    /// The bus of a job.
    #[must_use]
    pub(crate) fn new(recorder: &'a Recorder) -> Self {
        Self { recorder, used: RefCell::default(), problems: RefCell::default() }
    }

    /// Returns the job's recorder.
    #[must_use]
    pub(crate) fn recorder(&self) -> &'a Recorder {
        self.recorder
    }

    /// Returns the problems that denials left, and forgets them.
    #[must_use]
    pub(crate) fn take_problems(&self) -> Vec<Problem> {
        self.problems.take()
    }

    /// Passes an operation through the gates and records every outcome.
    ///
    /// # Errors
    /// The operation is denied.
    pub(super) fn admit(
        &self,
        planned: PlannedOperation,
        grants: &Grants,
    ) -> Result<Operation<Admitted>, Denied> {
        let is_replayed = !self.used.borrow_mut().insert(planned.op_id.clone());
        let what = format!("{}.{}", planned.engine_id, planned.operation);
        let record = planned.clone();
        let admitted =
            Operation::new(planned).admit(&Pipeline::STANDARD, grants, is_replayed, cannot_enforce());
        let denials = match &admitted {
            Ok(operation) => operation.degraded(),
            Err(denials) => denials.as_slice(),
        };
        self.record_decisions(&record, denials);
        self.recorder.plan(NewOperation {
            op_id: record.op_id.clone(),
            engine_id: record.engine_id.clone(),
            operation: record.operation.clone(),
            status: if admitted.is_ok() { "running" } else { "denied" },
            planned: to_json(&record),
        });
        admitted.map_err(|denials| Denied { what, denials })
    }

    /// Records the outcome of every gate and of every capability.
    fn record_decisions(&self, operation: &PlannedOperation, denials: &[GateDenial]) {
        for name in GATE_NAMES {
            let own: Vec<&GateDenial> = denials.iter().filter(|denial| denial.gate == *name).collect();
            for denial in &own {
                let problem = denial_problem(denial);
                let fingerprint = problem.fingerprint();
                let severity = problem.severity.to_owned();
                self.problems.borrow_mut().push(problem);
                self.recorder.record(gate_outcome(operation, name, Some((denial, fingerprint.clone()))));
                self.recorder.record(Payload::Diagnostic(DiagnosticEvent {
                    diagnostic_id: fingerprint,
                    severity,
                    source: "engine".to_owned(),
                }));
            }
            if own.is_empty() {
                self.recorder.record(gate_outcome(operation, name, None));
            }
        }
        for id in &operation.capabilities_requested {
            let is_denied = denials.iter().any(|denial| {
                denial.severity == DenialSeverity::Error
                    && denial.details == Some(json!({ "capability_id": id }))
            });
            self.recorder.record(Payload::CapabilityAction(CapabilityAction {
                capability_id: id.clone(),
                actor_id: "mex_runtime".to_owned(),
                job_id: Some(self.recorder.job_id().to_owned()),
                decision_outcome: if is_denied { "deny" } else { "allow" }.to_owned(),
            }));
        }
    }

    /// Writes what was planned, before it acts.
    pub(super) fn write_intent(&self) -> Result<(), LedgerTrouble> {
        self.recorder.write()
    }

    /// Records the end of an operation whose result does not count.
    pub(super) fn record_broken(&self, op_id: &str, reason: &str) {
        self.recorder.end_operation(OperationEnd {
            op_id: op_id.to_owned(),
            status: "failed",
            result: to_json(&json!({ "op_id": op_id, "error": reason })),
        });
        // Trouble with the ledger is reported at the end of the job.
        let _ = self.recorder.write();
    }

    /// Records the result of an operation.
    pub(super) fn record_result(&self, result: &EngineResult, event: Payload) -> Result<(), LedgerTrouble> {
        let text = to_json(result);
        self.recorder.record(Payload::OperationRecorded(OperationRecorded {
            op_id: result.op_id.clone(),
            result_sha256: crate::digest::sha256_hex(text.as_bytes()),
        }));
        self.recorder.end_operation(OperationEnd {
            op_id: result.op_id.clone(),
            status: if result.status == EngineStatus::Succeeded { "succeeded" } else { "failed" },
            result: text,
        });
        self.recorder.record(event);
        self.recorder.write()
    }
}

fn gate_outcome(operation: &PlannedOperation, gate: &str, denied: Option<(&GateDenial, String)>) -> Payload {
    let denial = denied.as_ref().map(|(denial, _)| *denial);
    let severity = denial.map(|denial| match denial.severity {
        DenialSeverity::Error => "error".to_owned(),
        DenialSeverity::Warn => "warn".to_owned(),
    });
    Payload::GateOutcome(GateOutcome {
        gate: gate.to_owned(),
        outcome: if denial.is_some() { "deny" } else { "pass" }.to_owned(),
        op_id: operation.op_id.clone(),
        engine_id: operation.engine_id.clone(),
        operation: operation.operation.clone(),
        code: denial.and_then(|denial| denial.code.clone()),
        reason: denial.map(|denial| denial.reason.clone()),
        severity,
        diagnostic_id: denied.map(|(_, fingerprint)| fingerprint),
    })
}

/// The problem of a denial.
fn denial_problem(denial: &GateDenial) -> Problem {
    let capability = denial.details.as_ref().and_then(|details| details.get("capability_id")?.as_str());
    Problem {
        source: "engine",
        tool: denial.gate.clone(),
        code: denial.code.clone().unwrap_or_else(|| denial.gate.clone()),
        severity: match denial.severity {
            DenialSeverity::Error => "error",
            DenialSeverity::Warn => "warning",
        },
        title: format!("operation denied by {}", denial.gate),
        locations: Vec::new(),
        capability_id: capability.map(str::to_owned),
    }
}

/// Returns a document as JSON; an empty object if that is impossible.
pub(super) fn to_json(value: &impl serde::Serialize) -> String {
    let Ok(mut value) = serde_json::to_value(value) else { return "{}".to_owned() };
    crate::ledger::redact_value(&mut value);
    value.to_string()
}
