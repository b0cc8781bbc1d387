//! `validator-gate`: takes a validation report from its presentation to its
//! commit.

use clap::{Args, Subcommand};

use crate::change::{ObjectStore as _, TreeState};
use crate::cli::workspace::GitWorkspace;
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::render::json;
use crate::system::clock;
use crate::system::transaction::WriteError;
use crate::text::{RepoPath, to_single_line};
use crate::workflow::records::{DocumentReader, FolderReader, Records};
use crate::workflow::validator::{
    SessionStep, VERDICTS, ValidationStatus, ValidatorContext, read_status, take_step,
};

use super::workflow::{CommandSummary, SCHEMA, print_refusal, run_workflow};

/// Arguments of `validator-gate`.
#[derive(Debug, Args)]
pub(crate) struct ValidatorGateArgs {
    #[command(subcommand)]
    step: ValidatorStep,
}

#[derive(Debug, Subcommand)]
enum ValidatorStep {
    /// Begin a session: a report with this verdict is presented to the user
    Present {
        #[command(flatten)]
        session: SessionArgs,
        /// PASS, FAIL or `OUTDATED_ONLY`
        #[arg(value_parser = VERDICTS)]
        verdict: String,
    },
    /// Record that the user has seen the report
    Acknowledge(SessionArgs),
    /// Record that the packet holds the report with the same verdict
    Append(SessionArgs),
    /// Record that the packet with the report is committed
    Commit(SessionArgs),
    /// Show the validation session of a packet
    Status {
        /// The packet's id
        #[arg(value_name = "WP-ID")]
        id: String,
    },
    /// Give up a session; it is kept in the archive
    Reset {
        #[command(flatten)]
        session: SessionArgs,
        /// Reason for giving up
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
struct SessionArgs {
    /// The packet's id
    #[arg(value_name = "WP-ID")]
    id: String,
    /// Who takes the step; default: the identity in git's configuration
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

impl ValidatorGateArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let (of, taken) = match &self.step {
            ValidatorStep::Present { session: of, verdict } => (of, SessionStep::Present(verdict.clone())),
            ValidatorStep::Acknowledge(of) => (of, SessionStep::Acknowledge),
            ValidatorStep::Append(of) => (of, SessionStep::Append),
            ValidatorStep::Commit(of) => (of, SessionStep::Commit),
            ValidatorStep::Reset { session: of, reason } => (of, SessionStep::Reset(reason.clone())),
            ValidatorStep::Status { id } => return print_status(global, output, id),
        };
        let name = match taken {
            SessionStep::Present(_) => "present",
            SessionStep::Acknowledge => "acknowledge",
            SessionStep::Append => "append",
            SessionStep::Commit => "commit",
            SessionStep::Reset(_) => "reset",
        };
        run_workflow(
            global,
            output,
            &format!("validator-gate {name} {}", of.id),
            &|records, workspace, config| {
                let by = of
                    .by
                    .clone()
                    .or_else(|| workspace.repo.configured_identity())
                    .unwrap_or_else(|| "unknown".to_owned());
                // An uncommitted file does not say who may acknowledge.
                let committed = workspace.load_committed_config()?;
                let policy = committed.as_ref().map_or(&config.policy, |config| &config.policy);
                let context = ValidatorContext { repo: &workspace.repo, by, now: clock::now(), policy };
                let id = take_step(records, &context, &of.id, &taken)?;
                let next = match taken {
                SessionStep::Present(_) => {
                    format!("The user reads the report and runs `countersign validator-gate acknowledge {id}`.")
                }
                SessionStep::Acknowledge => {
                    format!("Append the report to the packet, then run `countersign validator-gate append {id}`.")
                }
                SessionStep::Append => {
                    format!("Commit the packet, then run `countersign validator-gate commit {id}`.")
                }
                SessionStep::Commit => {
                    "Set the packet's Status, move it on the board to Done, and commit both with the state."
                        .to_owned()
                }
                SessionStep::Reset(_) => {
                    format!("A new session begins with `countersign validator-gate present {id} VERDICT`.")
                }
            };
                Ok(CommandSummary { wp_id: Some(id.as_str().to_owned()), next: vec![next] })
            },
        )
    }
}

fn print_status(global: &GlobalArgs, output: &Output, id: &str) -> anyhow::Result<u8> {
    let workspace = GitWorkspace::open(global)?;
    let read: DocumentReader<'_> =
        &|path: &RepoPath| -> Result<Option<Vec<u8>>, WriteError> { workspace.read(path) };
    let list: FolderReader<'_> = &|folder: &str| workspace.repo.list(TreeState::Worktree, folder);
    let records = Records::new(read, list, workspace.require_layout(global)?);
    let (id, standing) = match read_status(&records, id) {
        Ok(found) => found,
        Err(error) => {
            return print_refusal(global, output, &format!("validator-gate status {id}"), error.into());
        }
    };
    let is_json = global.is_json()?;
    output.print(&if is_json {
        render_json(id.as_str(), &standing)
    } else {
        render_human(id.as_str(), &standing)
    })?;
    Ok(PASSED)
}

fn render_json(id: &str, standing: &ValidationStatus) -> String {
    let gates = standing.gates.iter();
    let gates = gates.map(|(gate, at, by)| serde_json::json!({ "gate": gate, "timestamp": at, "by": by }));
    let archived = standing.archived.iter();
    let archived =
        archived.map(|(verdict, status)| serde_json::json!({ "verdict": verdict, "status": status }));
    json::pretty(&serde_json::json!({
        "schema": SCHEMA,
        "command": "validator-gate status",
        "wp_id": id,
        "state": standing.path.as_ref().map(ToString::to_string),
        "verdict": standing.verdict,
        "gates": gates.collect::<Vec<_>>(),
        "archived": archived.collect::<Vec<_>>(),
        "next": standing.next,
    }))
}

fn render_human(id: &str, standing: &ValidationStatus) -> String {
    let mut out = match &standing.verdict {
        Some(verdict) => format!("{id}: {}\n", to_single_line(verdict, 40)),
        None => format!("{id}: no report was presented\n"),
    };
    for (gate, at, by) in &standing.gates {
        let by = if by.is_empty() { String::new() } else { format!(" by {}", to_single_line(by, 80)) };
        out.push_str(&format!("  {} {}{by}\n", to_single_line(gate, 40), to_single_line(at, 40)));
    }
    for (verdict, status) in &standing.archived {
        out.push_str(&format!(
            "  before: {} ({})\n",
            to_single_line(verdict, 40),
            to_single_line(status, 40)
        ));
    }
    if let Some(path) = &standing.path {
        out.push_str(&format!("  state: {path}\n"));
    }
    out.push_str(&match standing.next {
        Some("present") => format!("next: countersign validator-gate present {id} VERDICT\n"),
        Some(next) => format!("next: countersign validator-gate {next} {id}\n"),
        None => "The session has ended.\n".to_owned(),
    });
    out
}
