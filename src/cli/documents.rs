//! `check`, `list` and the commands that ask one question of a repository's
//! documents.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::gates::{folder, named_config};
use super::place::{Place, inside};
use super::{Global, Output, PASSED};
use crate::change::{Repository, Side};
use crate::document::{DocumentKind, kind_of_json};
use crate::gate::LARGEST_DOCUMENT;
use crate::gate::survey::{Inquiry, NamedDocument, SurveyRequest, list, survey};
use crate::render::{json, listing};
use crate::system::clock::Stopwatch;
use crate::system::folder::PlainFolder;
use crate::system::{clock, files};
use crate::text::RepoPath;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Documents or folders of documents; without any, all governance
    /// documents of the repository
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    side: SideArgs,
}

/// Arguments of a question about the whole repository.
#[derive(Debug, Args)]
pub(super) struct Whole {
    #[command(flatten)]
    side: SideArgs,
}

/// Arguments of `validator-packet-complete`.
#[derive(Debug, Args)]
pub(super) struct PacketComplete {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
    #[command(flatten)]
    side: SideArgs,
}

/// Arguments of `validator-phase-gate`.
#[derive(Debug, Args)]
pub(super) struct PhaseGate {
    /// The phase: `1` or `Phase-1` for the packets `WP-1-…`; all without it
    phase: Option<String>,
    #[command(flatten)]
    side: SideArgs,
}

/// Where documents are read; without any of these, the files on disk.
#[derive(Debug, Args)]
struct SideArgs {
    /// The index instead of the files on disk
    #[arg(long, group = "where")]
    staged: bool,
    /// A commit instead of the files on disk
    #[arg(long, value_name = "R", group = "where", allow_hyphen_values = true)]
    rev: Option<String>,
}

impl Check {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        ask(global, output, Inquiry::Check, &self.side, &self.paths)
    }
}

impl Whole {
    pub(super) fn run(&self, global: &Global, output: &Output, inquiry: Inquiry) -> anyhow::Result<u8> {
        ask(global, output, inquiry, &self.side, &[])
    }

    pub(super) fn list(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let place = Place::find(global)?;
        let request = SurveyRequest {
            inquiry: Inquiry::Check,
            side: place.side(self.side.staged, self.side.rev.as_ref())?,
            named: Vec::new(),
            config: named_config(global.config.as_deref())?,
            now: clock::now_civil(),
        };
        let found = list(place.repo(), &request)?;
        let is_json = global.is_json()?;
        output.print(&if is_json {
            json::pretty(&listing::document(&found))
        } else {
            listing::human(&found)
        })?;
        Ok(PASSED)
    }
}

impl PacketComplete {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        ask(global, output, Inquiry::PacketComplete(self.packet.clone()), &self.side, &[])
    }
}

impl PhaseGate {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let phase = self.phase.as_deref().unwrap_or("");
        let lower = phase.to_lowercase();
        let start = ["phase-", "phase ", "phase_", "phase"].iter().find(|word| lower.starts_with(**word));
        let name = phase.get(start.map_or(0, |word| word.len())..).unwrap_or("").trim();
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c))
            || (name.is_empty() && !phase.is_empty())
        {
            bail!("`{phase}` is no phase; give the part after `WP-`, such as 1");
        }
        ask(global, output, Inquiry::PhaseGate(name.to_owned()), &self.side, &[])
    }
}

fn ask(
    global: &Global,
    output: &Output,
    inquiry: Inquiry,
    side: &SideArgs,
    paths: &[PathBuf],
) -> anyhow::Result<u8> {
    let (started_at, watch) = (clock::now_text(), Stopwatch::start());
    let place = Place::find(global)?;
    let side = place.side(side.staged, side.rev.as_ref())?;
    let here = folder(global)?;
    let mut named = Vec::new();
    for path in paths {
        named_documents(&place, side, &here, path, &mut named)?;
    }
    if named.is_empty() && !paths.is_empty() {
        bail!("there is no document in {}", shown(paths));
    }
    let request = SurveyRequest {
        inquiry,
        side,
        named,
        config: named_config(global.config.as_deref())?,
        now: clock::now_civil(),
    };
    let mut report = survey(place.repo(), &request)?;
    if let Some(why) = request.inquiry.unanswered(&report) {
        bail!("nothing was judged: {why}");
    }
    report.run.started_at = started_at;
    report.run.milliseconds = watch.milliseconds();
    output.report(global, &report)
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The documents that an argument names: a file, or the Markdown and JSON
/// files below a folder.
pub(super) fn named_documents(
    place: &Place,
    side: Side,
    here: &Path,
    argument: &Path,
    out: &mut Vec<NamedDocument>,
) -> anyhow::Result<()> {
    let whole = std::path::absolute(here.join(argument)).context("finding the document")?;
    if let Some(inside) = place.root().and_then(|root| inside(root, &whole)) {
        let repo = place.repo();
        if repo.mode(side, &inside)?.is_some() {
            out.push(NamedDocument { path: inside, bytes: None });
            return Ok(());
        }
        let below = repo.list_below(side, &inside.to_text())?;
        if below.is_empty() && !repo.exists(side, &inside)? && !inside.as_bytes().is_empty() {
            bail!("there is no {}", argument.display());
        }
        let documents = below.into_iter().filter(is_document);
        out.extend(documents.map(|path| NamedDocument { path, bytes: None }));
        return Ok(());
    }
    if side != Side::Worktree {
        bail!("{} lies outside of the repository", argument.display());
    }
    let limit = u64::try_from(LARGEST_DOCUMENT).unwrap_or(u64::MAX);
    let read = |path: &Path| files::read(path, limit).with_context(|| format!("reading {}", path.display()));
    if !whole.is_dir() {
        let path = RepoPath::from(argument.to_string_lossy().as_ref());
        out.push(NamedDocument { path, bytes: Some(read(&whole)?) });
        return Ok(());
    }
    let outside = PlainFolder::new(&whole);
    for below in outside.list_below(Side::Worktree, "")?.into_iter().filter(is_document) {
        let bytes = read(&files::below(&whole, &below))?;
        // JSON of other kinds is somebody else's.
        let foreign = below.as_bytes().ends_with(b".json")
            && kind_of_json(&String::from_utf8_lossy(&bytes))
                .is_none_or(|kind| kind == DocumentKind::Unknown);
        if !foreign {
            let path =
                RepoPath::from(argument.to_string_lossy().trim_end_matches('/')).join(below.as_bytes());
            out.push(NamedDocument { path, bytes: Some(bytes) });
        }
    }
    Ok(())
}

fn is_document(path: &RepoPath) -> bool {
    let name = path.as_bytes().to_ascii_lowercase();
    name.ends_with(b".md") || name.ends_with(b".json")
}
