//! `review assist`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::bus::{Bus, ModelError};
use crate::check::context::Gate;
use crate::cli::args::{BaseArgs, SelectionArgs};
use crate::cli::workspace::lock_for_checks;
use crate::cli::{GlobalArgs, Output, PASSED, job, user_config};
use crate::finding::{AssistInfo, Report};
use crate::ledger::{JobDescription, JobOutcome, Recorder};
use crate::pipeline::packet_gate::GateRequest;
use crate::pipeline::steps::{StepOptions, run_gate_with_result};
use crate::provider::{
    ConsentBundle, HttpLlmClient, LlmClient, LlmError, ProviderRegistry, ResolvedProvider, RuntimeRole,
};
use crate::render::{self, json};
use crate::system::git::GitRepository;
use crate::system::http::HAS_TLS;
use crate::system::{clock, environment};
use crate::text::{escape_hidden, to_single_line};
use crate::workflow::assist::{AskOptions, AssistError, Prepared, ask, plan_of, prepare};

use super::{describe_plan, read_json, read_signers, write_file};

/// Tokens of an answer unless the caller says otherwise.
const DEFAULT_MAX_TOKENS: u64 = 2_048;

/// Arguments of `review assist`.
#[derive(Debug, Args)]
pub(super) struct AssistArgs {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
    /// The role whose model is asked
    #[arg(long, value_enum, default_value_t = RoleName::Validator)]
    role: RoleName,
    /// Send nothing; write the exact bytes to FILE and what they are to FILE.plan.json
    #[arg(long, value_name = "FILE")]
    dry_run: Option<PathBuf>,
    /// The signed consent to send these bytes to the cloud
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    consent: Option<PathBuf>,
    /// The most tokens of the answer
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_TOKENS, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_tokens: u64,
    /// Ask again, also if the answer to the same bytes was kept
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    base: BaseArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    Orchestrator,
    Worker,
    Validator,
    Frontend,
}

impl RoleName {
    fn role(self) -> RuntimeRole {
        match self {
            Self::Orchestrator => RuntimeRole::Orchestrator,
            Self::Worker => RuntimeRole::Worker,
            Self::Validator => RuntimeRole::Validator,
            Self::Frontend => RuntimeRole::Frontend,
        }
    }
}

fn connect(
    resolved: &ResolvedProvider,
    clearance: &crate::provider::Clearance,
) -> Result<Box<dyn LlmClient>, LlmError> {
    Ok(Box::new(HttpLlmClient::new(resolved, clearance)?))
}

impl AssistArgs {
    pub(super) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let registry = ProviderRegistry::from_settings(&user_config::load()?.models)?;
        let resolved = registry.resolve(self.role.role())?;
        if resolved.provider.base_url.is_https && !HAS_TLS && self.dry_run.is_none() {
            bail!(
                "{} needs TLS, which this program does not have; one that is built with the feature `cloud` has it",
                resolved.provider.base_url
            );
        }
        let consent: Option<ConsentBundle> = match &self.consent {
            Some(file) => {
                Some(read_json(&global.resolve(file)?, "a consent of `countersign review consent`")?)
            }
            None => None,
        };
        let mut repo = GitRepository::discover(&global.working_dir()?)?;
        lock_for_checks(&repo)?;
        repo.use_index_of_commit(&global.working_dir()?)?;
        let selected = self.selection.select(&repo)?;
        let request = GateRequest {
            gate: Gate::Audit,
            packet: self.packet.clone(),
            other_packets: Vec::new(),
            task: None,
            selection: selected.request,
            base: self.base.revision.clone(),
            config: global.config_override()?,
            now: clock::now_civil(),
        };
        let audit = job::recorder(&repo, JobDescription::judging("audit").about(Some(&self.packet)));
        // As `audit`: no step is run.
        let skip = selected.forbidden_steps.unwrap_or_else(|| "--no-run was given".to_owned());
        let options = StepOptions::new(output).without_steps(skip).recorded_by(&audit);
        let (mut report, gate_result) = run_gate_with_result(&repo, &request, &options)?;
        let recorder = job::recorder(&repo, JobDescription::assisting("assist").about(Some(&self.packet)));
        recorder.configure(gate_result.config.ledger, gate_result.config.levels.profile.as_str());
        match prepare(&repo, &report, &gate_result, &resolved, self.max_tokens) {
            Ok(prepared) => {
                // A model takes its time; others may write meanwhile.
                repo.release_read_lock();
                match &self.dry_run {
                    Some(file) => {
                        return self.write_dry_run(global, output, &prepared, &resolved, &recorder, file);
                    }
                    None => {
                        let signers = read_signers(&registry)?;
                        let folder = repo.ledger_folder().join("answers");
                        let tree =
                            repo.root().ok().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
                        let options = AskOptions {
                            resolved: &resolved,
                            policy: registry.cloud,
                            consent: consent.as_ref(),
                            signers: signers.as_ref(),
                            tree: &tree,
                            answers: folder,
                            receipts: environment::state_home().map(|home| home.join("countersign/consents")),
                            uses_kept: !self.again,
                        };
                        report.run.assist = Some(ask_and_record(&recorder, &prepared, options, &report)?);
                    }
                }
            }
            Err(AssistError::Repository(error)) => return Err(error.into()),
            Err(error) if self.dry_run.is_some() => return Err(error.into()),
            Err(error) => {
                report.run.assist = Some(AssistInfo {
                    provider: resolved.provider.id.clone(),
                    tier: resolved.provider.tier.as_str(),
                    model: resolved.model_id.clone(),
                    error: Some(error.to_string()),
                    ..AssistInfo::default()
                });
            }
        }
        if let Some(section) = render::assist_beside(global.format, &report) {
            output.print_notice(&section);
        }
        output.write_report(global, &report)
    }
}

/// Asks the model as one job.
fn ask_and_record(
    recorder: &Recorder,
    prepared: &Prepared,
    options: AskOptions<'_>,
    report: &Report,
) -> anyhow::Result<AssistInfo> {
    let bus = Bus::new(recorder);
    let asked = ask(&bus, prepared, options, &connect);
    let error = match &asked {
        Ok(info) => info.error.clone(),
        Err(error) => Some(error.to_string()),
    };
    let tree = report.selection.as_ref().and_then(|selection| selection.head.clone());
    let finished = recorder.finish(JobOutcome {
        error,
        packet: Some(prepared.packet.clone()),
        tree,
        problems: bus.take_problems(),
        ..JobOutcome::default()
    });
    // The model was asked: that it could not be recorded is no reason to lose the answer.
    let asked = match (asked, finished) {
        (Ok(info), Err(trouble)) => {
            Ok(AssistInfo { error: info.error.or(Some(trouble.to_string())), ..info })
        }
        (asked, _) => asked,
    };
    asked.map_err(|error| match error {
        ModelError::Guard(denial) => anyhow::anyhow!("nothing was sent: {denial}"),
        other => anyhow::anyhow!("nothing was sent: {other}"),
    })
}

impl AssistArgs {
    /// The command as typed, for the person who signs.
    fn typed(&self) -> String {
        let role = self.role.role().as_str();
        let base = self.base.revision.as_ref().map(|base| format!(" --base {base}")).unwrap_or_default();
        format!(
            "countersign review assist {} --role {role} --max-tokens {}{}{base}",
            self.packet,
            self.max_tokens,
            self.selection.typed()
        )
    }

    /// Writes the bytes that would be sent, and what they are.
    fn write_dry_run(
        &self,
        global: &GlobalArgs,
        output: &Output,
        prepared: &Prepared,
        resolved: &ResolvedProvider,
        recorder: &Recorder,
        file: &Path,
    ) -> anyhow::Result<u8> {
        let target = global.resolve(file)?;
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let plan = plan_of(prepared, resolved, recorder.job_id(), (&name, &self.typed()));
        let mut plan_path = target.clone().into_os_string();
        plan_path.push(".plan.json");
        let plan_path = PathBuf::from(plan_path);
        write_file(global, &target, &prepared.payload)?;
        write_file(global, &plan_path, json::pretty(&plan).as_bytes())?;
        recorder.finish(JobOutcome { packet: Some(prepared.packet.clone()), ..JobOutcome::default() })?;
        if global.is_json()? {
            output.print(&json::pretty(&plan))?;
            return Ok(PASSED);
        }
        let mut text = describe_plan(&plan, prepared.payload.len(), file);
        for left_out in &prepared.projection.left_out {
            let _ = writeln!(text, "  not in it {}", to_single_line(left_out, 200));
        }
        let _ = writeln!(text, "nothing was sent");
        output.print(&escape_hidden(&text))?;
        Ok(PASSED)
    }
}
