//! The program tests itself: one deceit for every gate and every family of
//! rules, each beside an honest twin, on repositories that it builds.
//!
//! A check that cannot fail proves nothing. The deceits are data
//! (`fixtures/canaries.yaml`), embedded, so that the program that is shipped is
//! the one that is tested.

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
use crate::pipeline::steps::{EngineError, NoProgress, StepOptions};
use crate::system::git::{GitRepository, RepositoryBuilder};
use crate::system::{environment, files};

use super::demo::{DemoRepository, WP_ID};

const CASES_YAML: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/canaries.yaml"));

/// The day on which the repositories are judged.
const NOW: DateTime = jiff::civil::datetime(2026, 3, 1, 12, 0, 0, 0);

/// One deceit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTestCase {
    /// The family of rules that must see it.
    pub family: String,
    /// The gate, or the command about documents.
    pub ask: String,
    /// What it does, as the end of a sentence.
    pub does: String,
    /// The rule that must find it.
    pub finds: String,
    #[serde(default)]
    wp: Option<String>,
    /// Whether the honest work is done first.
    #[serde(default)]
    work: bool,
    /// Whether the configured steps run.
    #[serde(default)]
    steps: bool,
    /// Files before the first commit.
    #[serde(default)]
    base: BTreeMap<String, String>,
    #[serde(default)]
    write: BTreeMap<String, String>,
    #[serde(default)]
    remove: Vec<String>,
    #[serde(default)]
    edit: Vec<(String, String, String)>,
    /// Whether the honest twin did the work, where the deceit is to do none.
    #[serde(default)]
    honest_work: bool,
    /// Files before the first commit of the honest twin, instead of `base`.
    #[serde(default)]
    honest_base: Option<BTreeMap<String, String>>,
    /// Edits of the honest twin.
    #[serde(default)]
    honest: Vec<(String, String, String)>,
}

/// What came of one deceit.
#[derive(Debug)]
pub struct SelfTestOutcome {
    /// The deceit.
    pub case: SelfTestCase,
    /// Why the program failed its test, if it did.
    pub failure: Option<String>,
}

/// Why the test could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The deceits cannot be read.
    #[error("the deceits cannot be read: {0}")]
    Data(String),
    /// A folder or file cannot be written.
    #[error("{doing}: {source}")]
    File {
        /// What was being done.
        doing: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A gate could not run.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<PipelineError> for SelfTestError {
    fn from(error: PipelineError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<RepositoryError> for SelfTestError {
    fn from(error: RepositoryError) -> Self {
        Self::Engine(PipelineError::from(error).into())
    }
}

/// The deceits of the program.
///
/// # Errors
/// The embedded file is broken.
pub fn load_cases() -> Result<Vec<SelfTestCase>, SelfTestError> {
    serde_yaml::from_str(CASES_YAML).map_err(|error| SelfTestError::Data(error.to_string()))
}

/// Families and gates that no deceit asks for: none of them is tested.
#[must_use]
pub fn list_untested(canaries: &[SelfTestCase]) -> Vec<String> {
    let families: BTreeSet<&str> = registered_rules().iter().map(|entry| entry.rule.id.family()).collect();
    let asked = |family: &&str| !canaries.iter().any(|canary| canary.family == *family);
    let mut out: Vec<String> =
        families.into_iter().filter(asked).map(|family| format!("rules {family}/…")).collect();
    let gates = [
        "gate-check",
        "audit",
        "pre-work",
        "post-work --worktree",
        "post-work --staged",
        "post-work --range",
    ];
    out.extend(
        gates.iter().filter(|gate| !canaries.iter().any(|c| c.ask == **gate)).map(|gate| (*gate).to_owned()),
    );
    out
}

/// Plays every deceit and its honest twin, telling each as it ends.
///
/// # Errors
/// A repository could not be built or judged: nothing was tested.
pub fn run_cases(
    canaries: &[SelfTestCase],
    mut tell: impl FnMut(&SelfTestOutcome),
) -> Result<(), SelfTestError> {
    let mut honest: BTreeMap<String, Option<String>> = BTreeMap::new();
    for canary in canaries {
        let mut fault = check_bypass_found(canary)?;
        // One honest twin serves all deceits that start from the same state.
        let state = format!(
            "{} {} {:?} {:?} {} {:?} {:?}",
            canary.ask,
            canary.work || canary.honest_work,
            canary.honest,
            canary.base,
            canary.steps,
            canary.honest_base,
            canary.wp
        );
        if !honest.contains_key(&state) {
            honest.insert(state.clone(), check_control_passes(canary)?);
        }
        fault = fault.or_else(|| honest.get(&state).cloned().flatten());
        tell(&SelfTestOutcome { case: canary.clone(), failure: fault });
    }
    Ok(())
}

/// Why a deceit was not seen, if it was not.
fn check_bypass_found(canary: &SelfTestCase) -> Result<Option<String>, SelfTestError> {
    let report = run_case(canary, true)?;
    let found = report.findings.iter().find(|finding| finding.rule.as_str() == canary.finds);
    Ok(match found {
        None => Some(format!("{} did not find it", canary.finds)),
        Some(finding) if finding.fails_gate() && report.passed() => {
            Some("it was found, and passed".to_owned())
        }
        Some(_) => None,
    })
}

/// Why the honest twin did not pass, if it did not.
fn check_control_passes(canary: &SelfTestCase) -> Result<Option<String>, SelfTestError> {
    let report = run_case(canary, false)?;
    let failed = report.findings.iter().find(|finding| finding.fails_gate());
    Ok(match failed {
        Some(finding) => Some(format!("its honest twin fails: {}: {}", finding.rule, finding.message)),
        None if !report.passed() => Some("its honest twin fails".to_owned()),
        None => None,
    })
}

fn run_case(canary: &SelfTestCase, deceit: bool) -> Result<Report, SelfTestError> {
    let io = |doing: &str| {
        let doing = doing.to_owned();
        move |source| SelfTestError::File { doing, source }
    };
    let folder =
        files::create_scratch_folder("countersign-self-test-").map_err(io("making a temporary folder"))?;
    let root = folder.path().join("greeter");
    files::create_folder(&root).map_err(io("making a temporary folder"))?;
    let builder = RepositoryBuilder::create(&root)?;
    let mut world = DemoRepository::default();
    let program = environment::program_path().map_err(io("finding this program"))?;
    let program = serde_json::to_string(&program.to_string_lossy()).unwrap_or_default();
    let base = canary.honest_base.as_ref().filter(|_| !deceit).unwrap_or(&canary.base);
    let base: Vec<(String, String)> =
        base.iter().map(|(path, text)| (path.clone(), text.replace("{program}", &program))).collect();
    world.initialize_with(&builder, &base)?;
    if canary.work || (canary.honest_work && !deceit) {
        world.write_work(&builder)?;
        world.write_handover(&builder, super::demo::RecordedHashes::Correct)?;
    }
    let edits = if deceit { &canary.edit } else { &canary.honest };
    for (path, from, to) in edits {
        let before = builder.read(path)?;
        if !before.contains(from.as_str()) {
            return Err(SelfTestError::Data(format!("{path} does not hold {from:?}")));
        }
        builder.write(path, &before.replacen(from.as_str(), to, 1))?;
    }
    if deceit {
        canary.write.iter().try_for_each(|(path, text)| builder.write(path, text))?;
        canary.remove.iter().try_for_each(|path| builder.remove(path))?;
    }
    let wp = canary.wp.clone().filter(|_| deceit || canary.ask == "validator-phase-gate");
    let packet = wp.clone().unwrap_or_else(|| WP_ID.to_owned());
    let (gate, selection) = match canary.ask.as_str() {
        "gate-check" => (Gate::GateCheck, SelectionRequest::Default),
        "pre-work" => {
            // Work starts from what is committed.
            world.commit_work(&builder)?;
            (Gate::PreWork, SelectionRequest::Default)
        }
        "audit" => (Gate::Audit, SelectionRequest::Worktree),
        "post-work --worktree" => (Gate::PostWork, SelectionRequest::Worktree),
        "post-work --staged" => {
            builder.stage_all()?;
            (Gate::PostWork, SelectionRequest::Staged)
        }
        "post-work --range" => {
            let head = world.commit_work(&builder)?;
            let base = world.merge_base().map_or_else(String::new, |commit| commit.0.to_string());
            (Gate::PostWork, SelectionRequest::Range(format!("{base}..{}", head.0)))
        }
        other if ScanProfile::from_command(other.trim_end_matches(" --worktree")).is_some() => {
            let scan = ScanProfile::from_command(other.trim_end_matches(" --worktree"));
            let change = other.ends_with(" --worktree").then_some(SelectionRequest::Worktree);
            return run_case_scan(&root, scan.unwrap_or_else(ScanProfile::full), change);
        }
        other => {
            let inquiry = DocumentQuery::from_command(other, &packet)
                .ok_or_else(|| SelfTestError::Data(format!("nobody answers {other:?}")))?;
            let repo = GitRepository::discover(&root)?;
            let request = DocumentCheckRequest {
                query: inquiry,
                tree: TreeState::Worktree,
                named_documents: Vec::new(),
                config: None,
                now: NOW,
            };
            return Ok(check_documents(&repo, &request)?);
        }
    };
    let repo = GitRepository::discover(&root)?;
    let request = GateRequest { gate, packet, other_packets: Vec::new(), selection, config: None, now: NOW };
    let skip = (!canary.steps).then(|| "the deceit needs no step".to_owned());
    Ok(crate::pipeline::steps::run_gate(&repo, &request, &StepOptions { skip, progress: &NoProgress })?)
}

/// What a scan of a repository finds.
fn run_case_scan(
    root: &std::path::Path,
    scan: ScanProfile,
    change: Option<SelectionRequest>,
) -> Result<Report, SelfTestError> {
    let request = ScanRequest {
        profile: scan,
        tree: TreeState::Worktree,
        change,
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
    fn every_family_and_gate_has_a_deceit() {
        assert_eq!(list_untested(&load_cases().expect("data")), Vec::<String>::new());
        assert!(!list_untested(&[]).is_empty());
    }

    #[test]
    fn a_deceit_that_is_none_fails_the_test() {
        let mut all = load_cases().expect("data");
        all.retain(|canary| canary.finds == "scope/outside");
        for canary in &mut all {
            canary.write.clear();
            canary.remove.clear();
        }
        let mut faults = 0;
        run_cases(&all, |outcome| faults += usize::from(outcome.failure.is_some())).expect("played");
        assert_eq!(faults, all.len());
    }
}
