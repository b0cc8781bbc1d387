//! `validator-gate present|acknowledge|append|commit|status|reset`

use clap::{Args, Subcommand};

use super::{SCHEMA, Told, change, refused};
use crate::cli::desk::Look;
use crate::cli::{Global, Output, PASSED};
use crate::render::json;
use crate::system::clock;
use crate::system::writing::WriteError;
use crate::text::{RepoPath, one_line};
use crate::workflow::records::{Read, Records};
use crate::workflow::validator::{Hand, Standing, Step, VERDICTS, status, step};

/// Arguments of `validator-gate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ValidatorGate {
    #[command(subcommand)]
    step: StepArgs,
}

#[derive(Debug, Subcommand)]
enum StepArgs {
    /// A report with a verdict is shown to the user; a new session begins
    Present {
        #[command(flatten)]
        of: Of,
        /// PASS, FAIL or `OUTDATED_ONLY`
        #[arg(value_parser = VERDICTS)]
        verdict: String,
    },
    /// The user has seen the report
    Acknowledge(Of),
    /// The packet holds the report, with the same verdict
    Append(Of),
    /// The packet with the report is committed
    Commit(Of),
    /// How the validation of a packet stands
    Status {
        /// The packet's id
        #[arg(value_name = "WP-ID")]
        id: String,
    },
    /// Give a session up; it is kept in the archive
    Reset {
        #[command(flatten)]
        of: Of,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
struct Of {
    /// The packet's id
    #[arg(value_name = "WP-ID")]
    id: String,
    /// Who takes the step; without it, who git's configuration names
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

impl ValidatorGate {
    pub(in crate::cli) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let (of, taken) = match &self.step {
            StepArgs::Present { of, verdict } => (of, Step::Present(verdict.clone())),
            StepArgs::Acknowledge(of) => (of, Step::Acknowledge),
            StepArgs::Append(of) => (of, Step::Append),
            StepArgs::Commit(of) => (of, Step::Commit),
            StepArgs::Reset { of, reason } => (of, Step::Reset(reason.clone())),
            StepArgs::Status { id } => return shown(global, output, id),
        };
        let name = match taken {
            Step::Present(_) => "present",
            Step::Acknowledge => "acknowledge",
            Step::Append => "append",
            Step::Commit => "commit",
            Step::Reset(_) => "reset",
        };
        change(global, output, &format!("validator-gate {name} {}", of.id), &|records, desk, config| {
            let by = of.by.clone().or_else(|| desk.repo.identity()).unwrap_or_else(|| "unknown".to_owned());
            // Who may acknowledge is not said by files that nobody has committed.
            let committed = desk.committed_config()?;
            let policy = committed.as_ref().map_or(&config.policy, |config| &config.policy);
            let hand = Hand { repo: &desk.repo, by, now: clock::now(), policy };
            let id = step(records, &hand, &of.id, &taken)?;
            let next = match taken {
                Step::Present(_) => {
                    format!("The user reads the report: `countersign validator-gate acknowledge {id}`.")
                }
                Step::Acknowledge => {
                    format!("Append the report to the packet, then `countersign validator-gate append {id}`.")
                }
                Step::Append => format!("Commit the packet, then `countersign validator-gate commit {id}`."),
                Step::Commit => {
                    "Set the packet's Status, move it on the board to Done, and commit both with the state."
                        .to_owned()
                }
                Step::Reset(_) => {
                    format!("A new report begins with `countersign validator-gate present {id} VERDICT`.")
                }
            };
            Ok(Told { wp_id: Some(id.as_str().to_owned()), next: vec![next] })
        })
    }
}

fn shown(global: &Global, output: &Output, id: &str) -> anyhow::Result<u8> {
    let look = Look::at(global)?;
    let read: Read<'_> = &|path: &RepoPath| -> Result<Option<Vec<u8>>, WriteError> { look.read(path) };
    let records = Records::new(read, look.layout(global)?);
    let (id, standing) = match status(&records, id) {
        Ok(found) => found,
        Err(error) => return refused(global, output, &format!("validator-gate status {id}"), error.into()),
    };
    let is_json = global.is_json()?;
    output.print(&if is_json { document(id.as_str(), &standing) } else { human(id.as_str(), &standing) })?;
    Ok(PASSED)
}

fn document(id: &str, standing: &Standing) -> String {
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

fn human(id: &str, standing: &Standing) -> String {
    let mut out = match &standing.verdict {
        Some(verdict) => format!("{id}: {}\n", one_line(verdict, 40)),
        None => format!("{id}: no report is presented\n"),
    };
    for (gate, at, by) in &standing.gates {
        let by = if by.is_empty() { String::new() } else { format!(" by {}", one_line(by, 80)) };
        out.push_str(&format!("  {} {}{by}\n", one_line(gate, 40), one_line(at, 40)));
    }
    for (verdict, status) in &standing.archived {
        out.push_str(&format!("  before: {} ({})\n", one_line(verdict, 40), one_line(status, 40)));
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
