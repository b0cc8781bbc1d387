//! The gates of a packet: `pre-work`, `post-work`, `audit` and `gate-check`.

use clap::Args;

use crate::change::SelectionRequest;
use crate::check::context::Gate;
use crate::cli::args::{PacketIds, WorkArgs};
use crate::cli::workspace::recover_interrupted_write;
use crate::cli::{GlobalArgs, Output};
use crate::pipeline::packet_gate::GateRequest;
use crate::pipeline::steps::{StepOptions, run_gate};
use crate::system::clock;
use crate::system::git::GitRepository;

/// Arguments of `pre-work`.
#[derive(Debug, Args)]
pub(crate) struct PreWorkArgs {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
    /// Do not run the configured steps
    #[arg(long)]
    no_run: bool,
}

/// Arguments of `post-work`.
#[derive(Debug, Args)]
pub(crate) struct PostWorkArgs {
    #[command(flatten)]
    work: WorkArgs,
    /// Do not run the configured steps; the report says so
    #[arg(long)]
    no_run: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    work: WorkArgs,
}

/// Arguments of `gate-check`.
#[derive(Debug, Args)]
pub(crate) struct GateCheckArgs {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
}

impl PreWorkArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
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
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let change = self.work.selection.request();
        run_gate_command(global, output, Gate::PostWork, self.work.packet_ids(), change, self.no_run)
    }
}

impl AuditArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
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
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
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

fn run_gate_command(
    global: &GlobalArgs,
    output: &Output,
    gate: Gate,
    packets: PacketIds<'_>,
    selection: SelectionRequest,
    no_run: bool,
) -> anyhow::Result<u8> {
    let mut repo = GitRepository::discover(&global.working_dir()?)?;
    recover_interrupted_write(&repo)?;
    repo.use_index_of_commit(&global.working_dir()?)?;
    let request = GateRequest {
        gate,
        packet: packets.first.to_owned(),
        other_packets: packets.others.to_vec(),
        selection,
        config: global.config_override()?,
        now: clock::now_civil(),
    };
    let skip = no_run.then(|| "--no-run was given".to_owned());
    let report = run_gate(&repo, &request, &StepOptions { skip, progress: output })?;
    output.write_report(global, &report)
}
