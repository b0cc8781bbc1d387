//! The steps of a gate: which steps are planned, whether they may run, and what they
//! left behind.

use std::time::Duration;

use crate::bus::Bus;
use crate::change::ObjectStore as _;
use crate::check::context::Gate;
use crate::config::{EnvironmentPolicy, GateStep, StepLimits, StepRights};
use crate::finding::{Finding, Label, Level, StepReport, StepStatus};
use crate::pipeline::packet_gate::{GateResult, PipelineError};
use crate::system::git::GitRepository;
use crate::text::RepoPath;

use super::error::StepsError;
use super::judged_state::{JudgedState, StateChanges, describe_difference};
use super::merge::StepResults;
use super::options::StepOptions;
use super::receipt;
use super::step::{new_step_report, run_step, step_finding};
use super::trust::{check_trust, poison_after_error};

/// Maximum number of findings about files that one step changed.
const MAX_FILE_FINDINGS: usize = 50;

/// Runs the planned steps in order, up to the first that fails.
pub(super) fn run_steps(
    repo: &GitRepository,
    gate_result: &GateResult,
    options: &StepOptions<'_>,
    bus: &Bus<'_>,
) -> Result<StepResults, StepsError> {
    let (planned, left_out) = planned_steps(repo, gate_result.gate, gate_result)?;
    let skip_reason = options
        .skip
        .clone()
        .or_else(|| (!gate_result.report.passed()).then(|| "the checks failed before".to_owned()));
    let skip_all = |reason: &str| -> Vec<StepReport> {
        planned.iter().map(|step| new_step_report(step, StepStatus::Skipped(reason.to_owned()))).collect()
    };
    if let Some(reason) = skip_reason {
        return Ok(StepResults { steps: skip_all(&reason), ..StepResults::default() });
    }
    let mut results = StepResults::default();
    results.steps.extend(left_out.iter().map(|step| {
        let reason = "the change touches none of its `paths`".to_owned();
        new_step_report(step, StepStatus::Skipped(reason))
    }));
    if planned.is_empty() {
        results.findings.extend(check_claims_without_steps(
            repo,
            gate_result.gate,
            gate_result,
            left_out.len(),
        ));
        return Ok(results);
    }
    if let Some((path, difference)) = describe_difference(repo, gate_result).map_err(PipelineError::from)? {
        let label = match path {
            Some(path) => Label::path(&path, difference),
            None => Label::repository(difference),
        };
        let message = "the files on disk differ from the judged files, so steps would test other files";
        results.steps.extend(skip_all("the files on disk differ from the judged files"));
        results.findings.extend(step_finding("step/other-tree", message.to_owned(), label));
        return Ok(results);
    }
    repo.release_read_lock();
    // Fixed once: every step is compared with the state before the first one.
    let judged = JudgedState::take(repo).map_err(PipelineError::from)?;
    for (index, step) in planned.iter().enumerate() {
        let run = || {
            let ran = run_step(repo, gate_result, step, options, bus);
            if let Err(error) = &ran {
                let now = judged.take_again(repo).ok();
                poison_after_error(bus, step, error, now.map(|now| judged.changes_to(&now)));
            }
            ran
        };
        let (report, mut findings) = run()?;
        let mut second = None;
        if (step.twice || options.twice) && !findings.iter().any(Finding::fails_gate) {
            let (again, more) = run()?;
            findings.extend(compare_runs(step, &report, &again, &more));
            second = Some(again);
        }
        let reports: Vec<&StepReport> = [&report].into_iter().chain(&second).collect();
        let now = judged.take_again(repo).map_err(PipelineError::from)?;
        let is_last = index + 1 == planned.len();
        let changes = judged.changes_to(&now);
        check_trust(bus, step, &changes, &results, &reports);
        findings.extend(describe_changes(gate_result, step, &changes, is_last, &results.findings));
        let failed = report.status == StepStatus::Failed || findings.iter().any(Finding::fails_gate);
        results.findings.extend(findings);
        results.steps.push(if failed { StepReport { status: StepStatus::Failed, ..report } } else { report });
        if failed {
            let rest = planned.iter().skip(index + 1);
            let reason = || StepStatus::Skipped("an earlier step failed".to_owned());
            results.steps.extend(rest.map(|step| new_step_report(step, reason())));
            break;
        }
    }
    Ok(results)
}

/// Returns the finding about a step whose two runs disagree.
fn compare_runs(
    step: &GateStep,
    first: &StepReport,
    second: &StepReport,
    of_second: &[Finding],
) -> Option<Finding> {
    let result = |run: &StepReport| {
        let exit =
            run.exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
        match run.tests {
            Some(tests) => {
                let count = usize::try_from(tests).unwrap_or(usize::MAX);
                format!("{exit} with {}", crate::text::format_count(count, "test"))
            }
            None => exit,
        }
    };
    let (before, mut after) = (result(first), result(second));
    if before == after {
        // The exit code says nothing of a JUnit file with failures.
        let failure = of_second.iter().find(|finding| finding.fails_gate())?;
        after = failure.message.clone();
    }
    let message = format!("step `{}` gave two results: {before}, then {after}", step.name);
    let label = Label::path(&RepoPath::from(crate::config::FILE_NAME), format!("step `{}`", step.name));
    let logs = [first, second].iter().filter_map(|run| run.run.log.clone()).collect::<Vec<_>>();
    let finding = step_finding("step/flaky", message, label);
    finding.map(|finding| finding.help(format!("Its logs are {}.", logs.join(" and "))))
}

/// Builds the findings about what a step changed. `known` are earlier findings: a new
/// file is reported for the first step that left it.
fn describe_changes(
    gate_result: &GateResult,
    step: &GateStep,
    changes: &StateChanges,
    is_last: bool,
    known: &[Finding],
) -> Vec<Finding> {
    let name = &step.name;
    let mut out = Vec::new();
    for what in &changes.repository {
        let label = Label::repository("a step only reads the repository");
        out.extend(step_finding("step/edited-repository", format!("step `{name}` {what}"), label));
    }
    for what in &changes.settings {
        // Package managers install hooks; what they install, the next command runs.
        let label = Label::repository("a step only reads the repository");
        let finding = step_finding("step/edited-repository", format!("step `{name}` {what}"), label);
        out.extend(finding.map(|finding| finding.with_level(Level::Warning)));
    }
    for path in changes.edited.iter().take(MAX_FILE_FINDINGS) {
        let label = Label::path(path, "a file of the judged tree");
        out.extend(step_finding("step/edited-tree", format!("step `{name}` changed {path}"), label));
    }
    for path in changes.new_files.iter().take(MAX_FILE_FINDINGS) {
        let reason = gate_result.sensitive_path_reason(path);
        let label = Label::path(path, reason.clone().unwrap_or_else(|| "a new file".to_owned()));
        let finding = step_finding("step/new-file", format!("step `{name}` left the new file {path}"), label);
        let is_harmless = reason.is_none() && is_last;
        let finding = finding.map(|finding| {
            let line = ignore_line(path);
            let finding = finding.about_path(path).help(format!(
                "If the file is a result of the step, add the line `{line}` to .gitignore and commit it."
            ));
            if is_harmless { finding.with_level(Level::Warning) } else { finding }
        });
        let is_known = |finding: &Finding| {
            known.iter().any(|other| {
                other.rule == finding.rule
                    && other.primary.place.sort_key() == finding.primary.place.sort_key()
            })
        };
        out.extend(finding.filter(|finding| !is_known(finding)));
    }
    for (paths, rule) in [(&changes.edited, "step/edited-tree"), (&changes.new_files, "step/new-file")] {
        if paths.len() > MAX_FILE_FINDINGS {
            let more = paths.len() - MAX_FILE_FINDINGS;
            let label = Label::repository("only the first files are listed");
            out.extend(step_finding(rule, format!("step `{name}` changed {more} more files"), label));
        }
    }
    out
}

/// Returns the line of `.gitignore` that ignores a file, or its topmost folder.
fn ignore_line(path: &RepoPath) -> String {
    let text = path.to_text();
    let escaped =
        |name: &str| name.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?").replace('[', "\\[");
    match text.split_once('/') {
        Some((folder, _)) => format!("/{}/", escaped(folder)),
        None => format!("/{}", escaped(&text)),
    }
}

/// `step/not-verified`: where no step ran, evidence that was only typed is not a pass.
fn check_claims_without_steps(
    repo: &GitRepository,
    gate: Gate,
    gate_result: &GateResult,
    left_out: usize,
) -> Option<Finding> {
    let located = || gate_result.packets.iter().filter_map(|packet| packet.located.as_ref());
    let has_plan = located().any(|located| !located.packet.test_plan.is_empty());
    let has_claims = located().any(|located| !located.packet.evidence.is_empty());
    if gate != Gate::PostWork || !(has_plan || has_claims) {
        return None;
    }
    let state = repo.state_folder();
    let typed = located().flat_map(|located| &located.packet.evidence).find(|entry| {
        let code = entry.exit_code.as_ref().map_or("", |code| code.value.as_str());
        let log = entry.log_sha256.as_ref().map(|log| log.value.as_str());
        !log.is_some_and(|log| receipt::has_run(&state, &entry.command.value, code, log))
    });
    let is_accepted =
        !gate_result.is_configured() || gate_result.config.declares_no_steps || left_out > 0 || !has_claims;
    let message = match typed {
        Some(entry) => format!(
            "no step ran, and `{}` was not run here by `countersign evidence`: its result is only a claim",
            crate::text::to_single_line(&entry.command.value, 80)
        ),
        None => "no step ran on the judged tree, so the tests are not verified".to_owned(),
    };
    let label = Label::path(&RepoPath::from(crate::config::FILE_NAME), "no step of `steps` ran");
    let finding = step_finding("step/not-verified", message, label)?;
    let is_error = typed.is_some() && !is_accepted;
    Some(if is_error { finding } else { finding.with_level(Level::Warning) })
}

/// Returns the steps that the configuration names for this gate, and those that it
/// leaves out for this change. Without configured steps, `post-work` tests a Cargo
/// project with `cargo test`.
fn planned_steps(
    repo: &GitRepository,
    gate: Gate,
    gate_result: &GateResult,
) -> Result<(Vec<GateStep>, Vec<GateStep>), StepsError> {
    if let Some(steps) = &gate_result.config.steps {
        let lower: Vec<RepoPath> = gate_result
            .judged_entries
            .keys()
            .map(|path| RepoPath::from(path.to_text().to_lowercase().as_str()))
            .collect();
        let is_touched = |step: &GateStep| {
            let Some(paths) = step.paths.as_ref().filter(|_| gate_result.selection.is_some()) else {
                return true;
            };
            lower.iter().any(|path| paths.iter().any(|pattern| pattern.covers(path)))
        };
        return Ok(steps.iter().filter(|step| step.gates.contains(&gate)).cloned().partition(is_touched));
    }
    let is_cargo_project =
        repo.exists(gate_result.tree, &RepoPath::from("Cargo.toml")).map_err(PipelineError::from)?;
    if gate != Gate::PostWork || !is_cargo_project {
        return Ok((Vec::new(), Vec::new()));
    }
    let argv: Vec<String> = vec!["cargo".into(), "test".into()];
    let step = GateStep {
        name: "cargo test".into(),
        rights: StepRights::default_of(&argv),
        limits: StepLimits::default(),
        twice: false,
        argv,
        folder: String::new(),
        timeout: Duration::from_secs(30 * 60),
        gates: vec![Gate::PostWork],
        environment: EnvironmentPolicy::default(),
        tests: None,
        junit: None,
        paths: None,
    };
    Ok((vec![step], Vec::new()))
}
