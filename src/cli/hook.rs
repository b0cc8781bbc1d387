//! `hook`: installs and runs git hooks.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::gates::{folder, named_config};
use super::{Global, Output, PASSED};
use crate::change::{Repository as _, SelectionRequest, Side};
use crate::gate::sweep::{Scan, SweepRequest, sweep};
use crate::system::git::GitRepository;
use crate::system::{clock, environment};
use crate::workflow::hook::{self, Hook};

/// Arguments of `hook`.
#[derive(Debug, Args)]
pub(super) struct HookArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Have git run scans; a hook of somebody else stays as it is
    Install {
        /// Which hook
        hook: Name,
    },
    /// Take a hook of ours out again
    Remove {
        /// Which hook
        hook: Name,
    },
    /// Do what an installed hook does
    Run {
        /// Which hook
        hook: Name,
        /// What git gives to the hook
        #[arg(hide = true)]
        given: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    /// Scans what is staged
    PreCommit,
    /// Scans the commits that the other side lacks
    PrePush,
}

impl Name {
    fn hook(self) -> Hook {
        match self {
            Self::PreCommit => Hook::PreCommit,
            Self::PrePush => Hook::PrePush,
        }
    }
}

impl HookArgs {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let mut repo = GitRepository::discover(&folder(global)?)?;
        let configured = repo.hooks_path();
        let own = repo.hooks_folder();
        match &self.action {
            Action::Install { hook } => {
                let path = hook::install(&own, configured.as_deref(), hook.hook())?;
                output.print(&format!("{} written\n", path.display()))?;
                Ok(PASSED)
            }
            Action::Remove { hook } => {
                let path = hook::remove(&own, configured.as_deref(), hook.hook())?;
                output.print(&format!("{} removed\n", path.display()))?;
                Ok(PASSED)
            }
            Action::Run { hook: Name::PreCommit, .. } => {
                // `git commit -a` judges an index of its own.
                if let Some(index) = environment::variable("GIT_INDEX_FILE") {
                    repo.use_index(&folder(global)?.join(index))?;
                }
                judge(global, output, &repo, SelectionRequest::Staged)
            }
            Action::Run { hook: Name::PrePush, .. } => {
                let mut worst = PASSED;
                for asked in pushed(&repo)? {
                    worst = worst.max(judge(global, output, &repo, asked)?);
                }
                Ok(worst)
            }
        }
    }
}

fn judge(
    global: &Global,
    output: &Output,
    repo: &GitRepository,
    asked: SelectionRequest,
) -> anyhow::Result<u8> {
    let request = SweepRequest {
        scan: Scan::patterns(Vec::new()),
        side: Side::Index,
        change: Some(asked),
        named: Vec::new(),
        config: named_config(global.config.as_deref())?,
        baseline: None,
        tell_known: false,
        now: clock::now_civil(),
    };
    let report = sweep(repo, &request)?;
    if report.passed() && report.findings.is_empty() {
        return Ok(PASSED);
    }
    output.report(global, &report)
}

/// The ranges that a push brings, from what git writes to the hook: lines of
/// `<local ref> <local id> <remote ref> <remote id>`.
fn pushed(repo: &GitRepository) -> anyhow::Result<Vec<SelectionRequest>> {
    let text = environment::input(1024 * 1024).context("reading what is pushed")?;
    let none = |id: &str| id.bytes().all(|byte| byte == b'0');
    let mut out = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, local, _, remote] = words.as_slice() else {
            bail!("git wrote a line that is no push: {}", crate::text::one_line(line, 120))
        };
        if none(local) {
            continue;
        }
        // What the other side has may be unknown here, or nothing yet.
        let known = !none(remote) && repo.commit(remote)?.is_some();
        let base = match repo.commit(local)?.filter(|_| !known) {
            Some(commit) => repo.known_elsewhere(commit)?.map(|base| base.0.to_string()),
            None => known.then(|| (*remote).to_owned()),
        };
        out.push(match base {
            Some(base) => SelectionRequest::Range(format!("{base}..{local}")),
            None => SelectionRequest::Rev((*local).to_owned()),
        });
    }
    Ok(out)
}
