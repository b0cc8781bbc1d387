//! A gate from start to end: checks, then steps, then one report.

use crate::finding::Report;
use crate::pipeline::packet_gate::{GateRequest, GateResult, run_gate_checks};
use crate::pipeline::verify::{VerifyRequest, run_verify_checks};
use crate::system::clock;
use crate::system::clock::Stopwatch;
use crate::system::git::GitRepository;

use super::error::StepsError;
use super::merge::merge_steps;
use super::options::StepOptions;
use super::run::run_steps;

/// Judges the work of a branch: the checks of the fence or of its packets, and the steps
/// if the checks passed.
///
/// # Errors
/// The checks could not run, a step was interrupted, or the log of a step
/// could not be written or read.
pub(crate) fn run_verify(
    repo: &GitRepository,
    request: &VerifyRequest,
    options: &StepOptions<'_>,
) -> Result<Report, StepsError> {
    let started_at = clock::now_text();
    let watch = Stopwatch::start();
    let gate_result = run_verify_checks(repo, request)?;
    // Steps judge code: a change of documents or rules alone has none.
    let skip = match (&options.skip, !gate_result.has_code) {
        (None, true) => Some("the change contains no code".to_owned()),
        (skip, _) => skip.clone(),
    };
    let options = StepOptions { skip, progress: options.progress };
    finish(repo, gate_result, &options, started_at, &watch)
}

/// Runs the steps and completes the report.
fn finish(
    repo: &GitRepository,
    mut gate_result: GateResult,
    options: &StepOptions<'_>,
    started_at: String,
    watch: &Stopwatch,
) -> Result<Report, StepsError> {
    let step_results = run_steps(repo, &gate_result, options)?;
    merge_steps(&mut gate_result.report, step_results, &gate_result.config);
    let mut report = gate_result.report;
    report.sort();
    report.run.started_at = started_at;
    report.run.milliseconds = watch.elapsed_milliseconds();
    Ok(report)
}

/// Runs a gate: its checks, and its steps if the checks passed.
///
/// # Errors
/// The checks could not run, a step was interrupted, or the log of a step
/// could not be written or read.
pub fn run_gate(
    repo: &GitRepository,
    request: &GateRequest,
    options: &StepOptions<'_>,
) -> Result<Report, StepsError> {
    let started_at = clock::now_text();
    let watch = Stopwatch::start();
    let gate_result = run_gate_checks(repo, request)?;
    finish(repo, gate_result, options, started_at, &watch)
}
