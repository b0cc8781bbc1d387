//! `manifest WP`: the COR-701 blocks of a change, computed and written.

use clap::Args;
use serde::Serialize;

use super::desk::{Desk, Look};
use super::gates::{WorkArgs, named_config};
use super::{Global, Output, PASSED};
use crate::change::SelectionMode;
use crate::check::input::Gate;
use crate::gate::{Draft, GateRequest};
use crate::render::json;
use crate::system::clock;
use crate::text::{RepoPath, counted, visible};
use crate::workflow::manifest::{ManifestOptions, Manifests, Outcome, Written, manifests};

/// Arguments of `manifest`.
#[derive(Debug, Args)]
pub(super) struct Manifest {
    #[command(flatten)]
    work: WorkArgs,
    /// Write the blocks into the packet instead of printing them
    #[arg(long)]
    write: bool,
    /// One block for every hunk instead of one for every file
    #[arg(long)]
    per_hunk: bool,
    /// Remove the blocks of files that did not change
    #[arg(long)]
    prune: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: &'static str,
    wp_id: &'a str,
    packet: String,
    base: Option<&'a str>,
    head: Option<&'a str>,
    chosen: &'a str,
    written: bool,
    files: Vec<File<'a>>,
    stale: Vec<String>,
    held: Vec<String>,
    pruned: bool,
}

#[derive(Serialize)]
struct File<'a> {
    path: String,
    outcome: &'static str,
    blocks: &'a [String],
    open_gates: Vec<Open<'a>>,
}

#[derive(Serialize)]
struct Open<'a> {
    gate: &'a str,
    why: &'a str,
}

impl Manifest {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        // Printing needs no lock.
        let desk = if self.write {
            Some(Desk::take(global, &format!("manifest {}", self.work.packet))?)
        } else {
            None
        };
        let look = Look::at(global)?;
        let request = GateRequest {
            gate: Gate::PostWork,
            packet: self.work.packet.clone(),
            also: self.work.also.clone(),
            selection: self.work.selection.request(),
            config: named_config(global.config.as_deref())?,
            now: clock::now_civil(),
        };
        let draft = match Draft::find(&look.repo, &request, "manifest")? {
            Ok(draft) => draft,
            Err(report) => return output.report(global, &report),
        };
        let is_json = global.is_json()?;
        let source = look.source(&draft.path)?;
        let options =
            ManifestOptions { per_hunk: self.per_hunk, prune: self.prune, timestamp: clock::now_text() };
        let found = manifests(&draft, &source, &options)?;
        let is_new = match &desk {
            Some(desk) => desk.rewrite(&source, &found.text)?,
            None => false,
        };
        output.print(&if is_json {
            self.json(&draft, &found)
        } else {
            self.human(&draft, &found, is_new)
        })?;
        Ok(PASSED)
    }

    fn json(&self, draft: &Draft<'_>, found: &Manifests) -> String {
        json::pretty(&Answer {
            schema: "countersign.manifest/v1",
            wp_id: draft.id.as_str(),
            packet: draft.path.to_string(),
            base: draft.info.base.as_deref(),
            head: draft.info.head.as_deref(),
            chosen: &draft.info.reason,
            written: self.write,
            files: found.files.iter().map(File::of).collect(),
            stale: found.stale.iter().map(ToString::to_string).collect(),
            held: found.held.iter().map(ToString::to_string).collect(),
            pruned: found.pruned,
        })
    }

    fn human(&self, draft: &Draft<'_>, found: &Manifests, is_new: bool) -> String {
        let mut out = String::new();
        if found.files.is_empty() {
            out.push_str("No file outside of the governance folders changed: there is nothing to declare.\n");
        } else if !self.write {
            for block in found.files.iter().flat_map(|file| &file.blocks) {
                out.push_str(&format!("{}\n\n", visible(&block.replace("\r\n", "\n"))));
            }
        }
        let count = |outcome: Outcome| found.files.iter().filter(|file| file.outcome == outcome).count();
        let counts: Vec<String> = [Outcome::Added, Outcome::Updated, Outcome::Unchanged]
            .into_iter()
            .filter(|outcome| count(*outcome) > 0)
            .map(|outcome| format!("{} {}", count(outcome), outcome.as_str()))
            .collect();
        if !counts.is_empty() {
            let verb = match (self.write, is_new) {
                (true, true) => "written to",
                (true, false) => "already stand in",
                (false, _) => "computed for",
            };
            let verb = if found.files.len() == 1 { verb.replace("stand", "stands") } else { verb.to_owned() };
            out.push_str(&format!(
                "{} {verb} {}: {}\n",
                counted(found.files.len(), "manifest"),
                draft.path,
                counts.join(", ")
            ));
        }
        out.push_str(&format!("  change: {}\n", draft.info.reason));
        for file in found.files.iter().filter(|file| !file.open.is_empty()) {
            for (gate, why) in &file.open {
                out.push_str(&format!("  {}: `{gate}` is not ticked, because {why}\n", file.path));
            }
        }
        out.push_str(&self.about_stale(&found.stale));
        for path in &found.held {
            out.push_str(&format!(
                "  {path} has a manifest, but did not change; other text stands among its lines, so remove it yourself\n"
            ));
        }
        if is_new && draft.info.mode == SelectionMode::Staged.as_str() {
            out.push_str(&format!("next: `git add {}`: what is staged is judged\n", draft.path));
        }
        if draft.info.mode == SelectionMode::Rev.as_str() {
            out.push_str(
                "  these are the values of one commit; `post-work` judges all of the work (--range)\n",
            );
        }
        if !self.write && !found.files.is_empty() {
            out.push_str("  nothing was written; --write puts the blocks into the packet\n");
        }
        out
    }

    fn about_stale(&self, stale: &[RepoPath]) -> String {
        let verb = if self.prune && self.write {
            "removed: it has a manifest, but did not change"
        } else {
            "has a manifest, but did not change; --prune removes it"
        };
        stale.iter().map(|path| format!("  {path} {verb}\n")).collect()
    }
}

impl<'a> File<'a> {
    fn of(file: &'a Written) -> Self {
        Self {
            path: file.path.to_string(),
            outcome: file.outcome.as_str(),
            blocks: &file.blocks,
            open_gates: file.open.iter().map(|(gate, why)| Open { gate, why }).collect(),
        }
    }
}
