//! `manifest`: computes the COR-701 blocks of a change and writes them into the
//! packet.

use clap::Args;
use serde::Serialize;

use crate::change::SelectionMode;
use crate::check::context::Gate;
use crate::cli::workspace::{GitWorkspace, LockedWorkspace};
use crate::cli::{GlobalArgs, Output, PASSED, job};
use crate::config::Config;
use crate::ledger::JobDescription;
use crate::pipeline::packet_gate::{GateRequest, ManifestContext};
use crate::render::json;
use crate::system::clock;
use crate::system::transaction::FileWrite;
use crate::text::{RepoPath, escape_hidden, format_count};
use crate::workflow::manifest::{
    ManifestOptions, ManifestOutcome, UpdatedManifests, WrittenManifest, compute_manifests,
    generate_manifest_file,
};

use crate::cli::args::WorkArgs;

/// Arguments of `manifest`.
#[derive(Debug, Args)]
pub(crate) struct ManifestArgs {
    #[command(flatten)]
    work: WorkArgs,
    /// Write the blocks into the packet instead of printing them
    #[arg(long)]
    write: bool,
    /// Write one block per hunk instead of one per file
    #[arg(long)]
    per_hunk: bool,
    /// Remove the blocks of files that did not change
    #[arg(long)]
    prune: bool,
}

#[derive(Serialize)]
struct ManifestOutput<'a> {
    schema: &'static str,
    wp_id: &'a str,
    packet: String,
    base: Option<&'a str>,
    head: Option<&'a str>,
    selection_reason: &'a str,
    written: bool,
    files: Vec<ManifestFileOutput<'a>>,
    stale: Vec<String>,
    kept_blocks: Vec<String>,
    pruned: bool,
}

#[derive(Serialize)]
struct ManifestFileOutput<'a> {
    path: String,
    outcome: &'static str,
    blocks: &'a [String],
    open_gates: Vec<OpenGateOutput<'a>>,
}

#[derive(Serialize)]
struct OpenGateOutput<'a> {
    gate: &'a str,
    why: &'a str,
}

impl ManifestArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        // Printing needs no lock.
        let locked = if self.write {
            Some(LockedWorkspace::lock(global, &format!("manifest {}", self.work.packet))?)
        } else {
            None
        };
        let workspace = GitWorkspace::open(global)?;
        let description = JobDescription::editing("manifest", false).about(Some(&self.work.packet));
        let preview = job::recorder(&workspace.repo, description);
        let selected = self.work.selection.select(&workspace.repo)?;
        let request = GateRequest {
            task: None,
            gate: Gate::PostWork,
            packet: self.work.packet.clone(),
            other_packets: self.work.also.clone(),
            selection: selected.request,
            base: self.work.base.revision.clone(),
            config: global.config_override()?,
            now: clock::now_civil(),
        };
        let draft = match ManifestContext::find(&workspace.repo, &request, "manifest")? {
            Ok(draft) => draft,
            Err(report) => return output.write_report(global, &report),
        };
        let is_json = global.is_json()?;
        let options =
            ManifestOptions { per_hunk: self.per_hunk, prune: self.prune, timestamp: clock::now_text() };
        let path = draft.manifest_path();
        let (before, found) = if draft.is_in_file() {
            let before = workspace.read(&path)?;
            let found = generate_manifest_file(&draft, before.as_deref(), &options)?;
            (before, found)
        } else {
            let source = workspace.read_source(&path)?;
            (Some(source.text().as_bytes().to_vec()), compute_manifests(&draft, &source, &options)?)
        };
        let is_new = before.as_deref() != Some(found.text.as_bytes());
        if let Some(locked) = &locked {
            let after = found.text.as_bytes().to_vec();
            let write = is_new.then_some(FileWrite { path, before, after });
            locked.apply(write.as_slice())?;
        }
        if locked.is_none() {
            let config = workspace.load_config(global).unwrap_or_else(|_| Config::defaults());
            job::configure(&preview, &config, job::committed_config(&workspace.repo).as_ref());
            job::record_preview(&preview, found.files.len())?;
        }
        let is_new = is_new && locked.is_some();
        output.print(&if is_json {
            self.render_json(&draft, &found)
        } else {
            self.render_human(&draft, &found, is_new)
        })?;
        Ok(PASSED)
    }

    fn render_json(&self, draft: &ManifestContext<'_>, found: &UpdatedManifests) -> String {
        json::pretty(&ManifestOutput {
            schema: "countersign.manifest/v1",
            wp_id: draft.id.as_str(),
            packet: draft.path.to_string(),
            base: draft.selection_info.base.as_deref(),
            head: draft.selection_info.head.as_deref(),
            selection_reason: &draft.selection_info.reason,
            written: self.write,
            files: found.files.iter().map(ManifestFileOutput::from_written).collect(),
            stale: found.stale.iter().map(ToString::to_string).collect(),
            kept_blocks: found.kept_blocks.iter().map(ToString::to_string).collect(),
            pruned: found.pruned,
        })
    }

    fn render_human(&self, draft: &ManifestContext<'_>, found: &UpdatedManifests, is_new: bool) -> String {
        let mut out = String::new();
        if found.files.is_empty() {
            out.push_str("No file outside of the governance folders changed; no manifest is needed.\n");
        } else if !self.write {
            for block in found.files.iter().flat_map(|file| &file.blocks) {
                out.push_str(&format!("{}\n\n", escape_hidden(&block.replace("\r\n", "\n"))));
            }
        }
        let count =
            |outcome: ManifestOutcome| found.files.iter().filter(|file| file.outcome == outcome).count();
        let counts: Vec<String> =
            [ManifestOutcome::Added, ManifestOutcome::Updated, ManifestOutcome::Unchanged]
                .into_iter()
                .filter(|outcome| count(*outcome) > 0)
                .map(|outcome| format!("{} {}", count(outcome), outcome.as_str()))
                .collect();
        if !counts.is_empty() {
            let verb = match (self.write, is_new) {
                (true, true) => "written to",
                (true, false) => "already in",
                (false, _) => "computed for",
            };
            let verb = if found.files.len() == 1 { verb.replace("stand", "stands") } else { verb.to_owned() };
            out.push_str(&format!(
                "{} {verb} {}: {}\n",
                format_count(found.files.len(), "manifest"),
                draft.manifest_path(),
                counts.join(", ")
            ));
        }
        out.push_str(&format!("  change: {}\n", draft.selection_info.reason));
        for file in found.files.iter().filter(|file| !file.failed_gates.is_empty()) {
            for (gate, why) in &file.failed_gates {
                out.push_str(&format!("  {}: `{gate}` is not ticked: {why}\n", file.path));
            }
        }
        out.push_str(&self.describe_stale(&found.stale));
        for path in &found.kept_blocks {
            out.push_str(&format!(
                "  {path} has a manifest but did not change; its lines are mixed with other text, so remove it by hand\n"
            ));
        }
        if is_new && draft.selection_info.mode == SelectionMode::Staged.as_str() {
            out.push_str(&format!(
                "next: `git add {}`; the gate reads the staged packet\n",
                draft.manifest_path()
            ));
        }
        if draft.selection_info.mode == SelectionMode::Rev.as_str() {
            out.push_str(
                "  these are the values of one commit; `post-work` checks all of the work (--range)\n",
            );
        }
        if !self.write && !found.files.is_empty() {
            out.push_str("  nothing was written; --write writes the blocks into the packet\n");
        }
        out
    }

    fn describe_stale(&self, stale: &[RepoPath]) -> String {
        let verb = if self.prune && self.write {
            "removed the manifest: the file did not change"
        } else {
            "has a manifest but did not change; --prune removes the manifest"
        };
        stale.iter().map(|path| format!("  {path} {verb}\n")).collect()
    }
}

impl<'a> ManifestFileOutput<'a> {
    fn from_written(file: &'a WrittenManifest) -> Self {
        Self {
            path: file.path.to_string(),
            outcome: file.outcome.as_str(),
            blocks: &file.blocks,
            open_gates: file.failed_gates.iter().map(|(gate, why)| OpenGateOutput { gate, why }).collect(),
        }
    }
}
