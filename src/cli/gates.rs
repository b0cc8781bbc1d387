//! `pre-work`, `post-work` and `gate-check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::desk::settle;
use super::{Global, Output};
use crate::change::SelectionRequest;
use crate::check::input::Gate;
use crate::engine::{StepOptions, run};
use crate::gate::{GateRequest, LARGEST_DOCUMENT};
use crate::system::git::GitRepository;
use crate::system::{clock, environment, files};
use crate::text::{RepoPath, Source};

/// Arguments of `pre-work`.
#[derive(Debug, Args)]
pub(super) struct PreWork {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
    /// Do not run the configured steps
    #[arg(long)]
    no_run: bool,
}

/// The packets whose work a change is, and the change.
#[derive(Debug, Args)]
pub(super) struct WorkArgs {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    pub packet: String,
    /// Another packet of the same change; every file must belong to one of
    /// them. May be given several times
    #[arg(long, value_name = "WP-ID")]
    pub also: Vec<String>,
    #[command(flatten)]
    pub selection: SelectionArgs,
}

impl WorkArgs {
    fn packets(&self) -> Packets<'_> {
        Packets { first: &self.packet, also: &self.also }
    }
}

/// Arguments of `post-work`.
#[derive(Debug, Args)]
pub(super) struct PostWork {
    #[command(flatten)]
    work: WorkArgs,
    /// Do not run the configured steps; the report says so
    #[arg(long)]
    no_run: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(flatten)]
    work: WorkArgs,
}

/// Arguments of `gate-check`.
#[derive(Debug, Args)]
pub(super) struct GateCheck {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
}

/// Which change to judge. With none given: staged changes if there are any,
/// else the working tree, else `MERGE_BASE_SHA..HEAD`, else the merge base with
/// the main branch, else the last commit.
#[derive(Debug, Args)]
pub(super) struct SelectionArgs {
    /// Two commits; three dots mean their merge base
    #[arg(long, value_name = "A..B", group = "which", allow_hyphen_values = true)]
    range: Option<String>,
    /// A commit against its first parent
    #[arg(long, value_name = "R", group = "which", allow_hyphen_values = true)]
    rev: Option<String>,
    /// HEAD against the index
    #[arg(long, group = "which")]
    staged: bool,
    /// HEAD against the files on disk, untracked ones included
    #[arg(long, group = "which")]
    worktree: bool,
}

impl SelectionArgs {
    pub(super) fn request(&self) -> SelectionRequest {
        match (&self.range, &self.rev) {
            (Some(range), _) => SelectionRequest::Range(range.clone()),
            (None, Some(rev)) => SelectionRequest::Rev(rev.clone()),
            (None, None) if self.staged => SelectionRequest::Staged,
            (None, None) if self.worktree => SelectionRequest::Worktree,
            (None, None) => SelectionRequest::Default,
        }
    }
}

impl PreWork {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        gate(
            global,
            output,
            Gate::PreWork,
            Packets::one(&self.packet),
            SelectionRequest::Default,
            self.no_run,
        )
    }
}

impl PostWork {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let change = self.work.selection.request();
        gate(global, output, Gate::PostWork, self.work.packets(), change, self.no_run)
    }
}

impl Audit {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        gate(global, output, Gate::Audit, self.work.packets(), self.work.selection.request(), true)
    }
}

impl GateCheck {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        gate(global, output, Gate::GateCheck, Packets::one(&self.packet), SelectionRequest::Default, false)
    }
}

/// The folder that the command works in.
pub(super) fn folder(global: &Global) -> anyhow::Result<PathBuf> {
    let current = environment::current_folder().context("finding the current folder")?;
    Ok(global.folder.as_ref().map_or(current.clone(), |folder| current.join(folder)))
}

/// The configuration file that the caller names.
pub(super) fn named_config(path: Option<&Path>) -> anyhow::Result<Option<Arc<Source>>> {
    let Some(path) = path else { return Ok(None) };
    let limit = u64::try_from(LARGEST_DOCUMENT).unwrap_or(u64::MAX);
    let bytes =
        files::read(path, limit).with_context(|| format!("reading the configuration {}", path.display()))?;
    Ok(Some(Source::from_bytes(RepoPath::from(path.to_string_lossy().as_ref()), bytes)))
}

/// The packets that are judged.
struct Packets<'a> {
    first: &'a str,
    also: &'a [String],
}

impl<'a> Packets<'a> {
    fn one(first: &'a str) -> Self {
        Self { first, also: &[] }
    }
}

fn gate(
    global: &Global,
    output: &Output,
    gate: Gate,
    packets: Packets<'_>,
    selection: SelectionRequest,
    no_run: bool,
) -> anyhow::Result<u8> {
    let repo = GitRepository::discover(&folder(global)?)?;
    settle(&repo)?;
    let request = GateRequest {
        gate,
        packet: packets.first.to_owned(),
        also: packets.also.to_vec(),
        selection,
        config: named_config(global.config.as_deref())?,
        now: clock::now_civil(),
    };
    let skip = no_run.then(|| "--no-run was given".to_owned());
    let report = run(&repo, &request, &StepOptions { skip, progress: output })?;
    output.report(global, &report)
}
