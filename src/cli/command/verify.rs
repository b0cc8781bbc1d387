//! `verify`: the work of this branch, by the fence or by its packets.

use anyhow::bail;
use clap::Args;

use crate::change::WorkingTree as _;
use crate::cli::args::{BaseArgs, SelectionArgs, read_ci_event};
use crate::cli::job;
use crate::cli::workspace::lock_for_checks;
use crate::cli::{GlobalArgs, Output};
use crate::ledger::JobDescription;
use crate::pipeline::steps::{StepOptions, run_verify};
use crate::pipeline::verify::{PolicyApproval, VerifyRequest};
use crate::system::git::GitRepository;
use crate::system::{clock, environment};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The packet of the work; the default is the one whose PREPARE record names
    /// this branch, or in continuous integration the open packets with these paths. May be
    /// given several times; every file must belong to one of them
    #[arg(long, value_name = "WP-ID")]
    packet: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    base: BaseArgs,
    /// Do not run the configured steps; the report says so
    #[arg(long)]
    no_run: bool,
    /// Run every step twice: a step with two results is an error
    #[arg(long, conflicts_with = "no_run")]
    twice: bool,
    /// Approve a change of nothing but the configuration, as a person on a terminal
    /// or in a protected job
    #[arg(long)]
    policy_change: bool,
}

/// Returns the branch of the work that a run of continuous integration names, if HEAD is
/// detached.
fn branch_of_run(repo: &GitRepository) -> Option<String> {
    let is_detached = repo.current_branch().ok()?.is_none();
    (is_detached && environment::is_ci()).then(|| read_ci_event().ok()?.source_branch).flatten()
}

impl VerifyArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let repo = GitRepository::discover(&global.working_dir()?)?;
        lock_for_checks(&repo)?;
        let selected = self.selection.select(&repo)?;
        let request = VerifyRequest {
            packets: self.packet.clone(),
            selection: selected.request,
            branch: selected.branch.or_else(|| branch_of_run(&repo)),
            base: self.base.revision.clone(),
            config: global.config_override()?,
            approval: self.policy_approval()?,
            is_ci: environment::is_ci(),
            now: clock::now_civil(),
        };
        let skip = selected.forbidden_steps.or_else(|| self.no_run.then(|| "--no-run was given".to_owned()));
        let description = JobDescription::judging("verify").about(self.packet.first().map(String::as_str));
        let recorder = job::recorder(&repo, description);
        let report = run_verify(
            &repo,
            &request,
            &StepOptions { skip, twice: self.twice, ..StepOptions::new(output).recorded_by(&recorder) },
        )?;
        output.write_report(global, &report)
    }

    /// Decides whether a person approves a change of the rules.
    fn policy_approval(&self) -> anyhow::Result<PolicyApproval> {
        if !self.policy_change {
            return Ok(PolicyApproval::None);
        }
        if let Some(agent) = environment::agent_variable() {
            bail!(
                "`{agent}` is set: this is the environment of a coding agent, and an agent cannot approve \
                 rules; run `countersign verify --policy-change` yourself"
            );
        }
        if !environment::is_ci() && !environment::is_interactive() {
            bail!(
                "--policy-change needs a person: run the command on a terminal or in a protected job of \
                 continuous integration, or sign the commit with a key"
            );
        }
        Ok(PolicyApproval::Person)
    }
}
