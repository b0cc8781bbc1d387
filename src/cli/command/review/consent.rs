//! `review consent`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::cli::{GlobalArgs, Output, PASSED, user_config};
use crate::digest::sha256_hex;
use crate::provider::{GuardInput, MAX_MINUTES, PLAN_FILE_SCHEMA, PlanFile, ProviderRegistry, check_consent};
use crate::render::json;
use crate::system::{clock, environment, files};
use crate::text::{escape_hidden, format_count, to_single_line};
use crate::workflow::approve::KeySource;
use crate::workflow::assist::{ConsentRequest, sign_consent};

use super::{MAX_FILE_BYTES, describe_plan, read_json, read_signers, write_file};

/// Arguments of `review consent`.
#[derive(Debug, Args)]
pub(super) struct ConsentArgs {
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

impl ConsentArgs {
    pub(super) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
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
            quoted(&target.display().to_string())
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

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    let is_plain = path.chars().all(|c| c.is_alphanumeric() || "/._-+:~\\".contains(c));
    if is_plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// `payload.json.plan.json` as `payload.json.consent.json`.
fn consent_path(plan: &Path) -> PathBuf {
    let name = plan.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let start = name.strip_suffix(".plan.json").unwrap_or(&name);
    plan.with_file_name(format!("{start}.consent.json"))
}
