//! `hook`: install, remove and run git hooks.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::change::{Commit, History as _, SelectionRequest, TreeState};
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::finding::{CheckStatus, Finding, Report, ScanInfo, SelectionInfo};
use crate::pipeline::packet_gate::PipelineError;
use crate::pipeline::source_scan::{ScanProfile, ScanRequest, run_scan};
use crate::pipeline::verify::{PolicyApproval, VerifyRequest, check_commit_scope};
use crate::render::Format;
use crate::system::git::GitRepository;
use crate::system::{clock, environment};
use crate::workflow::hook;
use crate::workflow::hook::Hook;

/// Arguments of `hook`.
#[derive(Debug, Args)]
pub(crate) struct HookArgs {
    #[command(subcommand)]
    action: HookAction,
}

#[derive(Debug, Subcommand)]
enum HookAction {
    /// Install a git hook that checks the scope and runs scans; existing foreign hooks are not changed
    Install {
        /// Which hook
        hook: HookName,
    },
    /// Remove a hook that `countersign hook install` wrote
    Remove {
        /// Which hook
        hook: HookName,
    },
    /// Run the checks of an installed hook
    Run {
        /// Which hook
        hook: HookName,
        /// Arguments that git passes to the hook
        #[arg(hide = true)]
        given: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HookName {
    /// Check the scope of the staged change and scan it, before a commit
    PreCommit,
    /// Scan the commits that the remote does not have and, for the checked-out commit, check
    /// their scope, before a push
    PrePush,
}

impl HookName {
    fn to_hook(self) -> Hook {
        match self {
            Self::PreCommit => Hook::PreCommit,
            Self::PrePush => Hook::PrePush,
        }
    }
}

impl HookArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let mut repo = GitRepository::discover(&global.working_dir()?)?;
        let configured = repo.configured_hooks_path();
        let own = repo.hooks_folder();
        match &self.action {
            HookAction::Install { hook } => {
                // Git runs these hooks where people commit and push, not where they push to.
                repo.root()?;
                let path = hook::install(&own, configured.as_deref(), hook.to_hook())?;
                if !hook::is_executable(&path) {
                    bail!(
                        "{} was written, but git cannot run it: the file system stores no executable bit",
                        path.display()
                    );
                }
                output.print(&format!("{} written\n", path.display()))?;
                Ok(PASSED)
            }
            HookAction::Remove { hook } => {
                let path = hook::remove(&own, configured.as_deref(), hook.to_hook())?;
                output.print(&format!("{} removed\n", path.display()))?;
                Ok(PASSED)
            }
            HookAction::Run { hook: HookName::PreCommit, .. } => {
                // `git commit -a` passes an index of its own.
                if let Some(index) = environment::variable("GIT_INDEX_FILE") {
                    repo.use_index(&global.working_dir()?.join(index))?;
                }
                let mut report = scan(global, &repo, TreeState::Index, Some(SelectionRequest::Staged))??;
                if let Some(scope) = check_scope(global, &repo, SelectionRequest::Staged)? {
                    report = merge_reports(report, scope);
                    report.sort();
                }
                report.gate = "pre-commit";
                write_hook_report(global, output, &report)
            }
            HookAction::Run { hook: HookName::PrePush, given } => {
                let mut report = Report::new(hook_profile().name);
                let (name, url) = (given.first().map(String::as_str), given.get(1).map(String::as_str));
                for pushed in read_pushed_changes(&repo, (name, url))? {
                    report = merge_reports(report, scan_pushed(global, &repo, &pushed)?);
                    if let Some(scope) = check_pushed_scope(global, &repo, &pushed)? {
                        report = merge_reports(report, scope);
                    }
                }
                report.sort();
                report.gate = "pre-push";
                write_hook_report(global, output, &report)
            }
        }
    }
}

fn hook_profile() -> ScanProfile {
    ScanProfile::patterns(Vec::new())
}

fn scan(
    global: &GlobalArgs,
    repo: &GitRepository,
    tree: TreeState,
    change: Option<SelectionRequest>,
) -> anyhow::Result<Result<Report, PipelineError>> {
    let request = ScanRequest {
        profile: hook_profile(),
        tree,
        change,
        base: None,
        paths: Vec::new(),
        config: global.config_override()?,
        baseline: None,
        show_baselined: false,
        now: clock::now_civil(),
    };
    Ok(run_scan(repo, &request))
}

/// Checks the scope of the commit: the fence, or the packet of the branch.
fn check_scope(
    global: &GlobalArgs,
    repo: &GitRepository,
    selection: SelectionRequest,
) -> anyhow::Result<Option<Report>> {
    let request = VerifyRequest {
        packets: Vec::new(),
        selection,
        base: None,
        config: global.config_override()?,
        approval: PolicyApproval::None,
        is_ci: false,
        branch: None,
        now: clock::now_civil(),
    };
    Ok(check_commit_scope(repo, &request)?)
}

/// Checks the scope of pushed commits. Only that of the checked-out commit is known: its
/// branch names the packet.
fn check_pushed_scope(
    global: &GlobalArgs,
    repo: &GitRepository,
    pushed: &PushedChange,
) -> anyhow::Result<Option<Report>> {
    let PushedChange::Range(range) = pushed else { return Ok(None) };
    let head = repo.head()?.map(|head| head.0.to_string());
    if !head.is_some_and(|head| range.ends_with(&format!("..{head}"))) {
        return Ok(None);
    }
    check_scope(global, repo, SelectionRequest::Range(range.clone()))
}

/// Writes the report of a hook. For a person, a hook without findings prints nothing.
fn write_hook_report(global: &GlobalArgs, output: &Output, report: &Report) -> anyhow::Result<u8> {
    let has_reader = global.format != Format::Human || !global.output.is_empty();
    if report.passed() && report.findings.is_empty() && !has_reader {
        return Ok(PASSED);
    }
    output.write_report(global, report)
}

/// The part of one pushed reference that is scanned.
#[derive(Debug, PartialEq, Eq)]
enum PushedChange {
    /// `A..B`: the remote has A.
    Range(String),
    /// The remote has no known ancestor of this commit: all its files are new.
    AllFiles(Commit),
}

fn scan_pushed(global: &GlobalArgs, repo: &GitRepository, pushed: &PushedChange) -> anyhow::Result<Report> {
    match pushed {
        PushedChange::Range(range) => {
            let change = SelectionRequest::Range(range.clone());
            Ok(scan(global, repo, TreeState::Index, Some(change))??)
        }
        // The rules are those of the commit itself: an earlier state is not known.
        PushedChange::AllFiles(commit) => match scan(global, repo, TreeState::Commit(*commit), None)? {
            Err(PipelineError::NoFiles) => Ok(Report::new(hook_profile().name)),
            report => Ok(report?),
        },
    }
}

/// Joins the reports of two pushed references: one push has one report. A finding
/// that both contain is listed once. The selection names the references that are
/// compared with a base; its base and head are empty if there are several.
fn merge_reports(mut merged: Report, other: Report) -> Report {
    for outcome in other.outcomes {
        match merged.outcomes.iter_mut().find(|known| known.rule == outcome.rule) {
            Some(known) if status_rank(&known.status) >= status_rank(&outcome.status) => {}
            Some(known) => known.status = outcome.status,
            None => merged.outcomes.push(outcome),
        }
    }
    for finding in other.findings {
        if !merged.findings.iter().any(|known| is_same_finding(known, &finding)) {
            merged.findings.push(finding);
        }
    }
    merged.warnings.extend(other.warnings);
    let mut seen = BTreeSet::new();
    merged.warnings.retain(|warning| seen.insert(warning.clone()));
    merged.scan = match (merged.scan, other.scan) {
        (Some(a), Some(b)) => Some(merge_counts(a, b)),
        (a, b) => a.or(b),
    };
    merged.selection = match (merged.selection, other.selection) {
        // The same change, checked twice.
        (Some(a), Some(b)) if a.reason == b.reason => {
            let changed = a.changed.max(b.changed);
            let exempted = if a.exempted.len() < b.exempted.len() { b.exempted } else { a.exempted };
            Some(SelectionInfo { changed, exempted, ..a })
        }
        (Some(a), Some(b)) => Some(SelectionInfo {
            mode: a.mode,
            base: None,
            head: None,
            reason: format!("{}; {}", a.reason, b.reason),
            changed: a.changed + b.changed,
            exempted: a.exempted.into_iter().chain(b.exempted).collect(),
            policy_source: if a.policy_source == b.policy_source {
                a.policy_source
            } else {
                format!("{}; {}", a.policy_source, b.policy_source)
            },
        }),
        (a, b) => a.or(b),
    };
    merged
}

fn is_same_finding(a: &Finding, b: &Finding) -> bool {
    a.rule == b.rule
        && a.fingerprint == b.fingerprint
        && a.message == b.message
        && a.primary.place.sort_key() == b.primary.place.sort_key()
}

/// Returns a number that is higher for the status that decides a merged check.
fn status_rank(status: &CheckStatus) -> u8 {
    match status {
        CheckStatus::Skipped(_) => 0,
        CheckStatus::Passed => 1,
        CheckStatus::Waived(_) => 2,
        CheckStatus::Failed => 3,
    }
}

fn merge_counts(a: ScanInfo, b: ScanInfo) -> ScanInfo {
    ScanInfo {
        skipped: a.skipped + b.skipped,
        binary: a.binary + b.binary,
        large: a.large + b.large,
        baselined: a.baselined + b.baselined,
        baseline: a.baseline.clone().or_else(|| b.baseline.clone()),
        ..a.merged_with(b)
    }
}

/// Name and URL of the remote that git passes to the hook.
type Remote<'a> = (Option<&'a str>, Option<&'a str>);

/// Reads the pushed changes from what git writes to the hook: lines of
/// `<local ref> <local id> <remote ref> <remote id>`.
fn read_pushed_changes(repo: &GitRepository, remote: Remote<'_>) -> anyhow::Result<Vec<PushedChange>> {
    let text = environment::read_stdin(1024 * 1024).context("reading the pushed references")?;
    let is_missing = |id: &str| id.bytes().all(|byte| byte == b'0');
    let mut out = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, local, _, remote_id] = fields.as_slice() else {
            bail!(
                "git wrote a line that does not describe a push: {}",
                crate::text::to_single_line(line, 120)
            )
        };
        if is_missing(local) {
            continue;
        }
        let remote_id = Some(*remote_id).filter(|id| !is_missing(id));
        let Some(pushed) = find_pushed_change(repo, local, remote_id, remote)? else { continue };
        if !out.contains(&pushed) {
            out.push(pushed);
        }
    }
    Ok(out)
}

/// Finds what a push adds to the remote. `remote_id` is the object that the remote
/// reference has; `None` if it is new. The local repository may not have that object.
/// `None` if the remote has everything.
fn find_pushed_change(
    repo: &GitRepository,
    local: &str,
    remote_id: Option<&str>,
    (name, url): Remote<'_>,
) -> anyhow::Result<Option<PushedChange>> {
    // Both may be ids of annotated tags.
    let commit = repo.peel_to_commit(local)?.context("a pushed reference without a commit")?;
    let remote_commit = remote_id.map(|id| repo.peel_to_commit(id).unwrap_or_default());
    let base = match remote_commit.flatten() {
        Some(known) => Some(known),
        None => repo.find_last_pushed(commit, name, url)?,
    };
    Ok(match base {
        Some(base) if base == commit => None,
        Some(base) => Some(PushedChange::Range(format!("{}..{}", base.0, commit.0))),
        None => Some(PushedChange::AllFiles(commit)),
    })
}
