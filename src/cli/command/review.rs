//! `review`: asks a model for advice, and signs what may be sent.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::bus::{Bus, ModelError};
use crate::check::context::Gate;
use crate::cli::args::{BaseArgs, SelectionArgs};
use crate::cli::output::record_output;
use crate::cli::workspace::lock_for_checks;
use crate::cli::{GlobalArgs, Output, PASSED, job, user_config};
use crate::digest::sha256_hex;
use crate::document::allowed_signers::AllowedSigners;
use crate::finding::{AssistInfo, Report};
use crate::ledger::{JobDescription, JobOutcome, Recorder};
use crate::pipeline::packet_gate::GateRequest;
use crate::pipeline::steps::{StepOptions, run_gate_with_result};
use crate::provider::{
    ConsentBundle, GuardInput, HttpLlmClient, LlmClient, LlmError, MAX_MINUTES, ModelDestination,
    PLAN_FILE_SCHEMA, PlanFile, ProviderRegistry, ResolvedProvider, RuntimeRole, check_consent,
};
use crate::render::{self, json};
use crate::system::git::GitRepository;
use crate::system::http::HAS_TLS;
use crate::system::{clock, environment, files};
use crate::text::{RepoPath, Source, escape_hidden, format_count, to_single_line};
use crate::workflow::approve::KeySource;
use crate::workflow::assist::{
    AskOptions, AssistError, ConsentRequest, Prepared, ask, plan_of, prepare, sign_consent,
};

/// Maximum size of a plan, a consent, a payload or a file of signers, in bytes.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Tokens of an answer unless the caller says otherwise.
const DEFAULT_MAX_TOKENS: u64 = 2_048;

/// Arguments of `review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    #[command(subcommand)]
    action: ReviewAction,
}

#[derive(Debug, Subcommand)]
enum ReviewAction {
    /// Audit a packet and let a model remark on its change; the remarks decide nothing
    Assist(AssistArgs),
    /// Sign what `review assist --dry-run` wrote, so that it may be sent to the cloud once
    Consent(ConsentArgs),
}

#[derive(Debug, Args)]
struct AssistArgs {
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

#[derive(Debug, Args)]
struct ConsentArgs {
    /// The plan that `review assist --dry-run FILE` wrote, FILE.plan.json
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The private key, an ed25519 key without a passphrase; `agent` for the SSH agent
    #[arg(long, value_name = "FILE")]
    ssh_key: PathBuf,
    /// Your name in the file of allowed signers
    #[arg(long = "as", value_name = "NAME")]
    user: String,
    /// How long the consent is valid
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_MINUTES)))]
    minutes: u32,
    /// Do not ask whether to sign
    #[arg(long)]
    yes: bool,
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

impl ReviewArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        match &self.action {
            ReviewAction::Assist(args) => args.run(global, output),
            ReviewAction::Consent(args) => args.run(global, output),
        }
    }
}

fn read_signers(registry: &ProviderRegistry) -> anyhow::Result<Option<AllowedSigners>> {
    let Some(file) = &registry.consent_signers else { return Ok(None) };
    let path = environment::expand_home(file);
    let bytes = files::read(&path, MAX_FILE_BYTES).with_context(|| format!("reading {}", path.display()))?;
    let source = Source::from_bytes(RepoPath::from(file.as_str()), bytes);
    Ok(Some(AllowedSigners::read(&source)))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    let bytes = files::read(path, MAX_FILE_BYTES).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not {what}", path.display()))
}

fn connect(
    resolved: &ResolvedProvider,
    clearance: &crate::provider::Clearance,
) -> Result<Box<dyn LlmClient>, LlmError> {
    Ok(Box::new(HttpLlmClient::new(resolved, clearance)?))
}

impl AssistArgs {
    fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
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
        let request = GateRequest {
            gate: Gate::Audit,
            packet: self.packet.clone(),
            other_packets: Vec::new(),
            task: None,
            selection: self.selection.select(&repo)?.request,
            base: self.base.revision.clone(),
            config: global.config_override()?,
            now: clock::now_civil(),
        };
        let audit = job::recorder(&repo, JobDescription::judging("audit").about(Some(&self.packet)));
        let options = StepOptions::new(output).recorded_by(&audit);
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

/// Writes a file where the caller wants it; below the root it is no change of the work.
fn write_file(global: &GlobalArgs, target: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    files::write_output(target, bytes).with_context(|| format!("writing {}", target.display()))?;
    record_output(global, target, bytes);
    Ok(())
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

fn describe_plan(plan: &PlanFile, size: usize, bytes: &Path) -> String {
    let (PlanFile { projection_plan, destination, .. }, mut out) = (plan, String::new());
    let ModelDestination { provider_id, tier, url, model_id } = destination;
    let short = |text: &str| to_single_line(text, 200);
    let _ = writeln!(out, "what would be sent:");
    let _ = writeln!(
        out,
        "  to        {} ({tier}, server `{}`, model {})",
        short(url),
        short(provider_id),
        short(model_id)
    );
    let _ = writeln!(out, "  size      {}", format_count(size, "byte"));
    let _ = writeln!(out, "  sha256    {}", short(&projection_plan.payload_sha256));
    let _ = writeln!(out, "  packet    {}", short(projection_plan.wp_id.as_deref().unwrap_or("none")));
    for artifact in &projection_plan.include_artifact_refs {
        let _ = writeln!(out, "  part of   {}", short(artifact));
    }
    let removed = match projection_plan.redactions_applied.as_slice() {
        [] => "nothing".to_owned(),
        all => all.join(", "),
    };
    let _ = writeln!(out, "  removed   {}", to_single_line(&removed, 400));
    let _ = writeln!(out, "  bytes in  {}", short(&bytes.display().to_string()));
    out
}

impl ConsentArgs {
    fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        if let Some(agent) = environment::agent_variable() {
            bail!(
                "`{agent}` is set: this is the environment of a coding agent, and an agent consents to nothing; \
                 run the command yourself"
            );
        }
        let registry = ProviderRegistry::from_settings(&user_config::load()?.models)?;
        let Some(signers) = read_signers(&registry)? else {
            bail!(
                "no key may consent; name a file of allowed signers as `models: {{consent_signers: FILE}}` in {}",
                user_config::shown_path()
            );
        };
        let path = global.resolve(&self.plan)?;
        let plan: PlanFile = read_json(&path, "a plan of `countersign review assist --dry-run`")?;
        if plan.schema != PLAN_FILE_SCHEMA {
            bail!(
                "{} has the version `{}`; expected `{PLAN_FILE_SCHEMA}`",
                self.plan.display(),
                to_single_line(&plan.schema, 60)
            );
        }
        let (payload_path, payload) = read_payload(&path, &plan)?;
        let text = describe_plan(&plan, payload.len(), &payload_path);
        output.print(&escape_hidden(&text))?;
        if !self.yes {
            if !environment::is_interactive() {
                bail!("this is not a terminal; add `--yes` if you have read the bytes");
            }
            let question = format!("Send these bytes once within {} minutes? [y/N] ", self.minutes);
            if !matches!(environment::prompt(&question)?.trim(), "y" | "Y" | "yes") {
                bail!("not signed");
            }
        }
        let key = if self.ssh_key == Path::new("agent") {
            KeySource::Agent
        } else {
            KeySource::File(global.resolve(&environment::expand_home(&self.ssh_key.to_string_lossy()))?)
        };
        let bundle = sign_consent(&ConsentRequest {
            plan: &plan,
            key: &key,
            signers: &signers,
            user: &self.user,
            minutes: self.minutes,
            now: clock::now(),
        })?;
        // What could not be used is not written.
        let destination = &plan.destination;
        let Some(resolved) = registry.find(&destination.provider_id, &destination.model_id) else {
            bail!(
                "the server `{}` of the plan is not configured",
                to_single_line(&destination.provider_id, 60)
            );
        };
        check_consent(&GuardInput {
            resolved: &resolved,
            policy: registry.cloud,
            payload: &payload,
            packet: plan.projection_plan.wp_id.as_deref().unwrap_or_default(),
            consent: Some(&bundle),
            signers: Some(&signers),
            artifacts: &plan.projection_plan.include_artifact_refs,
            redactions: &plan.projection_plan.redactions_applied,
            now: clock::now(),
        })
        .context("this consent would be refused")?;
        let target = consent_path(&path);
        write_file(global, &target, json::pretty(&bundle).as_bytes())?;
        let minutes = format_count(usize::try_from(self.minutes).unwrap_or(0), "minute");
        let text = format!(
            "signed as {} for {minutes}; this sends the bytes once:\n  {} --consent {}\n",
            self.user,
            to_single_line(&plan.command, 400),
            target.display()
        );
        output.print(&escape_hidden(&text))?;
        Ok(PASSED)
    }
}

/// Reads the bytes beside a plan; they must be those of the plan.
fn read_payload(plan_path: &Path, plan: &PlanFile) -> anyhow::Result<(PathBuf, Vec<u8>)> {
    let name = Path::new(&plan.payload_file);
    if name.file_name() != Some(name.as_os_str()) {
        bail!("the plan names a file in another folder; its bytes must be beside it");
    }
    let path = plan_path.with_file_name(name);
    let payload =
        files::read(&path, MAX_FILE_BYTES).with_context(|| format!("reading {}", path.display()))?;
    let found = sha256_hex(&payload);
    if found != plan.projection_plan.payload_sha256 {
        bail!("{} has the SHA-256 {found}; the plan is for other bytes", path.display());
    }
    Ok((path, payload))
}

/// `payload.json.plan.json` as `payload.json.consent.json`.
fn consent_path(plan: &Path) -> PathBuf {
    let name = plan.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let start = name.strip_suffix(".plan.json").unwrap_or(&name);
    plan.with_file_name(format!("{start}.consent.json"))
}
