//! `evidence`: runs a packet's test plan and records the results.

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use crate::bus::Bus;
use crate::change::SelectionRequest;
use crate::check::context::Gate;
use crate::cli::job;
use crate::cli::workspace::{GitWorkspace, LockedWorkspace};
use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::document::Packet;
use crate::ledger::{JobDescription, JobKind, JobOutcome};
use crate::pipeline::packet_gate::{GateRequest, ManifestContext};
use crate::pipeline::steps::{RepositoryWatch, StepsError, record_run};
use crate::render::json;
use crate::system::git::GitRepository;
use crate::system::{clock, environment};
use crate::text::{RepoPath, escape_hidden, format_count};
use crate::workflow::evidence::{EvidenceRun, PlannedLine, plan_commands, record_entries, run_command};

/// Arguments of `evidence`.
#[derive(Debug, Args)]
pub(crate) struct EvidenceArgs {
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
struct EvidenceOutput {
    schema: &'static str,
    wp_id: String,
    written: bool,
    ran: Vec<EvidenceEntryOutput>,
    refused: Vec<RefusedCommandOutput>,
    gates: Vec<String>,
}

#[derive(Serialize)]
struct EvidenceEntryOutput {
    command: String,
    exit_code: i32,
    log_path: String,
    log_sha256: String,
    proof_lines: Vec<String>,
    remark: Option<String>,
    milliseconds: u64,
}

#[derive(Serialize)]
struct RefusedCommandOutput {
    command: String,
    why: String,
}

impl EvidenceArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let workspace = GitWorkspace::open(global)?;
        let repo = &workspace.repo;
        let request = GateRequest {
            task: None,
            gate: Gate::PostWork,
            packet: self.packet.clone(),
            other_packets: Vec::new(),
            selection: SelectionRequest::Default,
            base: None,
            config: global.config_override()?,
            now: clock::now_civil(),
        };
        let draft = match ManifestContext::find(repo, &request, "evidence")? {
            Ok(draft) => draft,
            Err(report) => return output.write_report(global, &report),
        };
        let source = workspace.read_source(&draft.path)?;
        let planned = plan_commands(&Packet::read(&source).value, draft.config());
        let runs = planned.iter().filter(|line| matches!(line, PlannedLine::Run { .. })).count();
        let logs = if runs > 0 { resolve_log_folder(repo, draft.config())? } else { String::new() };
        output.print_notice(&describe_plan(&planned));
        if runs > 0 && !self.yes {
            confirm(runs)?;
        }
        let description = JobDescription {
            kind: JobKind::TerminalExec,
            ..JobDescription::judging("evidence").about(Some(draft.id.as_str()))
        };
        let recorder = job::recorder(repo, description);
        job::configure(&recorder, draft.config(), job::committed_config(repo).as_ref());
        let bus = Bus::new(&recorder);
        let watch = RepositoryWatch::start(repo)?;
        let mut ran: Vec<EvidenceRun> = Vec::new();
        let mut not_started: Vec<String> = Vec::new();
        for line in &planned {
            let PlannedLine::Run { command, argv, folder } = line else { continue };
            let root = repo.root()?;
            let planned = (command.as_str(), argv.as_slice(), folder.as_str());
            let one = run_command(root, &logs, draft.id.as_str(), planned, draft.config(), &bus, output);
            let one = match one {
                Ok(one) => one,
                Err(error) => {
                    let is_cancelled = matches!(error, StepsError::Interrupted { .. });
                    recorder.finish(JobOutcome {
                        is_cancelled,
                        error: Some(error.to_string()),
                        problems: bus.take_problems(),
                        ..JobOutcome::default()
                    })?;
                    return Err(error.into());
                }
            };
            watch.check(repo, &bus, command);
            if !one.is_started {
                let why = one.note.unwrap_or_default();
                output.print_notice(&format!(
                    "  not run: {}: {}\n",
                    escape_hidden(&why),
                    escape_hidden(command)
                ));
                not_started.push(format!("{why}: `{command}`"));
                continue;
            }
            let remark = one.note.as_ref().map_or(String::new(), |remark| format!(" ({remark})"));
            output.print_notice(&format!(
                "  exit code {}{}: {}\n",
                one.exit_code,
                escape_hidden(&remark),
                escape_hidden(command)
            ));
            record_run(&repo.state_folder(), command, one.exit_code, &one.log_sha256)
                .context("recording the run in git's folder")?;
            ran.push(one);
        }
        let failed = !not_started.is_empty() || ran.iter().any(|one| one.exit_code != 0);
        let note = recorder.finish(JobOutcome {
            error: failed.then(|| "a command of the test plan failed".to_owned()),
            has_issues: planned.iter().any(|line| matches!(line, PlannedLine::Refused { .. })),
            ..JobOutcome::default()
        })?;
        if let Some(violation) = note.violation {
            output.print_notice(&format!(
                "warning: the evidence of this run cannot be trusted: {}\n",
                escape_hidden(&violation)
            ));
        }
        self.write_entries(global, &draft.path, &ran)?;
        let refused = planned.iter().any(|line| matches!(line, PlannedLine::Refused { .. }));
        output.print(&if is_json {
            self.render_json(draft.id.as_str(), &planned, &ran)
        } else {
            self.render_human(&draft, &planned, &ran)
        })?;
        if !not_started.is_empty() {
            bail!("could not run, and not recorded: {}", not_started.join("; "));
        }
        // A plan without a command is not a pass.
        Ok(if refused || failed || ran.is_empty() { FAILED } else { PASSED })
    }

    /// Writes the entries into the packet, if it is wanted and a command ran.
    fn write_entries(&self, global: &GlobalArgs, path: &RepoPath, ran: &[EvidenceRun]) -> anyhow::Result<()> {
        if !self.write || ran.is_empty() {
            return Ok(());
        }
        // The lock is not held while commands run: they may need it.
        let locked = LockedWorkspace::lock(global, &format!("evidence {}", self.packet))?;
        let source = locked.read_source(path)?;
        let Some(text) = record_entries(&source, ran) else {
            bail!(
                "cannot edit the EVIDENCE section of {path}: the new entries would not be read back; correct the section by hand"
            );
        };
        locked.rewrite(&source, &text)?;
        Ok(())
    }

    fn render_human(
        &self,
        draft: &ManifestContext<'_>,
        planned: &[PlannedLine],
        ran: &[EvidenceRun],
    ) -> String {
        let mut out = String::new();
        if !self.write && !ran.is_empty() {
            let empty = crate::text::Source::from_text(draft.path.clone(), "## EVIDENCE\n");
            let text = record_entries(&empty, ran).unwrap_or_default();
            out.push_str(&format!("{}\n\n", escape_hidden(text.trim_start_matches("## EVIDENCE\n"))));
        }
        let good = ran.iter().filter(|one| one.exit_code == 0).count();
        let count = |wanted: fn(&PlannedLine) -> bool| planned.iter().filter(|line| wanted(line)).count();
        out.push_str(&format!(
            "{} run, {good} with exit code 0; {} refused; {} skipped because they are gates of countersign\n",
            format_count(ran.len(), "command"),
            count(|line| matches!(line, PlannedLine::Refused { .. })),
            format_count(count(|line| matches!(line, PlannedLine::GateCall(_))), "gate")
        ));
        if planned.is_empty() {
            out.push_str("TEST_PLAN holds no command; write each one into a closed fence, or as a bullet in backticks\n");
        }
        out.push_str(&match (self.write, ran.is_empty()) {
            (true, false) => format!("written to {}\n", draft.path),
            (false, false) => "nothing was written; --write writes the entries into the packet\n".to_owned(),
            (_, true) => String::new(),
        });
        out
    }

    fn render_json(&self, id: &str, planned: &[PlannedLine], ran: &[EvidenceRun]) -> String {
        json::pretty(&EvidenceOutput {
            schema: "countersign.evidence/v1",
            wp_id: id.to_owned(),
            written: self.write && !ran.is_empty(),
            ran: ran
                .iter()
                .map(|one| EvidenceEntryOutput {
                    command: one.command.clone(),
                    exit_code: one.exit_code,
                    log_path: one.log_path.to_string(),
                    log_sha256: one.log_sha256.clone(),
                    proof_lines: one.proof_lines.clone(),
                    remark: one.note.clone(),
                    milliseconds: one.milliseconds,
                })
                .collect(),
            refused: planned
                .iter()
                .filter_map(|line| match line {
                    PlannedLine::Refused { command, why } => {
                        Some(RefusedCommandOutput { command: command.clone(), why: why.clone() })
                    }
                    _ => None,
                })
                .collect(),
            gates: planned
                .iter()
                .filter_map(
                    |line| if let PlannedLine::GateCall(line) = line { Some(line.clone()) } else { None },
                )
                .collect(),
        })
    }
}

/// Renders every command of the plan with what happens to it.
fn describe_plan(planned: &[PlannedLine]) -> String {
    let mut out = String::new();
    for line in planned {
        out.push_str(&match line {
            PlannedLine::Run { argv, folder, .. } => {
                let location = if folder.is_empty() { String::new() } else { format!(" (in {folder})") };
                // As a list, so that the borders of arguments can be seen.
                let list = argv.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" ");
                format!("run      {}{}\n", escape_hidden(&list), escape_hidden(&location))
            }
            PlannedLine::GateCall(command) => {
                format!("skip     {}: a gate of countersign\n", escape_hidden(command))
            }
            PlannedLine::Refused { command, why } => {
                format!("refuse   {}: {}\n", escape_hidden(command), escape_hidden(why))
            }
        });
    }
    out
}

/// The folder of logs; the base must ignore it.
fn resolve_log_folder(repo: &GitRepository, config: &crate::config::Config) -> anyhow::Result<String> {
    let Some(logs) = config.logs.clone().filter(|logs| !logs.is_empty()) else {
        bail!(
            "the trusted countersign.yaml names no folder for logs; add `logs: .countersign/logs` to it and `/.countersign/logs/` to .gitignore, and commit both"
        );
    };
    if !repo.is_ignored_at_head(&RepoPath::from(format!("{logs}/x.log").as_str()))? {
        bail!(
            "git does not ignore {logs}/, so every run would change the tree; add `/{logs}/` to .gitignore and commit it"
        );
    }
    Ok(logs)
}

fn confirm(count: usize) -> anyhow::Result<()> {
    if !environment::is_interactive() {
        bail!(
            "running {} needs a confirmation, and there is no terminal; pass --yes to confirm",
            format_count(count, "command")
        );
    }
    let answer = environment::prompt(&format!("Run {}? [y/N] ", format_count(count, "command")))
        .context("reading the answer")?;
    if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        bail!("nothing was run");
    }
    Ok(())
}
