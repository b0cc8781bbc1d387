//! `scan` and the validator scans.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::change::{SelectionRequest, TreeState};
use crate::cli::job;
use crate::cli::workspace::{Workspace, open_writer};
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::finding::{Finding, Report};
use crate::ledger::JobDescription;
use crate::pipeline::source_scan::{ScanProfile, ScanRequest, load_active_rules, run_scan};
use crate::scan::{Baseline, write_baseline};
use crate::system::clock;
use crate::system::clock::Stopwatch;
use crate::system::transaction::FileWrite;
use crate::text::{RepoPath, Source, escape_hidden, format_count};

use crate::cli::args::{BaseArgs, SelectionArgs};

/// The baseline file where the configuration names none.
const DEFAULT_BASELINE: &str = ".countersign/baseline.txt";

/// Arguments of `scan`.
#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// Files or folders to scan; default: all
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run this set of rules; may be given several times. Default: all sets but
    /// `errors`, `dal` and `traceability`
    #[arg(long = "set", value_name = "NAME")]
    sets: Vec<String>,
    /// Write or upgrade the baseline file, or fail only on findings that it does not list
    #[arg(long, value_enum, value_name = "ACTION")]
    baseline: Option<BaselineAction>,
    /// Also list findings that the baseline knows
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    base: BaseArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BaselineAction {
    /// Write all findings of these rules to the baseline file
    Write,
    /// Fail on findings that the baseline does not list
    Check,
    /// Rewrite a baseline of version 1 with fingerprints of version 2; adds no finding
    Upgrade,
}

/// Arguments of the validator scans.
#[derive(Debug, Args)]
pub(crate) struct ValidatorScanArgs {
    /// Files or folders to scan; default: all
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    base: BaseArgs,
}

impl ScanArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let mut request = build_request(
            global,
            ScanProfile::patterns(self.sets.clone()),
            &self.selection,
            &self.base,
            &self.paths,
        )?;
        request.show_baselined = self.all;
        if let Some(action) = self.baseline {
            let workspace = Workspace::discover(global)?;
            if request.change.is_some() {
                bail!("a baseline covers the whole tree; leave out the selection of a change");
            }
            let configured = workspace.load_config(global)?.scan.baseline;
            request.baseline = Some(configured.clone().unwrap_or_else(|| DEFAULT_BASELINE.to_owned()));
            if action == BaselineAction::Upgrade {
                return upgrade_baseline(global, output, &workspace, request);
            }
            if action == BaselineAction::Write {
                return update_baseline(global, output, &workspace, request, configured.is_some());
            }
        }
        run_request(global, output, &request)
    }
}

/// Writes the findings of the selected rules; entries of other rules stay.
fn update_baseline(
    global: &GlobalArgs,
    output: &Output,
    workspace: &Workspace,
    mut request: ScanRequest,
    is_configured: bool,
) -> anyhow::Result<u8> {
    if !request.paths.is_empty() {
        bail!("a baseline covers the whole tree; leave out the paths");
    }
    let path = request.baseline.clone().unwrap_or_default();
    let Some(root) = workspace.root() else { bail!("a bare repository has no folder to write {path} to") };
    request.show_baselined = true;
    let report = run_scan(workspace.repo(), &request)?;
    if report.scan.as_ref().is_some_and(|scan| scan.truncated > 0) {
        bail!("there are more findings than a baseline should hold; narrow the rules first");
    }
    let broken = |found: &&Finding| found.rule.family() == "source" && found.fails_gate();
    if let Some(fault) = report.findings.iter().find(broken) {
        bail!("not everything was scanned ({}); fix that first", fault.message);
    }
    let asked: Vec<&str> = report.outcomes.iter().map(|outcome| outcome.rule.as_str()).collect();
    let old = read_baseline(workspace, &path)?.unwrap_or_default();
    let kept: Vec<(&str, &str)> = old
        .entries()
        .map(|(rule, print, _)| (rule, print))
        .filter(|(rule, _)| !asked.contains(rule))
        .collect();
    let found =
        report.findings.iter().filter_map(|found| Some((found.rule.as_str(), found.fingerprint.as_deref()?)));
    let count = found.clone().count();
    let has_old_entries = old.has_old_entries() && !kept.is_empty();
    let text = write_baseline(found.chain(kept), has_old_entries);
    store_baseline(global, workspace, root, &path, &text)?;
    let how = if is_configured {
        ""
    } else {
        "; to use it, add `scan: {baseline: …}` with this path to countersign.yaml"
    };
    output.print(&format!("{path}: {} written{how}\n", format_count(count, "finding")))?;
    print_ignored(output, workspace, &path);
    Ok(PASSED)
}

/// Writes a baseline as one operation of the bus.
fn store_baseline(
    global: &GlobalArgs,
    workspace: &Workspace,
    root: &Path,
    path: &str,
    text: &str,
) -> anyhow::Result<()> {
    let recorder = workspace.recorder(job::editing("scan"));
    workspace.configure(global, &recorder);
    let writer = open_writer(workspace, root, "scan")?;
    let path = RepoPath::from(path);
    let before = writer.read(&path)?;
    let write = FileWrite { path, before, after: text.as_bytes().to_vec() };
    job::apply(&recorder, &writer, "scan", &[write])
}

/// Says that git ignores a baseline, which then exists in no other clone.
fn print_ignored(output: &Output, workspace: &Workspace, path: &str) {
    let Workspace::Git(repo) = workspace else { return };
    if repo.is_ignored_by_git(&RepoPath::from(path)).unwrap_or(false) {
        let path = escape_hidden(path);
        output.print_notice(&format!(
            "warning: git ignores {path}, so no other clone has it: narrow the line of .gitignore, or run \
             `git add -f {path}`\n"
        ));
    }
}

/// Reads the baseline file at a path; `None` if there is none.
fn read_baseline(workspace: &Workspace, path: &str) -> anyhow::Result<Option<Baseline>> {
    let file = RepoPath::from(path);
    let Some(bytes) = workspace.repo().read(TreeState::Worktree, &file)? else { return Ok(None) };
    match Baseline::read(&Source::from_bytes(file, bytes)) {
        Ok(baseline) => Ok(Some(baseline)),
        Err(fault) => bail!("{path}:{}: {}", fault.source.line(fault.span.start), fault.message),
    }
}

/// Rewrites a baseline with the fingerprints of the findings that it lists.
fn upgrade_baseline(
    global: &GlobalArgs,
    output: &Output,
    workspace: &Workspace,
    mut request: ScanRequest,
) -> anyhow::Result<u8> {
    if !request.paths.is_empty() {
        bail!("a baseline covers the whole tree; leave out the paths");
    }
    let path = request.baseline.clone().unwrap_or_default();
    let Some(root) = workspace.root() else { bail!("a bare repository has no folder to write {path} to") };
    let Some(old) = read_baseline(workspace, &path)? else { bail!("there is no baseline {path} to upgrade") };
    if !old.has_old_entries() {
        output.print(&format!("{path}: nothing to do, all entries are of version 2\n"))?;
        return Ok(PASSED);
    }
    // Entries of every set are renewed.
    request.profile = ScanProfile::full();
    let new = run_scan(workspace.repo(), &request)?;
    request.show_baselined = true;
    let all = run_scan(workspace.repo(), &request)?;
    if all.scan.as_ref().is_some_and(|scan| scan.truncated > 0) {
        bail!("there are more findings than a baseline should hold; narrow the rules first");
    }
    let prints = |report: &Report| -> BTreeSet<(String, String)> {
        let all = report.findings.iter();
        all.filter_map(|found| Some((found.rule.to_string(), found.fingerprint.clone()?))).collect()
    };
    let unlisted = prints(&new);
    let listed: Vec<(String, String)> =
        prints(&all).into_iter().filter(|finding| !unlisted.contains(finding)).collect();
    let text = write_baseline(listed.iter().map(|(rule, print)| (rule.as_str(), print.as_str())), false);
    store_baseline(global, workspace, root, &path, &text)?;
    let removed = old.len().saturating_sub(listed.len());
    let renewed = format_count(listed.len(), "finding");
    output.print(&format!("{path}: {renewed} renewed, {removed} without a match removed\n"))?;
    Ok(PASSED)
}

impl ValidatorScanArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output, scan: ScanProfile) -> anyhow::Result<u8> {
        let mut request = build_request(global, scan, &self.selection, &self.base, &self.paths)?;
        let of_change = matches!(request.profile.name, "validator-coverage-gaps" | "validator-traceability");
        if of_change && request.change.is_none() && request.paths.is_empty() {
            // These check changed files; use the default selection.
            request.change = Some(SelectionRequest::Default);
        }
        run_request(global, output, &request)
    }
}

fn build_request(
    global: &GlobalArgs,
    scan: ScanProfile,
    selection: &SelectionArgs,
    base: &BaseArgs,
    paths: &[PathBuf],
) -> anyhow::Result<ScanRequest> {
    let mut named = Vec::new();
    let workspace = Workspace::discover(global)?;
    let change = match selection.select(workspace.repo())?.request {
        SelectionRequest::Default => None,
        asked => Some(asked),
    };
    for path in paths {
        named.push(workspace.resolve_path(&global.working_dir()?, path)?);
    }
    if change.is_some() && !workspace.is_git() {
        bail!("this folder is not in a git repository; --range, --rev, --staged and --worktree need one");
    }
    // The empty path is the root: everything.
    let all = named.iter().any(|path| path.as_bytes().is_empty());
    Ok(ScanRequest {
        profile: scan,
        tree: TreeState::Worktree,
        change,
        base: base.revision.clone(),
        paths: if all { Vec::new() } else { named },
        config: global.config_override()?,
        baseline: None,
        show_baselined: false,
        now: clock::now_civil(),
    })
}

fn run_request(global: &GlobalArgs, output: &Output, request: &ScanRequest) -> anyhow::Result<u8> {
    let (started_at, watch) = (clock::now_text(), Stopwatch::start());
    let workspace = Workspace::discover(global)?;
    let recorder = workspace.recorder(
        JobDescription::judging(request.profile.name).within(
            request
                .paths
                .iter()
                .map(ToString::to_string)
                .chain(request.change.iter().map(|change| format!("{change:?}"))),
        ),
    );
    let mut report: Report = run_scan(workspace.repo(), request)?;
    let judged = report
        .outcomes
        .iter()
        .any(|outcome| !matches!(outcome.status, crate::finding::CheckStatus::Skipped(_)));
    let own = |outcome: &&crate::finding::CheckOutcome| {
        !matches!(outcome.rule.family(), "source" | "suppression" | "baseline")
    };
    let reasons: Vec<&str> = report
        .outcomes
        .iter()
        .filter(own)
        .filter_map(|outcome| match &outcome.status {
            crate::finding::CheckStatus::Skipped(why) => Some(why.as_str()),
            _ => None,
        })
        .collect();
    if !judged || (!reasons.is_empty() && reasons.len() == report.outcomes.iter().filter(own).count()) {
        bail!("nothing was judged: {}", reasons.first().copied().unwrap_or("no rule was selected"));
    }
    report.run.started_at = started_at;
    workspace.record_report(global, &recorder, &mut report)?;
    report.run.milliseconds = watch.elapsed_milliseconds();
    output.write_report(global, &report)
}

/// Loads the scan rules of a repository, for `rules test` and `explain`.
pub(crate) fn load_repository_rules(
    global: &GlobalArgs,
) -> anyhow::Result<crate::pipeline::source_scan::ActiveRules> {
    let workspace = Workspace::discover(global)?;
    let config = workspace.load_config(global)?;
    Ok(load_active_rules(workspace.repo(), TreeState::Worktree, &config, &ScanProfile::full())?)
}
