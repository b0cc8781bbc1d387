//! `hook`: install, remove and run git hooks.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::change::{History as _, SelectionRequest, TreeState};
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::pipeline::source_scan::{ScanProfile, ScanRequest, run_scan};
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
    /// Install a git hook that runs scans; existing foreign hooks are not changed
    Install {
        /// Which hook
        hook: HookName,
    },
    /// Remove a hook that `countersign hook install` wrote
    Remove {
        /// Which hook
        hook: HookName,
    },
    /// Run the scans of an installed hook
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
    /// Scan the staged change before a commit
    PreCommit,
    /// Scan the commits that the remote does not have before a push
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
                let path = hook::install(&own, configured.as_deref(), hook.to_hook())?;
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
                scan_selection(global, output, &repo, SelectionRequest::Staged)
            }
            HookAction::Run { hook: HookName::PrePush, .. } => {
                let mut worst = PASSED;
                for asked in read_pushed_ranges(&repo)? {
                    worst = worst.max(scan_selection(global, output, &repo, asked)?);
                }
                Ok(worst)
            }
        }
    }
}

fn scan_selection(
    global: &GlobalArgs,
    output: &Output,
    repo: &GitRepository,
    asked: SelectionRequest,
) -> anyhow::Result<u8> {
    let request = ScanRequest {
        profile: ScanProfile::patterns(Vec::new()),
        tree: TreeState::Index,
        change: Some(asked),
        paths: Vec::new(),
        config: global.config_override()?,
        baseline: None,
        show_baselined: false,
        now: clock::now_civil(),
    };
    let report = run_scan(repo, &request)?;
    if report.passed() && report.findings.is_empty() {
        return Ok(PASSED);
    }
    output.write_report(global, &report)
}

/// Reads the pushed ranges from what git writes to the hook: lines of
/// `<local ref> <local id> <remote ref> <remote id>`.
fn read_pushed_ranges(repo: &GitRepository) -> anyhow::Result<Vec<SelectionRequest>> {
    let text = environment::read_stdin(1024 * 1024).context("reading the pushed references")?;
    let none = |id: &str| id.bytes().all(|byte| byte == b'0');
    let mut out = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, local, _, remote] = words.as_slice() else {
            bail!(
                "git wrote a line that does not describe a push: {}",
                crate::text::to_single_line(line, 120)
            )
        };
        if none(local) {
            continue;
        }
        // The remote may hold commits that are unknown here, or nothing yet.
        let known = !none(remote) && repo.find_commit(remote)?.is_some();
        let base = match repo.find_commit(local)?.filter(|_| !known) {
            Some(commit) => repo.find_last_pushed(commit)?.map(|base| base.0.to_string()),
            None => known.then(|| (*remote).to_owned()),
        };
        out.push(match base {
            Some(base) => SelectionRequest::Range(format!("{base}..{local}")),
            None => SelectionRequest::Rev((*local).to_owned()),
        });
    }
    Ok(out)
}
