//! The steps of a gate: which steps are planned, whether they may run, and
//! their results.

use std::path::PathBuf;
use std::time::Duration;

use crate::change::ObjectStore as _;
use crate::check::context::Gate;
use crate::check::find_rule;
use crate::config::{EnvironmentPolicy, FILE_NAME, GateStep};
use crate::finding::{CheckStatus, Finding, Label, Report, StepReport, StepRun, StepStatus};
use crate::pipeline::packet_gate::{GateResult, PipelineError, status_of};
use crate::system::files;
use crate::system::git::GitRepository;
use crate::system::process::ExitReason;
use crate::text::{RepoPath, escape_hidden};

use super::capture::{CommandOutput, CommandRun, MAX_LOG_BYTES, capture};
use super::error::StepsError;
use super::options::StepOptions;
use super::{test_runner, worktree_snapshot};

/// Number of lines at the end of a log that the report shows.
const TAIL_LINES: usize = 20;

/// The rules about steps.
const STEP_RULES: [&str; 4] = ["step/failed", "step/no-tests", "step/edited-tree", "step/other-tree"];

/// Results of the steps of a gate.
pub(super) struct StepResults {
    steps: Vec<StepReport>,
    findings: Vec<Finding>,
}

/// Runs the planned steps in order, up to the first that fails.
pub(super) fn run_steps(
    repo: &GitRepository,
    gate_result: &GateResult,
    options: &StepOptions<'_>,
) -> Result<StepResults, StepsError> {
    let planned = planned_steps(repo, gate_result.gate, gate_result)?;
    let skip_reason = options
        .skip
        .clone()
        .or_else(|| (!gate_result.report.passed()).then(|| "the checks failed before".to_owned()));
    let skip_all = |reason: &str| {
        planned.iter().map(|step| new_step_report(step, StepStatus::Skipped(reason.to_owned()))).collect()
    };
    if let Some(reason) = skip_reason {
        return Ok(StepResults { steps: skip_all(&reason), findings: Vec::new() });
    }
    if planned.is_empty() {
        return Ok(StepResults { steps: Vec::new(), findings: Vec::new() });
    }
    if let Some((path, difference)) =
        worktree_snapshot::describe_difference(repo, gate_result).map_err(PipelineError::from)?
    {
        let label = match path {
            Some(path) => Label::path(&path, difference),
            None => Label::repository(difference),
        };
        let message = "the files on disk differ from the judged files, so steps would test other files";
        return Ok(StepResults {
            steps: skip_all("the files on disk differ from the judged files"),
            findings: step_finding("step/other-tree", message.to_owned(), label).into_iter().collect(),
        });
    }
    let mut results = StepResults { steps: Vec::new(), findings: Vec::new() };
    for step in &planned {
        let before = worktree_snapshot::take_snapshot(repo).map_err(PipelineError::from)?;
        let (report, findings) = run_step(repo, gate_result, step, options)?;
        let after = worktree_snapshot::take_snapshot(repo).map_err(PipelineError::from)?;
        results.findings.extend(findings);
        for path in worktree_snapshot::edited_paths(&before, &after) {
            let message = format!("step `{}` changed {path}", step.name);
            let label = Label::path(&path, "a tracked file");
            results.findings.extend(step_finding("step/edited-tree", message, label));
        }
        let failed = report.status == StepStatus::Failed || !results.findings.is_empty();
        results.steps.push(if failed { StepReport { status: StepStatus::Failed, ..report } } else { report });
        if failed {
            break;
        }
    }
    let rest: Vec<StepReport> = planned
        .iter()
        .skip(results.steps.len())
        .map(|step| new_step_report(step, StepStatus::Skipped("an earlier step failed".to_owned())))
        .collect();
    results.steps.extend(rest);
    Ok(results)
}

/// Builds a finding of a rule about steps.
fn step_finding(rule: &str, message: String, label: Label) -> Option<Finding> {
    find_rule(rule).map(|entry| entry.rule.finding(message, label))
}

/// Returns the steps that the configuration names for this gate. Without
/// configured steps, `post-work` tests a Cargo project with `cargo test`.
fn planned_steps(
    repo: &GitRepository,
    gate: Gate,
    gate_result: &GateResult,
) -> Result<Vec<GateStep>, StepsError> {
    if let Some(steps) = &gate_result.config.steps {
        return Ok(steps.iter().filter(|step| step.gates.contains(&gate)).cloned().collect());
    }
    let is_cargo_project =
        repo.exists(gate_result.tree, &RepoPath::from("Cargo.toml")).map_err(PipelineError::from)?;
    if gate != Gate::PostWork || !is_cargo_project {
        return Ok(Vec::new());
    }
    Ok(vec![GateStep {
        name: "cargo test".into(),
        argv: vec!["cargo".into(), "test".into()],
        folder: String::new(),
        timeout: Duration::from_secs(30 * 60),
        gates: vec![Gate::PostWork],
        environment: EnvironmentPolicy::default(),
        tests: None,
    }])
}

fn new_step_report(step: &GateStep, status: StepStatus) -> StepReport {
    StepReport {
        name: step.name.clone(),
        argv: step.argv.clone(),
        status,
        exit_code: None,
        tests: None,
        run: StepRun::default(),
    }
}

/// Runs one step and returns its report and its findings.
fn run_step(
    repo: &GitRepository,
    gate_result: &GateResult,
    step: &GateStep,
    options: &StepOptions<'_>,
) -> Result<(StepReport, Vec<Finding>), StepsError> {
    let root = repo.root().map_err(PipelineError::from)?;
    let run = CommandRun {
        name: &step.name,
        argv: &step.argv,
        folder: files::join_repo_path(root, &RepoPath::from(step.folder.as_str())),
        environment: &step.environment,
        timeout: step.timeout,
        log_folder: log_folder(repo, gate_result, step)?,
        log_prefix: gate_result.gate.as_str(),
    };
    let CommandOutput { outcome, log, log_sha256, text, milliseconds } = capture(&run, options.progress)?;
    let mut report = new_step_report(step, StepStatus::Passed);
    report.run = StepRun {
        milliseconds,
        log: Some(log.display().to_string()),
        log_sha256: Some(log_sha256),
        tail: last_lines(&text),
    };
    if let Ok(ExitReason::Exited(code)) = outcome {
        report.exit_code = Some(code);
    }
    let label = || match gate_result.config.steps {
        Some(_) => Label::path(&RepoPath::from(FILE_NAME), format!("step `{}`", step.name)),
        None => Label::path(&RepoPath::from("Cargo.toml"), "a Cargo project is tested with `cargo test`"),
    };
    let mut findings: Vec<Finding> = Vec::new();
    if let Some(message) = describe_failure(step, &outcome) {
        let finding = step_finding("step/failed", message, label());
        findings.extend(finding.map(|finding| finding.help(format!("Its log is {}.", log.display()))));
    }
    let runner = test_runner::detect_runner(&step.argv, &text);
    report.tests = runner.and_then(|runner| test_runner::count_tests(runner, &text));
    let needs_tests = step.tests.unwrap_or(runner.is_some());
    if findings.is_empty() && needs_tests && report.tests.unwrap_or(0) == 0 {
        let message = match (runner, report.tests) {
            (Some(runner), Some(_)) => format!("step `{}` ran no test ({})", step.name, runner.as_str()),
            (Some(runner), None) => {
                format!("step `{}` does not show how many tests ran ({})", step.name, runner.as_str())
            }
            (None, _) => {
                format!("step `{}` must show how many tests ran, but its test runner is unknown", step.name)
            }
        };
        findings.extend(step_finding("step/no-tests", message, label()));
    }
    if !findings.is_empty() {
        report.status = StepStatus::Failed;
    }
    Ok((report, findings))
}

/// Returns a message for a step that did not end with exit code 0.
fn describe_failure(step: &GateStep, outcome: &std::io::Result<ExitReason>) -> Option<String> {
    let name = &step.name;
    match outcome {
        Ok(ExitReason::Exited(0)) => None,
        Ok(ExitReason::Exited(code)) => Some(format!("step `{name}` ended with exit code {code}")),
        // `capture` returns an interruption as an error, so only a signal from
        // outside ends here.
        Ok(ExitReason::Killed | ExitReason::Interrupted) => {
            Some(format!("step `{name}` was killed by a signal"))
        }
        Ok(ExitReason::TimedOut) => {
            let seconds = step.timeout.as_secs();
            Some(format!("step `{name}` did not finish within {seconds} s and was ended"))
        }
        Ok(ExitReason::LogLimitExceeded) => {
            Some(format!("step `{name}` wrote more than {MAX_LOG_BYTES} bytes and was ended"))
        }
        Err(error) => Some(format!("step `{name}` could not be started: {error}")),
    }
}

/// Returns the folder for the logs of the packet's steps. It does not go through a
/// link: a log would be written outside the repository.
fn log_folder(
    repo: &GitRepository,
    gate_result: &GateResult,
    step: &GateStep,
) -> Result<PathBuf, StepsError> {
    let wp_id = gate_result.report.packet.as_ref().map_or("unknown", |packet| packet.wp_id.as_str());
    let folder = match &gate_result.config.logs {
        Some(logs) => {
            let root = repo.root().map_err(PipelineError::from)?;
            files::resolve_folder_below(root, &format!("{logs}/{wp_id}"))
        }
        None => files::resolve_folder_below(&repo.state_folder(), &format!("logs/{wp_id}")),
    };
    folder.map_err(|source| StepsError::CreateLogFolder { step: step.name.clone(), source })
}

fn last_lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(TAIL_LINES);
    let shown = lines.get(start..).unwrap_or_default().iter();
    shown.map(|line| escape_hidden(&test_runner::strip_colors(line)).chars().take(400).collect()).collect()
}

/// Adds the results of the steps to the report.
pub(super) fn merge_steps(report: &mut Report, results: StepResults) {
    let skip_reason = results.steps.iter().find_map(|step| match &step.status {
        StepStatus::Skipped(reason) => Some(reason.clone()),
        _ => None,
    });
    let any_ran = results.steps.iter().any(|step| !matches!(step.status, StepStatus::Skipped(_)));
    for outcome in &mut report.outcomes {
        if !STEP_RULES.contains(&outcome.rule.as_str()) {
            continue;
        }
        let own: Vec<Finding> =
            results.findings.iter().filter(|finding| finding.rule == outcome.rule).cloned().collect();
        outcome.status = if !own.is_empty() {
            status_of(&own)
        } else if any_ran {
            CheckStatus::Passed
        } else if let Some(reason) = &skip_reason {
            CheckStatus::Skipped(reason.clone())
        } else {
            CheckStatus::Skipped("the gate has no steps".to_owned())
        };
    }
    for claim in &mut report.claims {
        let words: Vec<&str> = claim.command.split_whitespace().collect();
        let starts_with_claim = |step: &&StepReport| {
            !words.is_empty()
                && step.argv.iter().map(String::as_str).take(words.len()).eq(words.iter().copied())
        };
        let mut ran = results.steps.iter().filter(|step| !matches!(step.status, StepStatus::Skipped(_)));
        let observed = ran.find(starts_with_claim);
        claim.observed = observed.map(|step| (step.name.clone(), step.exit_code));
    }
    report.findings.extend(results.findings);
    report.steps = results.steps;
}
