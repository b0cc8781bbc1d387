//! `review`: asks a model for advice, and signs what may be sent.

mod assist;
mod consent;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::cli::output::record_output;
use crate::cli::{GlobalArgs, Output};
use crate::document::allowed_signers::AllowedSigners;
use crate::provider::{ModelDestination, PlanFile, ProviderRegistry};
use crate::system::{environment, files};
use crate::text::{RepoPath, Source, format_count, to_single_line};

use assist::AssistArgs;
use consent::ConsentArgs;

/// Maximum size of a plan, a consent, a payload or a file of signers, in bytes.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

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

/// Writes a file where the caller wants it; below the root it is no change of the work.
fn write_file(global: &GlobalArgs, target: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    files::write_output(target, bytes).with_context(|| format!("writing {}", target.display()))?;
    record_output(global, target, bytes);
    Ok(())
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
