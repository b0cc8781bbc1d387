//! Runs one step and reads its result.

use std::path::PathBuf;

use crate::bus::{Bus, MAX_LOG_BYTES, ProcessOutput};
use crate::change::{ObjectStore as _, TreeState};
use crate::check::find_rule;
use crate::config::{FILE_NAME, GateStep};
use crate::finding::{Finding, Label, StepReport, StepRun, StepStatus};
use crate::pipeline::packet_gate::{GateResult, PipelineError};
use crate::system::files;
use crate::system::git::GitRepository;
use crate::system::process::ExitReason;
use crate::text::{RepoPath, escape_hidden};

use super::command::{CommandRun, run_command};
use super::error::StepsError;
use super::options::StepOptions;
use super::test_runner::{
    JunitError, JunitTarget, TestCount, count_step_tests, find_failed_summary, strip_colors,
};

/// Number of lines at the end of a log that the report shows.
const TAIL_LINES: usize = 20;

/// Runs one step and returns its report and its findings.
pub(super) fn run_step(
    repo: &GitRepository,
    gate_result: &GateResult,
    step: &GateStep,
    options: &StepOptions<'_>,
    bus: &Bus<'_>,
) -> Result<(StepReport, Vec<Finding>), StepsError> {
    let root = repo.root().map_err(PipelineError::from)?;
    let label = || match gate_result.config.steps {
        Some(_) => Label::path(&RepoPath::from(FILE_NAME), format!("step `{}`", step.name)),
        None => Label::path(&RepoPath::from("Cargo.toml"), "a Cargo project is tested with `cargo test`"),
    };
    let junit = step.junit.as_ref().map(|path| JunitTarget { root, path });
    let mut findings: Vec<Finding> = Vec::new();
    if let Some(target) = &junit
        && let Err(error) = prepare_junit(repo, gate_result, target)
    {
        let mut report = new_step_report(step, StepStatus::Failed);
        report.run.tail = Vec::new();
        return Ok((report, junit_finding(step, &error, label()).into_iter().collect()));
    }
    let folder = files::resolve_folder_below(root, &step.folder)
        .map_err(|source| StepsError::Folder { folder: step.folder.clone(), source })?;
    let run = CommandRun {
        name: &step.name,
        argv: &step.argv,
        root,
        folder,
        rights: &step.rights,
        environment: &step.environment,
        timeout: step.timeout,
        limits: step.limits,
        log_folder: log_folder(repo, gate_result, step)?,
        log_prefix: gate_result.gate.as_str(),
    };
    let output = run_command(bus, &run, options.progress)?;
    let ProcessOutput { outcome, log, log_sha256, text, milliseconds, refused } = output;
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
    if let Some(message) = describe_failure(step, &outcome) {
        let finding = step_finding("step/failed", message, label());
        let finding = finding.map(|finding| finding.help(format!("Its log is {}.", log.display())));
        findings.extend(finding.map(|finding| match &refused {
            Some(line) => finding.help(describe_refusal(line)),
            None => finding,
        }));
    }
    if findings.is_empty()
        && let Some(summary) = find_failed_summary(&step.argv, &text, step.tests)
    {
        let message = format!(
            "step `{}` ended with exit code 0, but its output says that tests failed ({}): `{}`",
            step.name, summary.runner, summary.line
        );
        let help = format!(
            "A pipe or a later command can lose the exit code: use `set -o pipefail`, or name the test runner as \
             program of the step. If the failure is expected, say `tests: false` for this step in {FILE_NAME}."
        );
        findings.extend(step_finding("step/failed", message, label()).map(|finding| finding.help(help)));
    }
    let count = match &junit {
        Some(target) => match target.read() {
            Ok(tests) => {
                if tests.failed > 0 && findings.is_empty() {
                    let message = format!(
                        "step `{}` ended with exit code 0, but its JUnit file contains {} failed tests",
                        step.name, tests.failed
                    );
                    findings.extend(step_finding("step/failed", message, label()));
                }
                TestCount::Ran { tests: tests.ran, runner: "JUnit" }
            }
            Err(error) => {
                if findings.is_empty() {
                    findings.extend(junit_finding(step, &error, label()));
                }
                TestCount::NotATestRun
            }
        },
        None => count_step_tests(&step.argv, &text, step.tests, &step.name),
    };
    if let TestCount::Ran { tests, .. } = count {
        report.tests = Some(tests);
    }
    if findings.is_empty() {
        findings.extend(describe_count(step, count, label()));
    }
    if findings.iter().any(Finding::fails_gate) {
        report.status = StepStatus::Failed;
    }
    Ok((report, findings))
}

/// Returns the finding about the number of tests, if it is zero or not known.
fn describe_count(step: &GateStep, count: TestCount, label: Label) -> Option<Finding> {
    let name = &step.name;
    match count {
        TestCount::Ran { tests: 0, runner } => {
            step_finding("step/no-tests", format!("step `{name}` ran no test ({runner})"), label)
        }
        TestCount::NotShown { runner } => {
            let message = format!("step `{name}` does not show how many tests ran ({runner})");
            step_finding("step/no-tests", message, label)
        }
        TestCount::EarlierResults { runner } => {
            let message = format!("step `{name}` ran no test: {runner} took the results of an earlier run");
            let help = "Run the tests again: add `--rerun-tasks` to the command, or name the JUnit files of \
                the step with `junit:`.";
            step_finding("step/unknown-tests", message, label).map(|finding| finding.help(help))
        }
        TestCount::Unknown => {
            let message = format!("the number of tests that step `{name}` ran is unknown");
            step_finding("step/unknown-tests", message, label)
        }
        TestCount::Ran { .. } | TestCount::NotATestRun => None,
    }
}

fn junit_finding(step: &GateStep, error: &JunitError, label: Label) -> Option<Finding> {
    let message = format!("the JUnit file of step `{}` does not count: {error}", step.name);
    step_finding("step/no-tests", message, label)
}

/// Removes `JUnit` files of earlier runs.
fn prepare_junit(
    repo: &GitRepository,
    gate_result: &GateResult,
    target: &JunitTarget<'_>,
) -> Result<(), JunitError> {
    let base = match gate_result.policy_tree {
        TreeState::Commit(commit) => Some(commit),
        _ => None,
    };
    let is_ignored = |path: &RepoPath| repo.is_ignored_at(base, path).unwrap_or(false);
    let is_tracked = |path: &RepoPath| {
        let in_index = repo.entry(TreeState::Index, path).map_or(true, |entry| entry.is_some());
        in_index
            || repo
                .entry(gate_result.tree, path)
                .is_ok_and(|entry| entry.is_some() && gate_result.tree != TreeState::Worktree)
    };
    target.prepare(&is_ignored, &is_tracked)
}

/// Returns a message for a step that did not end with exit code 0.
fn describe_failure(step: &GateStep, outcome: &std::io::Result<ExitReason>) -> Option<String> {
    let name = &step.name;
    match outcome {
        Ok(ExitReason::Exited(0)) => None,
        Ok(ExitReason::Exited(code)) => Some(format!("step `{name}` ended with exit code {code}")),
        // `run_command` returns an interruption as an error, so only a signal from
        // outside ends here.
        Ok(ExitReason::Killed | ExitReason::Interrupted) => {
            Some(format!("step `{name}` was killed by a signal"))
        }
        Ok(ExitReason::TimedOut) => {
            let seconds = step.timeout.as_secs();
            Some(format!("step `{name}` did not finish within {seconds} s and was ended"))
        }
        Ok(ExitReason::MemoryExceeded) => {
            let most = step.limits.memory_bytes.unwrap_or_default() >> 20;
            Some(format!("the processes of step `{name}` used more than {most} MiB and were ended"))
        }
        Ok(ExitReason::CpuExceeded) => {
            let most = step.limits.cpu_time_ms.unwrap_or_default() / 1_000;
            Some(format!(
                "the processes of step `{name}` used more than {most} s of processor time and were ended"
            ))
        }
        Ok(ExitReason::LogLimitExceeded) => {
            Some(format!("step `{name}` wrote more than {MAX_LOG_BYTES} bytes and was ended"))
        }
        Err(error) => Some(format!("step `{name}` could not be started: {error}")),
    }
}

/// Says that a confined step may have failed because it wrote where it may not.
fn describe_refusal(line: &str) -> String {
    format!(
        "The step is confined to the working tree, temporary files and caches, or to its `capabilities`. Its \
         log says: {}. If it must write there, set `confine: false` for this step in {FILE_NAME}.",
        escape_hidden(&strip_colors(line))
    )
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
    shown.map(|line| escape_hidden(&strip_colors(line)).chars().take(400).collect()).collect()
}

/// Builds a finding of a rule about steps.
pub(super) fn step_finding(rule: &str, message: String, label: Label) -> Option<Finding> {
    find_rule(rule).map(|entry| entry.rule.finding(message, label))
}

/// Builds the report of a step without results.
pub(super) fn new_step_report(step: &GateStep, status: StepStatus) -> StepReport {
    StepReport {
        name: step.name.clone(),
        argv: step.argv.clone(),
        status,
        exit_code: None,
        tests: None,
        run: StepRun::default(),
    }
}
