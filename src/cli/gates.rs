//! `pre-work`, `post-work` and `gate-check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::desk::recover_interrupted_write;
use super::{GlobalArgs, Output};
use crate::change::SelectionRequest;
use crate::check::input::Gate;
use crate::engine::{StepOptions, run_gate};
use crate::gate::{GateRequest, MAX_DOCUMENT_BYTES};
use crate::system::git::GitRepository;
use crate::system::{clock, environment, files};
use crate::text::{RepoPath, Source};

/// Arguments of `pre-work`.
#[derive(Debug, Args)]
pub(super) struct PreWorkArgs {
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
    fn packet_ids(&self) -> PacketIds<'_> {
        PacketIds { first: &self.packet, others: &self.also }
    }
}

/// Arguments of `post-work`.
#[derive(Debug, Args)]
pub(super) struct PostWorkArgs {
    #[command(flatten)]
    work: WorkArgs,
    /// Do not run the configured steps; the report says so
    #[arg(long)]
    no_run: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    work: WorkArgs,
}

/// Arguments of `gate-check`.
#[derive(Debug, Args)]
pub(super) struct GateCheckArgs {
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

impl PreWorkArgs {
    pub(super) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_gate_command(
            global,
            output,
            Gate::PreWork,
            PacketIds::single(&self.packet),
            SelectionRequest::Default,
            self.no_run,
        )
    }
}

impl PostWorkArgs {
    pub(super) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let change = self.work.selection.request();
        run_gate_command(global, output, Gate::PostWork, self.work.packet_ids(), change, self.no_run)
    }
}

impl AuditArgs {
    pub(super) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_gate_command(
            global,
            output,
            Gate::Audit,
            self.work.packet_ids(),
            self.work.selection.request(),
            true,
        )
    }
}

impl GateCheckArgs {
    pub(super) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_gate_command(
            global,
            output,
            Gate::GateCheck,
            PacketIds::single(&self.packet),
            SelectionRequest::Default,
            false,
        )
    }
}

/// The folder that the command works in.
pub(super) fn working_dir(global: &GlobalArgs) -> anyhow::Result<PathBuf> {
    let current = environment::current_folder().context("finding the current folder")?;
    Ok(global.folder.as_ref().map_or(current.clone(), |folder| current.join(folder)))
}

/// The configuration file that the caller names.
pub(super) fn config_override(path: Option<&Path>) -> anyhow::Result<Option<Arc<Source>>> {
    let Some(path) = path else { return Ok(None) };
    let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
    let bytes =
        files::read(path, limit).with_context(|| format!("reading the configuration {}", path.display()))?;
    Ok(Some(Source::from_bytes(RepoPath::from(path.to_string_lossy().as_ref()), bytes)))
}

/// The packets that are judged.
struct PacketIds<'a> {
    first: &'a str,
    others: &'a [String],
}

impl<'a> PacketIds<'a> {
    fn single(first: &'a str) -> Self {
        Self { first, others: &[] }
    }
}

fn run_gate_command(
    global: &GlobalArgs,
    output: &Output,
    gate: Gate,
    packets: PacketIds<'_>,
    selection: SelectionRequest,
    no_run: bool,
) -> anyhow::Result<u8> {
    let repo = GitRepository::discover(&working_dir(global)?)?;
    recover_interrupted_write(&repo)?;
    let request = GateRequest {
        gate,
        packet: packets.first.to_owned(),
        other_packets: packets.others.to_vec(),
        selection,
        config: config_override(global.config.as_deref())?,
        now: clock::now_civil(),
    };
    let skip = no_run.then(|| "--no-run was given".to_owned());
    let report = run_gate(&repo, &request, &StepOptions { skip, progress: output })?;
    output.write_report(global, &report)
}
