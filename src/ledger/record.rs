//! What is written for a job: at its start, for each operation, and at its end.

use super::event_shapes::SecurityViolation;
use super::job::{EntityRef, JobDescription, JobMetrics, JobState};
use super::problem::Problem;

/// A job that is created.
#[derive(Debug, Clone)]
pub(crate) struct NewJob<'a> {
    /// Its id.
    pub job_id: &'a str,
    /// Id of this run of it.
    pub run_id: &'a str,
    /// What the command is.
    pub description: &'a JobDescription,
    /// The profile that judges.
    pub profile: &'a str,
    /// The profile that grants capabilities.
    pub capability_profile: &'a str,
    /// The working tree.
    pub worktree: &'a str,
    /// When it started.
    pub created_at: &'a str,
}

/// An operation that is planned.
#[derive(Debug, Clone)]
pub(crate) struct NewOperation {
    /// Its id.
    pub op_id: String,
    /// Its engine.
    pub engine_id: String,
    /// Its name.
    pub operation: String,
    /// `running` or `denied`.
    pub status: &'static str,
    /// The planned operation, as JSON.
    pub planned: String,
}

/// The end of an operation.
#[derive(Debug, Clone)]
pub(crate) struct OperationEnd {
    /// Its id.
    pub op_id: String,
    /// `succeeded` or `failed`.
    pub status: &'static str,
    /// The result, as JSON.
    pub result: String,
}

/// The end of a job.
#[derive(Debug, Clone)]
pub(crate) struct JobEnd {
    /// Its last state.
    pub state: JobState,
    /// Why.
    pub reason: String,
    /// `passed`, `failed` or `not_run`.
    pub verdict: Option<&'static str>,
    /// The packet that was judged.
    pub packet: Option<String>,
    /// The tree or commit that was judged.
    pub tree: Option<String>,
    /// What it was about.
    pub entities: Vec<EntityRef>,
    /// Its numbers.
    pub metrics: JobMetrics,
    /// Its problems.
    pub problems: Vec<Problem>,
    /// Why its evidence cannot be trusted.
    pub violation: Option<SecurityViolation>,
    /// What it means for waiting jobs of its packet.
    pub settles: Vec<Settlement>,
}

/// What a job that ended means for earlier jobs of its packet that wait in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// Where they wait.
    pub from: JobState,
    /// Where they go.
    pub to: JobState,
    /// Why.
    pub reason: &'static str,
}

/// A job whose evidence cannot be trusted, and that no person acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PoisonedJob {
    /// Its id.
    pub job_id: String,
    /// When it ended.
    pub at: String,
    /// Why.
    pub reason: String,
}

/// The ledger could not be used. Only `ledger: required` makes it an error of a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger could not be used: {0}")]
pub(crate) struct LedgerTrouble(pub String);

/// How a command ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobOutcome {
    /// `passed`, `failed` or `not_run`; `None` for a command without a verdict.
    pub verdict: Option<&'static str>,
    /// Whether waivers, warnings or degraded limits were part of it.
    pub has_issues: bool,
    /// Whether its user ended it.
    pub is_cancelled: bool,
    /// Why it could not run.
    pub error: Option<String>,
    /// The state in which it waits for somebody else, if it succeeded.
    pub awaits: Option<JobState>,
    /// What it means for waiting jobs of its packet, if it succeeded.
    pub settles: Vec<Settlement>,
    /// The packet that was judged.
    pub packet: Option<String>,
    /// The tree or commit that was judged.
    pub tree: Option<String>,
    /// What it was about.
    pub entities: Vec<EntityRef>,
    /// Files that were judged.
    pub entities_read: u64,
    /// Files that were written.
    pub entities_written: u64,
    /// Checks that ran.
    pub checks: u64,
    /// Its problems.
    pub problems: Vec<Problem>,
}

impl JobOutcome {
    /// Returns the state in which the job ends or waits, and why.
    pub(super) fn last_state(&self) -> (JobState, String) {
        match (&self.error, self.verdict) {
            _ if self.is_cancelled => (JobState::Cancelled, "its user ended it".to_owned()),
            (Some(error), _) => (JobState::Failed, error.clone()),
            (None, Some("failed")) => (JobState::Failed, "failed".to_owned()),
            _ if self.awaits == Some(JobState::AwaitingValidation) => {
                (JobState::AwaitingValidation, "passed, and no report of a validator is there yet".to_owned())
            }
            _ if self.awaits == Some(JobState::AwaitingUser) => {
                (JobState::AwaitingUser, "presented, and not acknowledged yet".to_owned())
            }
            _ if self.has_issues => {
                (JobState::CompletedWithIssues, "completed with warnings or waivers".to_owned())
            }
            _ => (JobState::Completed, "completed".to_owned()),
        }
    }
}

/// What the ledger says to the command that was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LedgerNote {
    /// The job; `None` if nothing was recorded.
    pub job_id: Option<String>,
    /// Why nothing was recorded, if something should have been.
    pub trouble: Option<String>,
    /// Earlier jobs of the packet whose evidence cannot be trusted.
    pub poisoned: Vec<PoisonedJob>,
    /// Why the evidence of this job cannot be trusted.
    pub violation: Option<String>,
    /// What calls of models are known for its packet.
    pub usage: PacketUsage,
}

/// What calls of models are known for a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PacketUsage {
    /// Number of calls.
    pub calls: u64,
    /// Tokens that were sent.
    pub sent: u64,
    /// Tokens that were received.
    pub received: u64,
    /// Whether a count is only a lower bound.
    pub is_lower_bound: bool,
}
