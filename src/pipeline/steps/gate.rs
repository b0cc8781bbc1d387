//! A gate from start to end: checks, then steps, then one report.

use crate::finding::Report;
use crate::pipeline::packet_gate::{GateRequest, run_gate_checks};
use crate::system::clock;
use crate::system::clock::Stopwatch;
use crate::system::git::GitRepository;

use super::error::StepsError;
use super::merge::merge_steps;
use super::options::StepOptions;
use super::run::run_steps;

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
    let mut gate_result = run_gate_checks(repo, request)?;
    let step_results = run_steps(repo, request, &gate_result, options)?;
    merge_steps(&mut gate_result.report, step_results, &gate_result.config);
    let mut report = gate_result.report;
    report.sort();
    report.run.started_at = started_at;
    report.run.milliseconds = watch.elapsed_milliseconds();
    Ok(report)
}
