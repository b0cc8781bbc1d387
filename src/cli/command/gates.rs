//! The gates of a packet: `pre-work`, `post-work`, `audit` and `gate-check`.

use clap::Args;

use crate::change::SelectionRequest;
use crate::check::context::Gate;
use crate::cli::args::{BaseArgs, PacketIds, SelectionArgs, WorkArgs};
use crate::cli::job;
use crate::cli::workspace::lock_for_checks;
use crate::cli::{GlobalArgs, Output};
use crate::ledger::JobDescription;
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
    /// Run every step twice: a step with two results is an error
    #[arg(long, conflicts_with = "no_run")]
    twice: bool,
    #[command(flatten)]
    base: BaseArgs,
}

/// Arguments of `post-work`.
#[derive(Debug, Args)]
pub(crate) struct PostWorkArgs {
    #[command(flatten)]
    work: WorkArgs,
    /// Do not run the configured steps; the report says so
    #[arg(long)]
    no_run: bool,
    /// Run every step twice: a step with two results is an error
    #[arg(long, conflicts_with = "no_run")]
    twice: bool,
    /// Allow only the files of this task of the packet
    #[arg(long, value_name = "MT-ID", conflicts_with = "also")]
    task: Option<String>,
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
        let run = GateRun {
            gate: Gate::PreWork,
            packets: PacketIds::single(&self.packet),
            selection: None,
            base: self.base.revision.as_ref(),
            no_run: self.no_run,
            twice: self.twice,
            task: None,
        };
        run.run(global, output)
    }
}

impl PostWorkArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let run = GateRun::of_work(Gate::PostWork, &self.work, self.no_run);
        GateRun { task: self.task.as_ref(), twice: self.twice, ..run }.run(global, output)
    }
}

impl AuditArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        GateRun::of_work(Gate::Audit, &self.work, true).run(global, output)
    }
}

impl GateCheckArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let run = GateRun {
            gate: Gate::GateCheck,
            packets: PacketIds::single(&self.packet),
            selection: None,
            base: None,
            no_run: false,
            twice: false,
            task: None,
        };
        run.run(global, output)
    }
}

/// One gate as the caller requests it.
struct GateRun<'a> {
    gate: Gate,
    packets: PacketIds<'a>,
    selection: Option<&'a SelectionArgs>,
    base: Option<&'a String>,
    no_run: bool,
    twice: bool,
    task: Option<&'a String>,
}

impl<'a> GateRun<'a> {
    fn of_work(gate: Gate, work: &'a WorkArgs, no_run: bool) -> Self {
        Self {
            gate,
            packets: work.packet_ids(),
            selection: Some(&work.selection),
            base: work.base.revision.as_ref(),
            no_run,
            twice: false,
            task: None,
        }
    }

    fn run(self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let mut repo = GitRepository::discover(&global.working_dir()?)?;
        lock_for_checks(&repo)?;
        repo.use_index_of_commit(&global.working_dir()?)?;
        let selected = self.selection.map(|selection| selection.select(&repo)).transpose()?;
        let (selection, forbidden_steps) = match selected {
            Some(selected) => (selected.request, selected.forbidden_steps),
            None => (SelectionRequest::Default, None),
        };
        let request = GateRequest {
            gate: self.gate,
            packet: self.packets.first.to_owned(),
            other_packets: self.packets.others.to_vec(),
            task: self.task.cloned(),
            selection,
            base: self.base.cloned(),
            config: global.config_override()?,
            now: clock::now_civil(),
        };
        let skip = forbidden_steps.or_else(|| self.no_run.then(|| "--no-run was given".to_owned()));
        let description = JobDescription::judging(self.gate.as_str()).about(Some(self.packets.first));
        let recorder = job::recorder(&repo, description);
        let report = run_gate(
            &repo,
            &request,
            &StepOptions { skip, twice: self.twice, ..StepOptions::new(output).recorded_by(&recorder) },
        )?;
        output.write_report(global, &report)
    }
}
