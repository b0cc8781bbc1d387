//! `jobs` and `problems`: what ran in this repository, and what it found.

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::cli::ledger::{open_ledger, print_no_ledger};
use crate::cli::workspace::GitWorkspace;
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::ledger::{Acknowledgement, Actor, Event, JobQuery, JobState, Payload, ProblemQuery, Store};
use crate::render::{json, ledger};
use crate::system::environment;
use crate::text::escape_hidden;

/// Arguments of `jobs`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct JobsArgs {
    #[command(subcommand)]
    action: Option<JobsAction>,
    /// Only jobs of this packet
    #[arg(value_name = "WP-ID")]
    packet: Option<String>,
    /// Only jobs in this state, such as `failed` or `poisoned`
    #[arg(long, value_name = "STATE")]
    state: Option<JobState>,
    /// Show at most this many, newest first
    #[arg(long, value_name = "N", default_value_t = 30)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum JobsAction {
    /// Say that you looked at a job whose evidence cannot be trusted
    Acknowledge(AcknowledgeArgs),
}

/// Arguments of `problems`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ProblemsArgs {
    #[command(subcommand)]
    action: Option<ProblemsAction>,
    /// Only problems of this packet
    #[arg(value_name = "WP-ID")]
    packet: Option<String>,
    /// Also show acknowledged problems, and those that the last run no longer found
    #[arg(long)]
    all: bool,
    /// Show at most this many, newest first
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum ProblemsAction {
    /// Say that you know a problem: it is no longer listed
    Acknowledge(AcknowledgeArgs),
}

#[derive(Debug, Args)]
struct AcknowledgeArgs {
    /// The id, or its first characters
    #[arg(value_name = "ID")]
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl JobsArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let workspace = GitWorkspace::open(global)?;
        let store = open_ledger(&workspace.repo)?;
        if let Some(JobsAction::Acknowledge(args)) = &self.action {
            return args.run(&workspace, store, output, "job", Store::find_poisoned_job);
        }
        let query = JobQuery { packet: self.packet.clone(), state: self.state, limit: self.limit };
        let jobs = match &store {
            Some(store) => store.jobs(&query)?,
            None => Vec::new(),
        };
        if store.is_none() && !is_json {
            return print_no_ledger(output);
        }
        output.print(&if is_json {
            json::pretty(&ledger::jobs_document(&jobs))
        } else {
            ledger::render_jobs(&jobs)
        })?;
        Ok(PASSED)
    }
}

impl ProblemsArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let workspace = GitWorkspace::open(global)?;
        let store = open_ledger(&workspace.repo)?;
        if let Some(ProblemsAction::Acknowledge(args)) = &self.action {
            return args.run(&workspace, store, output, "problem", Store::find_problem);
        }
        let query = ProblemQuery { packet: self.packet.clone(), all: self.all, limit: self.limit };
        let problems = match &store {
            Some(store) => store.problems(&query)?,
            None => Vec::new(),
        };
        if store.is_none() && !is_json {
            return print_no_ledger(output);
        }
        output.print(&if is_json {
            json::pretty(&ledger::problems_document(&problems))
        } else {
            ledger::render_problems(&problems)
        })?;
        Ok(PASSED)
    }
}

impl AcknowledgeArgs {
    fn run(
        &self,
        workspace: &GitWorkspace,
        store: Option<Store>,
        output: &Output,
        what: &str,
        find: fn(&Store, &str) -> Result<Option<String>, crate::ledger::LedgerError>,
    ) -> anyhow::Result<u8> {
        if let Some(agent) = environment::agent_variable() {
            bail!(
                "`{agent}` is set: this is the environment of a coding agent, and an agent acknowledges \
                 nothing; run the command yourself"
            );
        }
        if self.reason.trim().is_empty() {
            bail!("--reason is empty; say in a few words why");
        }
        let Some(mut store) = store else { return print_no_ledger(output) };
        let Some(subject) = find(&store, &self.id)? else {
            let kind = if what == "job" { "poisoned job" } else { what };
            bail!("no {kind}, or more than one, has an id that starts with `{}`", escape_hidden(&self.id));
        };
        let actor = workspace.repo.configured_identity().unwrap_or_else(|| "unknown".to_owned());
        let payload = Acknowledgement { subject: subject.clone(), reason: self.reason.clone() };
        let job = (what == "job").then_some(subject.as_str());
        let event = Event {
            actor: Actor::Human,
            actor_id: actor.clone(),
            ..Event::now(job, Payload::Acknowledged(payload))
        };
        let is_new = store.acknowledge(&subject, &actor, &event, &self.reason)?;
        let done = if is_new { "acknowledged" } else { "was acknowledged before" };
        output.print(&format!("{what} {subject} {done}\n"))?;
        Ok(PASSED)
    }
}
