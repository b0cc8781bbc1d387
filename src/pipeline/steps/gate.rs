//! A gate from start to end: checks, then steps, then one report.

use crate::bus::Bus;
use crate::check::context::Gate;
use crate::finding::Report;
use crate::ledger::{JobDescription, JobState, Recorder};
#[cfg(feature = "ledger")]
use crate::pipeline::job::add_over_budget;
use crate::pipeline::job::{record_failure, record_report};
use crate::pipeline::packet_gate::{GateRequest, GateResult, run_gate_checks};
use crate::pipeline::verify::{VerifyRequest, run_verify_checks};
use crate::rule::Profile;
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
    let gate_result =
        run_verify_checks(repo, request).map_err(|error| record_refusal(options, error.into()))?;
    // Steps judge code: a change of documents or rules alone has none.
    let skip = match (&options.skip, !gate_result.has_code) {
        (None, true) => Some("the change contains no code".to_owned()),
        (skip, _) => skip.clone(),
    };
    let options =
        StepOptions { skip, twice: options.twice, progress: options.progress, recorder: options.recorder };
    let mut gate_result = gate_result;
    finish(repo, &mut gate_result, &options, started_at, &watch)
}

/// Runs the steps and completes the report.
fn finish(
    repo: &GitRepository,
    gate_result: &mut GateResult,
    options: &StepOptions<'_>,
    started_at: String,
    watch: &Stopwatch,
) -> Result<Report, StepsError> {
    let silent = Recorder::off(JobDescription::judging("gate"));
    let recorder = options.recorder.unwrap_or(&silent);
    recorder.configure(gate_result.config.ledger, gate_result.config.levels.profile.as_str());
    let bus = Bus::new(recorder);
    let step_results = match run_steps(repo, gate_result, options, &bus) {
        Ok(results) => results,
        Err(error) => {
            let is_cancelled = matches!(error, StepsError::Interrupted { .. });
            record_failure(&bus, &gate_result.report, &error.to_string(), is_cancelled).map_err(required)?;
            return Err(error);
        }
    };
    merge_steps(&mut gate_result.report, step_results, &gate_result.config);
    let name = gate_result.report.gate;
    let mut report = std::mem::replace(&mut gate_result.report, Report::new(name));
    report.sort();
    report.run.started_at = started_at;
    record_report(&bus, &mut report, awaited_after(gate_result)).map_err(required)?;
    #[cfg(feature = "ledger")]
    if gate_result.gate == Gate::Audit {
        add_over_budget(&bus, &mut report, &gate_result.config.usage);
    }
    report.run.milliseconds = watch.elapsed_milliseconds();
    Ok(report)
}

/// Returns the state in which a passed gate waits: work whose packet demands a validator
/// waits for the report.
fn awaited_after(gate_result: &GateResult) -> Option<JobState> {
    let waits = gate_result.gate == Gate::PostWork
        && gate_result.config.levels.profile == Profile::Full
        && gate_result
            .packets
            .iter()
            .filter_map(|packet| packet.located.as_ref())
            .any(|located| located.packet.phases.reports.is_empty());
    waits.then_some(JobState::AwaitingValidation)
}

/// Records a gate whose checks could not run. The error stays what it is: the trusted
/// configuration, which could require the ledger, was not read.
fn record_refusal(options: &StepOptions<'_>, error: StepsError) -> StepsError {
    if let Some(recorder) = options.recorder {
        let empty = Report::not_run("gate", error.to_string());
        let _ = record_failure(&Bus::new(recorder), &empty, &error.to_string(), false);
    }
    error
}

fn required(trouble: crate::ledger::LedgerTrouble) -> StepsError {
    StepsError::Ledger(trouble.to_string())
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
    run_gate_with_result(repo, request, options).map(|(report, _)| report)
}

/// Runs a gate like [`run_gate`]; also returns what the gate judged. The report is not in
/// it.
///
/// # Errors
/// Those of [`run_gate`].
pub(crate) fn run_gate_with_result(
    repo: &GitRepository,
    request: &GateRequest,
    options: &StepOptions<'_>,
) -> Result<(Report, GateResult), StepsError> {
    let started_at = clock::now_text();
    let watch = Stopwatch::start();
    let mut gate_result =
        run_gate_checks(repo, request).map_err(|error| record_refusal(options, error.into()))?;
    let report = finish(repo, &mut gate_result, options, started_at, &watch)?;
    Ok((report, gate_result))
}
