//! `evidence WP`: a packet's test plan, run and recorded.

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use super::desk::{Desk, Look};
use super::gates::named_config;
use super::{FAILED, Global, Output, PASSED};
use crate::change::SelectionRequest;
use crate::check::input::Gate;
use crate::document::Packet;
use crate::gate::{Draft, GateRequest};
use crate::render::json;
use crate::system::git::GitRepository;
use crate::system::{clock, environment};
use crate::text::{RepoPath, counted, visible};
use crate::workflow::evidence::{Planned, Ran, plan, run, with_entries};

/// Arguments of `evidence`.
#[derive(Debug, Args)]
pub(super) struct Evidence {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
    /// Write the entries into the packet instead of printing them
    #[arg(long)]
    write: bool,
    /// Run the commands without asking
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Answer {
    schema: &'static str,
    wp_id: String,
    written: bool,
    ran: Vec<Entry>,
    refused: Vec<Refusal>,
    gates: Vec<String>,
}

#[derive(Serialize)]
struct Entry {
    command: String,
    exit_code: i32,
    log_path: String,
    log_sha256: String,
    proof_lines: Vec<String>,
    remark: Option<String>,
    milliseconds: u64,
}

#[derive(Serialize)]
struct Refusal {
    command: String,
    why: String,
}

impl Evidence {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let look = Look::at(global)?;
        let repo = &look.repo;
        let request = GateRequest {
            gate: Gate::PostWork,
            packet: self.packet.clone(),
            also: Vec::new(),
            selection: SelectionRequest::Default,
            config: named_config(global.config.as_deref())?,
            now: clock::now_civil(),
        };
        let draft = match Draft::find(repo, &request, "evidence")? {
            Ok(draft) => draft,
            Err(report) => return output.report(global, &report),
        };
        let source = look.source(&draft.path)?;
        let planned = plan(&Packet::read(&source).value, draft.config());
        let runs = planned.iter().filter(|line| matches!(line, Planned::Run { .. })).count();
        let logs = if runs > 0 { logs(repo, draft.config())? } else { String::new() };
        output.aside(&shown(&planned));
        if runs > 0 && !self.yes {
            agreed(runs)?;
        }
        let mut ran: Vec<Ran> = Vec::new();
        for line in &planned {
            let Planned::Run { command, argv, folder } = line else { continue };
            let root = repo.root()?;
            let one = run(root, &logs, draft.id.as_str(), (command, argv, folder), draft.config(), output)?;
            let remark = one.remark.as_ref().map_or(String::new(), |remark| format!(" ({remark})"));
            output.aside(&format!(
                "  exit code {}{}: {}\n",
                one.exit_code,
                visible(&remark),
                visible(command)
            ));
            ran.push(one);
        }
        if self.write && !ran.is_empty() {
            // The lock is not held while commands run: they may need it.
            let desk = Desk::take(global, &format!("evidence {}", self.packet))?;
            let source = desk.source(&draft.path)?;
            let Some(text) = with_entries(&source, &ran) else {
                bail!(
                    "what was run would not be read back from {}: its EVIDENCE is too unusual to be edited",
                    draft.path
                );
            };
            desk.rewrite(&source, &text)?;
        }
        let refused = planned.iter().any(|line| matches!(line, Planned::Refused { .. }));
        let failed = ran.iter().any(|one| one.exit_code != 0);
        output.print(&if is_json {
            self.json(draft.id.as_str(), &planned, &ran)
        } else {
            self.human(&draft, &planned, &ran)
        })?;
        // A plan without a command proves nothing.
        Ok(if refused || failed || ran.is_empty() { FAILED } else { PASSED })
    }

    fn human(&self, draft: &Draft<'_>, planned: &[Planned], ran: &[Ran]) -> String {
        let mut out = String::new();
        if !self.write && !ran.is_empty() {
            let empty = crate::text::Source::from_text(draft.path.clone(), "## EVIDENCE\n");
            let text = with_entries(&empty, ran).unwrap_or_default();
            out.push_str(&format!("{}\n\n", visible(text.trim_start_matches("## EVIDENCE\n"))));
        }
        let good = ran.iter().filter(|one| one.exit_code == 0).count();
        let count = |wanted: fn(&Planned) -> bool| planned.iter().filter(|line| wanted(line)).count();
        out.push_str(&format!(
            "{} run, {good} ended with exit code 0; {} refused; {} of this tool left to itself\n",
            counted(ran.len(), "command"),
            count(|line| matches!(line, Planned::Refused { .. })),
            counted(count(|line| matches!(line, Planned::Gate(_))), "gate")
        ));
        if planned.is_empty() {
            out.push_str("TEST_PLAN holds no command: one in a closed fence, or a bullet in back-ticks\n");
        }
        out.push_str(&match (self.write, ran.is_empty()) {
            (true, false) => format!("written to {}\n", draft.path),
            (false, false) => "nothing was written; --write puts the entries into the packet\n".to_owned(),
            (_, true) => String::new(),
        });
        out
    }

    fn json(&self, id: &str, planned: &[Planned], ran: &[Ran]) -> String {
        json::pretty(&Answer {
            schema: "countersign.evidence/v1",
            wp_id: id.to_owned(),
            written: self.write && !ran.is_empty(),
            ran: ran
                .iter()
                .map(|one| Entry {
                    command: one.command.clone(),
                    exit_code: one.exit_code,
                    log_path: one.log_path.to_string(),
                    log_sha256: one.log_sha256.clone(),
                    proof_lines: one.proof.clone(),
                    remark: one.remark.clone(),
                    milliseconds: one.milliseconds,
                })
                .collect(),
            refused: planned
                .iter()
                .filter_map(|line| match line {
                    Planned::Refused { command, why } => {
                        Some(Refusal { command: command.clone(), why: why.clone() })
                    }
                    _ => None,
                })
                .collect(),
            gates: planned
                .iter()
                .filter_map(|line| if let Planned::Gate(line) = line { Some(line.clone()) } else { None })
                .collect(),
        })
    }
}

/// Every line of the plan with what becomes of it.
fn shown(planned: &[Planned]) -> String {
    let mut out = String::new();
    for line in planned {
        out.push_str(&match line {
            Planned::Run { argv, folder, .. } => {
                let place = if folder.is_empty() { String::new() } else { format!(" (in {folder})") };
                // As a list: what is one argument can be seen.
                let list = argv.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" ");
                format!("run      {}{}\n", visible(&list), visible(&place))
            }
            Planned::Gate(command) => format!("skip     {}: a gate of this tool\n", visible(command)),
            Planned::Refused { command, why } => format!("refuse   {}: {}\n", visible(command), visible(why)),
        });
    }
    out
}

/// The folder of logs, which git must ignore.
fn logs(repo: &GitRepository, config: &crate::config::Config) -> anyhow::Result<String> {
    let Some(logs) = config.logs.clone().filter(|logs| !logs.is_empty()) else {
        bail!(
            "the trusted countersign.yaml names no folder for logs; add `logs: .countersign/logs` and have .gitignore leave it out"
        );
    };
    if !repo.is_ignored(&RepoPath::from(format!("{logs}/x.log").as_str()))? {
        bail!(
            "no .gitignore of HEAD leaves out {logs}/, where logs go: every run would change the tree; add `/{logs}/` to .gitignore and commit it"
        );
    }
    Ok(logs)
}

fn agreed(count: usize) -> anyhow::Result<()> {
    if !environment::is_interactive() {
        bail!("nobody is there to agree to running {}; pass --yes if you do", counted(count, "command"));
    }
    let answer = environment::ask(&format!("Run {}? [y/N] ", counted(count, "command"))).context("asking")?;
    if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        bail!("nothing was run");
    }
    Ok(())
}
