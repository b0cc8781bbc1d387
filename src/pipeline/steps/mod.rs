//! A gate from start to end: the judgement, then its steps, then one report.

mod capture;
mod run;
mod test_runner;
mod worktree_snapshot;

use crate::check::find_rule;
use crate::finding::{Finding, Label, Report, StepReport};
use crate::system::clock;
use crate::system::clock::Stopwatch;
use crate::system::git::GitRepository;

use super::packet_gate::{GateRequest, PipelineError, run_gate_checks};

pub use capture::{CommandOutput, CommandRun, capture};
pub use test_runner::find_proof_lines;

/// How steps are run.
pub struct StepOptions<'a> {
    /// Why no step runs, if none does.
    pub skip: Option<String>,
    /// Told what happens while a step runs.
    pub progress: &'a dyn Progress,
}

/// Somebody who wants to know how a step is getting on.
pub trait Progress {
    /// A step runs, for this many milliseconds now.
    fn step_running(&self, step: &str, milliseconds: u64);
    /// It ended.
    fn step_ended(&self);
}

/// Nobody who wants to know.
pub struct NoProgress;

impl Progress for NoProgress {
    fn step_running(&self, _: &str, _: u64) {}
    fn step_ended(&self) {}
}

/// Why a gate could not run to its end (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It could not judge.
    #[error(transparent)]
    Gate(#[from] PipelineError),
    /// Ctrl-C.
    #[error("interrupted while step `{0}` was running; its processes were ended")]
    Interrupted(String),
    /// A log could not be written or read.
    #[error("{doing}: {source}")]
    Log {
        /// What was being done.
        doing: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Runs a gate: checks, then steps if the checks let them.
///
/// # Errors
/// Nothing was judged, or a step was interrupted.
pub fn run_gate(
    repo: &GitRepository,
    request: &GateRequest,
    options: &StepOptions<'_>,
) -> Result<Report, EngineError> {
    let started_at = clock::now_text();
    let watch = Stopwatch::start();
    let mut judgement = run_gate_checks(repo, request)?;
    let found = run::run_steps(repo, request, &judgement, options)?;
    run::merge_steps(&mut judgement.report, found);
    let mut report = judgement.report;
    report.sort();
    report.run.started_at = started_at;
    report.run.milliseconds = watch.elapsed_milliseconds();
    Ok(report)
}

/// What the steps of a gate gave.
struct StepResults {
    steps: Vec<StepReport>,
    findings: Vec<Finding>,
}

/// A finding of a rule about steps.
fn step_finding(rule: &str, message: String, label: Label) -> Option<Finding> {
    find_rule(rule).map(|entry| entry.rule.finding(message, label))
}
