//! A gate from start to end: the judgement, then its steps, then one report.

mod capture;
mod runner;
mod steps;
mod tree;

pub use capture::{Captured, Run, capture};
pub use runner::proof_lines;

use crate::check::find;
use crate::finding::{Finding, Label, Report, StepReport};
use crate::gate::{GateError, GateRequest, judge};
use crate::system::clock::Stopwatch;
use crate::system::{clock, git::GitRepository};

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
    fn running(&self, step: &str, milliseconds: u64);
    /// It ended.
    fn ended(&self);
}

/// Nobody who wants to know.
pub struct Silent;

impl Progress for Silent {
    fn running(&self, _: &str, _: u64) {}
    fn ended(&self) {}
}

/// Why a gate could not run to its end (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It could not judge.
    #[error(transparent)]
    Gate(#[from] GateError),
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
pub fn run(
    repo: &GitRepository,
    request: &GateRequest,
    options: &StepOptions<'_>,
) -> Result<Report, EngineError> {
    let started_at = clock::now_text();
    let watch = Stopwatch::start();
    let mut judgement = judge(repo, request)?;
    let found = steps::run(repo, request, &judgement, options)?;
    steps::merge(&mut judgement.report, found);
    let mut report = judgement.report;
    report.sort();
    report.run.started_at = started_at;
    report.run.milliseconds = watch.milliseconds();
    Ok(report)
}

/// What the steps of a gate gave.
struct Ran {
    steps: Vec<StepReport>,
    findings: Vec<Finding>,
}

/// A finding of a rule about steps.
fn finding(rule: &str, message: String, label: Label) -> Option<Finding> {
    find(rule).map(|entry| entry.rule.finding(message, label))
}
