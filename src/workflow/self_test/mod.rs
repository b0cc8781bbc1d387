//! `countersign self-test`: runs bypass cases and control cases on repositories
//! that it builds.
//!
//! A check that can never fail proves nothing. Therefore every gate and every rule
//! family has at least one bypass case, which must fail, with a control case, which
//! must pass. The cases are data (`fixtures/self-test.yaml`). They are embedded, so
//! that the installed program tests itself.

mod bus;
mod trust;
mod workshop;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use serde::Deserialize;

use crate::change::{RepositoryError, SelectionRequest, TreeState};
use crate::check::context::Gate;
use crate::check::registered_rules;
use crate::finding::Report;
use crate::pipeline::document_check::{DocumentCheckRequest, DocumentQuery, check_documents};
use crate::pipeline::packet_gate::{GateRequest, PipelineError};
use crate::pipeline::source_scan::{ScanProfile, ScanRequest, run_scan};
use crate::pipeline::steps::{NoProgress, StepOptions, StepsError, run_verify};
use crate::pipeline::trusted_revision::TrustRow;
use crate::pipeline::verify::{PolicyApproval, VerifyRequest};
use crate::system::environment;
use crate::system::git::{GitRepository, RepositoryBuilder};

pub(crate) use bus::check_bus;

use super::demo::{DemoRepository, WP_ID};
use trust::run_row;
use workshop::Workshop;

const CASES_YAML: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/self-test.yaml"));

/// The time that all checks use.
const NOW: DateTime = jiff::civil::datetime(2026, 3, 1, 12, 0, 0, 0);

/// One self-test case: a bypass case and its control case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelfTestCase {
    /// The rule family that the case tests.
    pub family: String,
    /// The command to run: a gate, a scan or a document check.
    pub command: String,
    /// The action of the bypass, as a verb phrase in the third person.
    pub bypass: String,
    /// The rule that must report the bypass.
    pub finds: String,
    /// The row of the table of trusted revisions that the case tests. Its repository is
    /// built by the row, and other settings have no effect.
    #[serde(default)]
    row: Option<TrustRow>,
    /// The packet or phase to pass to the command, instead of the demo's packet.
    #[serde(default)]
    wp: Option<String>,
    /// Whether the correct work of the demo is written first.
    #[serde(default)]
    work: bool,
    /// Whether the configured steps run.
    #[serde(default)]
    steps: bool,
    /// Files that are added to the first commit: path and text.
    #[serde(default)]
    base: BTreeMap<String, String>,
    /// Files that the bypass writes: path and text.
    #[serde(default)]
    write: BTreeMap<String, String>,
    /// Files that the bypass removes.
    #[serde(default)]
    remove: Vec<String>,
    /// Edits of the bypass: path, old text and new text.
    #[serde(default)]
    edit: Vec<(String, String, String)>,
    /// Whether the control case writes the work that the bypass leaves out.
    #[serde(default)]
    control_work: bool,
    /// Files in the first commit of the control case, instead of `base`.
    #[serde(default)]
    control_base: Option<BTreeMap<String, String>>,
    /// Edits of the control case: path, old text and new text.
    #[serde(default)]
    control: Vec<(String, String, String)>,
}

/// The result of one self-test case.
#[derive(Debug)]
pub(crate) struct SelfTestOutcome {
    /// The case.
    pub case: SelfTestCase,
    /// The reason why the case failed, if it did.
    pub failure: Option<String>,
}

/// The reason why the self-test could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SelfTestError {
    /// The embedded cases are invalid.
    #[error("invalid self-test case: {0}")]
    Data(String),
    /// A folder or file cannot be written.
    #[error("{doing}: {source}")]
    File {
        /// The action that failed.
        doing: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A gate, scan or document check cannot run.
    #[error(transparent)]
    Steps(#[from] StepsError),
}

impl From<PipelineError> for SelfTestError {
    fn from(error: PipelineError) -> Self {
        Self::Steps(error.into())
    }
}

impl From<RepositoryError> for SelfTestError {
    fn from(error: RepositoryError) -> Self {
        Self::Steps(PipelineError::from(error).into())
    }
}

/// Reads the embedded self-test cases.
///
/// # Errors
/// The embedded file is invalid.
pub(crate) fn load_cases() -> Result<Vec<SelfTestCase>, SelfTestError> {
    crate::rule::parse_yaml(CASES_YAML).map_err(|error| SelfTestError::Data(error.to_string()))
}

/// Returns the rule families, gates and rows of the table of trusted revisions that no
/// case tests.
#[must_use]
pub(crate) fn list_untested(cases: &[SelfTestCase]) -> Vec<String> {
    let families: BTreeSet<&str> = registered_rules().iter().map(|entry| entry.rule.id.family()).collect();
    let is_untested = |family: &&str| !cases.iter().any(|case| case.family == *family);
    let mut out: Vec<String> =
        families.into_iter().filter(is_untested).map(|family| format!("rules {family}/…")).collect();
    let gates = [
        "gate-check",
        "audit",
        "pre-work",
        "post-work --worktree",
        "post-work --staged",
        "post-work --range",
        "verify",
    ];
    out.extend(
        gates
            .iter()
            .filter(|gate| !cases.iter().any(|case| case.command == **gate))
            .map(|gate| (*gate).to_owned()),
    );
    let is_row_untested = |row: &&TrustRow| !cases.iter().any(|case| case.row == Some(**row));
    out.extend(
        TrustRow::ALL.iter().filter(is_row_untested).map(|row| format!("trusted revision: {}", row.reason())),
    );
    out
}

/// Runs every case, and calls `on_outcome` after each one.
///
/// # Errors
/// A repository cannot be built or checked.
pub(crate) fn run_cases(
    cases: &[SelfTestCase],
    mut on_outcome: impl FnMut(&SelfTestOutcome),
) -> Result<(), SelfTestError> {
    let mut controls: BTreeMap<String, Option<String>> = BTreeMap::new();
    let workshop = Workshop::create()?;
    for case in cases {
        let mut failure = check_bypass_found(&workshop, case)?;
        // Bypass cases with the same initial state share one control case.
        let state = format!(
            "{} {} {:?} {:?} {} {:?} {:?} {:?}",
            case.command,
            case.work || case.control_work,
            case.control,
            case.base,
            case.steps,
            case.control_base,
            case.wp,
            case.row
        );
        if !controls.contains_key(&state) {
            controls.insert(state.clone(), check_control_passes(&workshop, case)?);
        }
        failure = failure.or_else(|| controls.get(&state).cloned().flatten());
        on_outcome(&SelfTestOutcome { case: case.clone(), failure });
    }
    Ok(())
}

/// Runs the bypass case. Returns the reason why it failed, if it did.
fn check_bypass_found(workshop: &Workshop, case: &SelfTestCase) -> Result<Option<String>, SelfTestError> {
    let report = run_case(workshop, case, true)?;
    let found = report.findings.iter().find(|finding| finding.rule.as_str() == case.finds);
    Ok(match found {
        None => Some(format!("{} did not report the bypass", case.finds)),
        Some(finding) if finding.fails_gate() && report.passed() => {
            Some("the bypass was reported, but the command passed".to_owned())
        }
        Some(_) => None,
    })
}

/// Runs the control case. Returns the reason why it failed, if it did.
fn check_control_passes(workshop: &Workshop, case: &SelfTestCase) -> Result<Option<String>, SelfTestError> {
    let report = run_case(workshop, case, false)?;
    let failed = report.findings.iter().find(|finding| finding.fails_gate());
    Ok(match failed {
        Some(finding) => Some(format!("the control case fails: {}: {}", finding.rule, finding.message)),
        None if !report.passed() => Some("the control case fails".to_owned()),
        None => explain_wrong_row(case, &report),
    })
}

/// Returns a message if the rules were not read from the revision of the case's row.
fn explain_wrong_row(case: &SelfTestCase, report: &Report) -> Option<String> {
    let wanted = case.row?.reason();
    let found = report.policy.as_ref().map_or("", |policy| policy.reason.as_str());
    let is_wanted = found.split(", `").next() == Some(wanted) || found == wanted;
    (!is_wanted).then(|| format!("the rules come from `{found}`, not from `{wanted}`"))
}

/// Builds the repository of a case and runs its command, as a bypass case or as a
/// control case.
fn run_case(workshop: &Workshop, case: &SelfTestCase, is_bypass: bool) -> Result<Report, SelfTestError> {
    let io = |doing: &str| {
        let doing = doing.to_owned();
        move |source| SelfTestError::File { doing, source }
    };
    let root = workshop.create_root()?;
    if let Some(row) = case.row {
        return run_row(&root, row, is_bypass);
    }
    let builder = RepositoryBuilder::create(&root)?;
    let mut demo = DemoRepository::default();
    let program = environment::program_path().map_err(io("finding this program"))?;
    let program = serde_json::to_string(&program.to_string_lossy()).unwrap_or_default();
    let base = case.control_base.as_ref().filter(|_| !is_bypass).unwrap_or(&case.base);
    let base: Vec<(String, String)> =
        base.iter().map(|(path, text)| (path.clone(), text.replace("{program}", &program))).collect();
    demo.initialize_with(&builder, &base)?;
    if case.work || (case.control_work && !is_bypass) {
        demo.write_work(&builder)?;
        demo.write_handover(&builder, super::demo::RecordedHashes::Correct)?;
    }
    let edits = if is_bypass { &case.edit } else { &case.control };
    for (path, from, to) in edits {
        let before = builder.read(path)?;
        if !before.contains(from.as_str()) {
            return Err(SelfTestError::Data(format!("{path} does not contain {from:?}")));
        }
        builder.write(path, &before.replacen(from.as_str(), to, 1))?;
    }
    if is_bypass {
        case.write.iter().try_for_each(|(path, text)| builder.write(path, text))?;
        case.remove.iter().try_for_each(|path| builder.remove(path))?;
    }
    let wp = case.wp.clone().filter(|_| is_bypass || case.command == "validator-phase-gate");
    let packet = wp.clone().unwrap_or_else(|| WP_ID.to_owned());
    let (gate, selection) = match case.command.as_str() {
        "gate-check" => (Gate::GateCheck, SelectionRequest::Default),
        "pre-work" => {
            // Pre-work requires that packet and refinement are committed.
            demo.commit_work(&builder)?;
            (Gate::PreWork, SelectionRequest::Default)
        }
        "audit" => (Gate::Audit, SelectionRequest::Worktree),
        "post-work --worktree" => (Gate::PostWork, SelectionRequest::Worktree),
        "post-work --staged" => {
            builder.stage_all()?;
            (Gate::PostWork, SelectionRequest::Staged)
        }
        "post-work --range" => {
            let head = demo.commit_work(&builder)?;
            let base = demo.merge_base().map_or_else(String::new, |commit| commit.0.to_string());
            (Gate::PostWork, SelectionRequest::Range(format!("{base}..{}", head.0)))
        }
        "verify" => return run_case_verify(&root, SelectionRequest::Default),
        other if ScanProfile::from_command(other.trim_end_matches(" --worktree")).is_some() => {
            let scan = ScanProfile::from_command(other.trim_end_matches(" --worktree"));
            let change = other.ends_with(" --worktree").then_some(SelectionRequest::Worktree);
            return run_case_scan(&root, scan.unwrap_or_else(ScanProfile::full), change);
        }
        other => {
            let query = DocumentQuery::from_command(other, &packet)
                .ok_or_else(|| SelfTestError::Data(format!("unknown command {other:?}")))?;
            let repo = GitRepository::discover(&root)?;
            let request = DocumentCheckRequest {
                query,
                tree: TreeState::Worktree,
                named_documents: Vec::new(),
                config: None,
                now: NOW,
            };
            return Ok(check_documents(&repo, &request)?);
        }
    };
    let repo = GitRepository::discover(&root)?;
    let request = GateRequest {
        task: None,
        gate,
        packet,
        other_packets: Vec::new(),
        selection,
        base: None,
        config: None,
        now: NOW,
    };
    let skip = (!case.steps).then(|| "the self-test case needs no step".to_owned());
    let options = StepOptions { skip, ..StepOptions::new(&NoProgress) };
    Ok(crate::pipeline::steps::run_gate(&repo, &request, &options)?)
}

/// Judges work in the repository at `root` by its fence.
fn run_case_verify(root: &std::path::Path, selection: SelectionRequest) -> Result<Report, SelfTestError> {
    let request = VerifyRequest {
        packets: Vec::new(),
        selection,
        base: None,
        config: None,
        approval: PolicyApproval::None,
        is_ci: false,
        branch: None,
        now: NOW,
    };
    let options = StepOptions::new(&NoProgress).without_steps("the self-test case needs no step");
    Ok(run_verify(&GitRepository::discover(root)?, &request, &options)?)
}

/// Runs `post-work` for the demo's packet in the repository at `root`.
fn run_case_post_work(root: &std::path::Path, selection: SelectionRequest) -> Result<Report, SelfTestError> {
    let request = GateRequest {
        task: None,
        gate: Gate::PostWork,
        packet: WP_ID.to_owned(),
        other_packets: Vec::new(),
        selection,
        base: None,
        config: None,
        now: NOW,
    };
    let options = StepOptions::new(&NoProgress).without_steps("the self-test case needs no step");
    Ok(crate::pipeline::steps::run_gate(&GitRepository::discover(root)?, &request, &options)?)
}

/// Runs a scan of the repository at `root`.
fn run_case_scan(
    root: &std::path::Path,
    scan: ScanProfile,
    change: Option<SelectionRequest>,
) -> Result<Report, SelfTestError> {
    let request = ScanRequest {
        profile: scan,
        tree: TreeState::Worktree,
        change,
        base: None,
        paths: Vec::new(),
        config: None,
        baseline: None,
        show_baselined: false,
        now: NOW,
    };
    Ok(run_scan(&GitRepository::discover(root)?, &request)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_and_gate_has_a_case() {
        assert_eq!(list_untested(&load_cases().expect("data")), Vec::<String>::new());
        assert!(!list_untested(&[]).is_empty());
    }

    #[test]
    fn a_case_without_its_bypass_fails() {
        let mut all = load_cases().expect("data");
        all.retain(|case| case.finds == "scope/outside" && case.row.is_none());
        for case in &mut all {
            case.write.clear();
            case.remove.clear();
        }
        let mut failures = 0;
        run_cases(&all, |outcome| failures += usize::from(outcome.failure.is_some())).expect("runs");
        assert_eq!(failures, all.len());
    }
}
