//! The steps of a gate: which, whether they may run, and what came of them.

use std::path::PathBuf;
use std::time::Duration;

use crate::check::context::Gate;
use crate::config::{Config, EnvironmentPolicy, FILE_NAME, GateStep};
use crate::finding::{CheckStatus, Finding, Label, Report, StepReport, StepRun, StepStatus};
use crate::pipeline::packet_gate::{GateRequest, GateResult, PipelineError};
use crate::system::files;
use crate::system::git::GitRepository;
use crate::system::process::ExitReason;
use crate::text::{RepoPath, escape_hidden};

use super::capture::{CommandOutput, CommandRun, MAX_LOG_BYTES, capture};
use super::{EngineError, StepOptions, StepResults, step_finding, test_runner, worktree_snapshot};

/// Lines of a log that the report shows.
const TAIL_LINES: usize = 20;

/// The rules about steps, by the index at which a gate lists them.
const STEP_RULES: [&str; 4] = ["step/failed", "step/no-tests", "step/edited-tree", "step/other-tree"];

pub(crate) fn run_steps(
    repo: &GitRepository,
    request: &GateRequest,
    judgement: &GateResult,
    options: &StepOptions<'_>,
) -> Result<StepResults, EngineError> {
    let planned = planned_steps(repo, request.gate, judgement)?;
    let skip = options
        .skip
        .clone()
        .or_else(|| (!judgement.report.passed()).then(|| "the checks failed before".to_owned()));
    let skipped = |why: &str| {
        planned.iter().map(|step| new_step_report(step, StepStatus::Skipped(why.to_owned()))).collect()
    };
    if let Some(why) = skip {
        return Ok(StepResults { steps: skipped(&why), findings: Vec::new() });
    }
    if planned.is_empty() {
        return Ok(StepResults { steps: Vec::new(), findings: Vec::new() });
    }
    if let Some((path, why)) =
        worktree_snapshot::describe_difference(repo, judgement).map_err(PipelineError::from)?
    {
        let label =
            path.map_or_else(|| Label::repository(why.clone()), |path| Label::path(&path, why.clone()));
        let found = step_finding(
            "step/other-tree",
            "the files on disk are not the judged ones, so the steps would prove nothing".to_owned(),
            label,
        );
        return Ok(StepResults {
            steps: skipped("the files on disk are not the judged ones"),
            findings: found.into_iter().collect(),
        });
    }
    let mut ran = StepResults { steps: Vec::new(), findings: Vec::new() };
    for step in &planned {
        let before = worktree_snapshot::take_snapshot(repo).map_err(PipelineError::from)?;
        let (report, found) = run_step(repo, request, judgement, step, options)?;
        let after = worktree_snapshot::take_snapshot(repo).map_err(PipelineError::from)?;
        ran.findings.extend(found);
        for path in worktree_snapshot::edited_paths(&before, &after) {
            let message = format!("step `{}` changed {path}", step.name);
            ran.findings.extend(step_finding(
                "step/edited-tree",
                message,
                Label::path(&path, "a tracked file"),
            ));
        }
        let failed = report.status == StepStatus::Failed || !ran.findings.is_empty();
        ran.steps.push(if failed { StepReport { status: StepStatus::Failed, ..report } } else { report });
        if failed {
            break;
        }
    }
    let rest: Vec<StepReport> = planned
        .iter()
        .skip(ran.steps.len())
        .map(|step| new_step_report(step, StepStatus::Skipped("an earlier step failed".to_owned())))
        .collect();
    ran.steps.extend(rest);
    Ok(ran)
}

/// The steps that the configuration names for this gate; without any, a
/// Cargo project's tests after work.
fn planned_steps(
    repo: &GitRepository,
    gate: Gate,
    judgement: &GateResult,
) -> Result<Vec<GateStep>, EngineError> {
    let config: &Config = &judgement.config;
    if let Some(steps) = &config.steps {
        return Ok(steps.iter().filter(|step| step.gates.contains(&gate)).cloned().collect());
    }
    let cargo = RepoPath::from("Cargo.toml");
    let is_cargo =
        crate::change::ObjectStore::exists(repo, judgement.tree, &cargo).map_err(PipelineError::from)?;
    if gate != Gate::PostWork || !is_cargo {
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

fn run_step(
    repo: &GitRepository,
    request: &GateRequest,
    judgement: &GateResult,
    step: &GateStep,
    options: &StepOptions<'_>,
) -> Result<(StepReport, Vec<Finding>), EngineError> {
    let root = repo.root().map_err(PipelineError::from)?;
    let run = CommandRun {
        name: &step.name,
        argv: &step.argv,
        folder: files::join_repo_path(root, &RepoPath::from(step.folder.as_str())),
        environment: &step.environment,
        timeout: step.timeout,
        log_folder: open_log_folder(repo, judgement)?,
        log_prefix: request.gate.as_str(),
    };
    let CommandOutput { outcome, log: path, log_sha256, text, milliseconds } =
        capture(&run, options.progress)?;
    let mut report = new_step_report(step, StepStatus::Passed);
    report.run = StepRun {
        milliseconds,
        log: Some(path.display().to_string()),
        log_sha256: Some(log_sha256),
        tail: last_lines(&text),
    };
    let label = || match judgement.config.steps {
        Some(_) => Label::path(&RepoPath::from(FILE_NAME), format!("step `{}`", step.name)),
        None => Label::path(&RepoPath::from("Cargo.toml"), "a Cargo project is tested with `cargo test`"),
    };
    let failed = |message: String| {
        step_finding("step/failed", message, label())
            .map(|found| found.help(format!("Its log is {}.", path.display())))
    };
    let mut found: Vec<Finding> = Vec::new();
    match outcome {
        Err(error) => found.extend(failed(format!("step `{}` could not be started: {error}", step.name))),
        Ok(ExitReason::Interrupted) => return Err(EngineError::Interrupted(step.name.clone())),
        Ok(ExitReason::Exited(0)) => report.exit_code = Some(0),
        Ok(ExitReason::Exited(code)) => {
            report.exit_code = Some(code);
            found.extend(failed(format!("step `{}` ended with exit code {code}", step.name)));
        }
        Ok(ExitReason::Killed) => {
            found.extend(failed(format!("step `{}` was killed by a signal", step.name)))
        }
        Ok(ExitReason::TimedOut) => found.extend(failed(format!(
            "step `{}` was not done after {} s and was ended",
            step.name,
            step.timeout.as_secs()
        ))),
        Ok(ExitReason::LogLimitExceeded) => found.extend(failed(format!(
            "step `{}` wrote more than {MAX_LOG_BYTES} bytes and was ended",
            step.name
        ))),
    }
    let known = test_runner::detect_runner(&step.argv, &text);
    report.tests = known.and_then(|runner| test_runner::count_tests(runner, &text));
    let wants_tests = step.tests.unwrap_or(known.is_some());
    if found.is_empty() && wants_tests && report.tests.unwrap_or(0) == 0 {
        let message = match (known, report.tests) {
            (Some(runner), Some(_)) => format!("step `{}` ran no test ({})", step.name, runner.as_str()),
            (Some(runner), None) => {
                format!("step `{}` does not show how many tests ran ({})", step.name, runner.as_str())
            }
            (None, _) => {
                format!("step `{}` must show tests, but its runner is not one that is known", step.name)
            }
        };
        found.extend(step_finding("step/no-tests", message, label()));
    }
    if !found.is_empty() {
        report.status = StepStatus::Failed;
    }
    Ok((report, found))
}

fn open_log_folder(repo: &GitRepository, judgement: &GateResult) -> Result<PathBuf, EngineError> {
    let wp = judgement.report.packet.as_ref().map_or("unknown", |packet| packet.wp_id.as_str());
    Ok(match &judgement.config.logs {
        Some(folder) => {
            files::join_repo_path(repo.root().map_err(PipelineError::from)?, &RepoPath::from(folder.as_str()))
                .join(wp)
        }
        None => repo.state_folder().join("logs").join(wp),
    })
}

fn last_lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(TAIL_LINES);
    let shown = lines.get(start..).unwrap_or_default().iter();
    shown.map(|line| escape_hidden(&test_runner::strip_colors(line)).chars().take(400).collect()).collect()
}

/// Puts what the steps gave into the report.
pub(crate) fn merge_steps(report: &mut Report, ran: StepResults) {
    let skipped = ran
        .steps
        .iter()
        .find_map(|step| if let StepStatus::Skipped(why) = &step.status { Some(why.clone()) } else { None });
    let any = ran.steps.iter().any(|step| !matches!(step.status, StepStatus::Skipped(_)));
    for outcome in &mut report.outcomes {
        if !STEP_RULES.contains(&outcome.rule.as_str()) {
            continue;
        }
        let own: Vec<Finding> =
            ran.findings.iter().filter(|found| found.rule == outcome.rule).cloned().collect();
        outcome.status = if !own.is_empty() {
            crate::pipeline::packet_gate::status_of(&own)
        } else if any {
            CheckStatus::Passed
        } else if let Some(why) = &skipped {
            CheckStatus::Skipped(why.clone())
        } else {
            CheckStatus::Skipped("the gate has no steps".to_owned())
        };
    }
    for claim in &mut report.claims {
        let words: Vec<&str> = claim.command.split_whitespace().collect();
        let same = |step: &&StepReport| {
            !words.is_empty()
                && step.argv.iter().map(String::as_str).take(words.len()).eq(words.iter().copied())
        };
        let ran = ran.steps.iter().filter(|step| !matches!(step.status, StepStatus::Skipped(_))).find(same);
        claim.observed = ran.map(|step| (step.name.clone(), step.exit_code));
    }
    report.findings.extend(ran.findings);
    report.steps = ran.steps;
}
