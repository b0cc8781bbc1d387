//! The steps of a gate: which, whether they may run, and what came of them.

use std::path::PathBuf;
use std::time::Duration;

use crate::check::input::Gate;
use crate::config::{Config, EnvironmentPolicy, FILE_NAME, Step};
use crate::finding::{Finding, Label, Report, Status, StepReport, StepRun, StepStatus};
use crate::gate::{GateError, GateRequest, Judgement};
use crate::system::files;
use crate::system::git::GitRepository;
use crate::system::process::Ended;
use crate::text::{RepoPath, visible};

use super::capture::{Captured, LARGEST_LOG, Run, capture};
use super::{EngineError, Ran, StepOptions, finding, runner, tree};

/// Lines of a log that the report shows.
const TAIL_LINES: usize = 20;

/// The rules about steps, by the index at which a gate lists them.
const RULES: [&str; 4] = ["step/failed", "step/no-tests", "step/edited-tree", "step/other-tree"];

pub(super) fn run(
    repo: &GitRepository,
    request: &GateRequest,
    judgement: &Judgement,
    options: &StepOptions<'_>,
) -> Result<Ran, EngineError> {
    let planned = planned(repo, request.gate, judgement)?;
    let skip = options
        .skip
        .clone()
        .or_else(|| (!judgement.report.passed()).then(|| "the checks failed before".to_owned()));
    let skipped =
        |why: &str| planned.iter().map(|step| report_of(step, StepStatus::Skipped(why.to_owned()))).collect();
    if let Some(why) = skip {
        return Ok(Ran { steps: skipped(&why), findings: Vec::new() });
    }
    if planned.is_empty() {
        return Ok(Ran { steps: Vec::new(), findings: Vec::new() });
    }
    if let Some((path, why)) = tree::differs(repo, judgement).map_err(GateError::from)? {
        let label =
            path.map_or_else(|| Label::repository(why.clone()), |path| Label::path(&path, why.clone()));
        let found = finding(
            "step/other-tree",
            "the files on disk are not the judged ones, so the steps would prove nothing".to_owned(),
            label,
        );
        return Ok(Ran {
            steps: skipped("the files on disk are not the judged ones"),
            findings: found.into_iter().collect(),
        });
    }
    let mut ran = Ran { steps: Vec::new(), findings: Vec::new() };
    for step in &planned {
        let before = tree::snapshot(repo).map_err(GateError::from)?;
        let (report, found) = one(repo, request, judgement, step, options)?;
        let after = tree::snapshot(repo).map_err(GateError::from)?;
        ran.findings.extend(found);
        for path in tree::edited(&before, &after) {
            let message = format!("step `{}` changed {path}", step.name);
            ran.findings.extend(finding("step/edited-tree", message, Label::path(&path, "a tracked file")));
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
        .map(|step| report_of(step, StepStatus::Skipped("an earlier step failed".to_owned())))
        .collect();
    ran.steps.extend(rest);
    Ok(ran)
}

/// The steps that the configuration names for this gate; without any, a
/// Cargo project's tests after work.
fn planned(repo: &GitRepository, gate: Gate, judgement: &Judgement) -> Result<Vec<Step>, EngineError> {
    let config: &Config = &judgement.config;
    if let Some(steps) = &config.steps {
        return Ok(steps.iter().filter(|step| step.gates.contains(&gate)).cloned().collect());
    }
    let cargo = RepoPath::from("Cargo.toml");
    let is_cargo =
        crate::change::Repository::exists(repo, judgement.side, &cargo).map_err(GateError::from)?;
    if gate != Gate::PostWork || !is_cargo {
        return Ok(Vec::new());
    }
    Ok(vec![Step {
        name: "cargo test".into(),
        argv: vec!["cargo".into(), "test".into()],
        folder: String::new(),
        timeout: Duration::from_secs(30 * 60),
        gates: vec![Gate::PostWork],
        environment: EnvironmentPolicy::default(),
        tests: None,
    }])
}

fn report_of(step: &Step, status: StepStatus) -> StepReport {
    StepReport {
        name: step.name.clone(),
        argv: step.argv.clone(),
        status,
        exit_code: None,
        tests: None,
        run: StepRun::default(),
    }
}

fn one(
    repo: &GitRepository,
    request: &GateRequest,
    judgement: &Judgement,
    step: &Step,
    options: &StepOptions<'_>,
) -> Result<(StepReport, Vec<Finding>), EngineError> {
    let root = repo.root().map_err(GateError::from)?;
    let run = Run {
        name: &step.name,
        argv: &step.argv,
        folder: files::below(root, &RepoPath::from(step.folder.as_str())),
        environment: &step.environment,
        timeout: step.timeout,
        logs: log_folder(repo, judgement)?,
        log_prefix: request.gate.as_str(),
    };
    let Captured { outcome, log: path, log_sha256, text, milliseconds } = capture(&run, options.progress)?;
    let mut report = report_of(step, StepStatus::Passed);
    report.run = StepRun {
        milliseconds,
        log: Some(path.display().to_string()),
        log_sha256: Some(log_sha256),
        tail: tail(&text),
    };
    let label = || match judgement.config.steps {
        Some(_) => Label::path(&RepoPath::from(FILE_NAME), format!("step `{}`", step.name)),
        None => Label::path(&RepoPath::from("Cargo.toml"), "a Cargo project is tested with `cargo test`"),
    };
    let failed = |message: String| {
        finding("step/failed", message, label())
            .map(|found| found.help(format!("Its log is {}.", path.display())))
    };
    let mut found: Vec<Finding> = Vec::new();
    match outcome {
        Err(error) => found.extend(failed(format!("step `{}` could not be started: {error}", step.name))),
        Ok(Ended::Interrupted) => return Err(EngineError::Interrupted(step.name.clone())),
        Ok(Ended::Exited(0)) => report.exit_code = Some(0),
        Ok(Ended::Exited(code)) => {
            report.exit_code = Some(code);
            found.extend(failed(format!("step `{}` ended with exit code {code}", step.name)));
        }
        Ok(Ended::Killed) => found.extend(failed(format!("step `{}` was killed by a signal", step.name))),
        Ok(Ended::TimedOut) => found.extend(failed(format!(
            "step `{}` was not done after {} s and was ended",
            step.name,
            step.timeout.as_secs()
        ))),
        Ok(Ended::LogTooLong) => found.extend(failed(format!(
            "step `{}` wrote more than {LARGEST_LOG} bytes and was ended",
            step.name
        ))),
    }
    let known = runner::recognise(&step.argv, &text);
    report.tests = known.and_then(|runner| runner::tests_run(runner, &text));
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
        found.extend(finding("step/no-tests", message, label()));
    }
    if !found.is_empty() {
        report.status = StepStatus::Failed;
    }
    Ok((report, found))
}

fn log_folder(repo: &GitRepository, judgement: &Judgement) -> Result<PathBuf, EngineError> {
    let wp = judgement.report.packet.as_ref().map_or("unknown", |packet| packet.wp_id.as_str());
    Ok(match &judgement.config.logs {
        Some(folder) => {
            files::below(repo.root().map_err(GateError::from)?, &RepoPath::from(folder.as_str())).join(wp)
        }
        None => repo.private_folder().join("logs").join(wp),
    })
}

fn tail(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(TAIL_LINES);
    let shown = lines.get(start..).unwrap_or_default().iter();
    shown.map(|line| visible(&runner::plain(line)).chars().take(400).collect()).collect()
}

/// Puts what the steps gave into the report.
pub(super) fn merge(report: &mut Report, ran: Ran) {
    let skipped = ran
        .steps
        .iter()
        .find_map(|step| if let StepStatus::Skipped(why) = &step.status { Some(why.clone()) } else { None });
    let any = ran.steps.iter().any(|step| !matches!(step.status, StepStatus::Skipped(_)));
    for outcome in &mut report.outcomes {
        if !RULES.contains(&outcome.rule.as_str()) {
            continue;
        }
        let own: Vec<Finding> =
            ran.findings.iter().filter(|found| found.rule == outcome.rule).cloned().collect();
        outcome.status = if !own.is_empty() {
            crate::gate::status_of(&own)
        } else if any {
            Status::Passed
        } else if let Some(why) = &skipped {
            Status::Skipped(why.clone())
        } else {
            Status::Skipped("the gate has no steps".to_owned())
        };
    }
    for claim in &mut report.claims {
        let words: Vec<&str> = claim.command.split_whitespace().collect();
        let same = |step: &&StepReport| {
            !words.is_empty()
                && step.argv.iter().map(String::as_str).take(words.len()).eq(words.iter().copied())
        };
        let ran = ran.steps.iter().filter(|step| !matches!(step.status, StepStatus::Skipped(_))).find(same);
        claim.seen = ran.map(|step| (step.name.clone(), step.exit_code));
    }
    report.findings.extend(ran.findings);
    report.steps = ran.steps;
}
