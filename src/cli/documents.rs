//! `check`, `list` and the commands that ask one question of a repository's
//! documents.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::gates::{folder, named_config};
use super::{FAILED, Format, Global, Output, PASSED};
use crate::change::{Repository, SelectionRequest, Side};
use crate::document::{DocumentKind, kind_of_json};
use crate::gate::LARGEST_DOCUMENT;
use crate::gate::survey::{Inquiry, NamedDocument, SurveyRequest, list, survey};
use crate::render::{human, json, listing};
use crate::system::clock::Stopwatch;
use crate::system::folder::PlainFolder;
use crate::system::git::GitRepository;
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
            side: place.side(&self.side)?,
            named: Vec::new(),
            config: named_config(global.config.as_deref())?,
            now: clock::now_civil(),
        };
        let found = list(place.repo(), &request)?;
        output.print(&match global.format {
            Format::Human => listing::human(&found),
            Format::Json => json::pretty(&listing::document(&found)),
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

/// Where a command looks: a git repository, or a folder without one.
enum Place {
    Git(GitRepository),
    Plain(PlainFolder, PathBuf),
}

impl Place {
    fn find(global: &Global) -> anyhow::Result<Self> {
        let here = folder(global)?;
        if !here.is_dir() {
            bail!("{} is no folder", here.display());
        }
        match GitRepository::discover(&here) {
            Ok(repo) if repo.root().is_ok() => Ok(Self::Git(repo)),
            Ok(repo) => Ok(Self::Git(repo)),
            Err(crate::change::RepositoryError::NotARepository(_)) => {
                Ok(Self::Plain(PlainFolder::new(&here), here))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn repo(&self) -> &dyn Repository {
        match self {
            Self::Git(repo) => repo,
            Self::Plain(repo, _) => repo,
        }
    }

    fn root(&self) -> Option<&Path> {
        match self {
            Self::Git(repo) => repo.root().ok(),
            Self::Plain(_, root) => Some(root),
        }
    }

    fn side(&self, arguments: &SideArgs) -> anyhow::Result<Side> {
        match (&self, &arguments.rev) {
            (Self::Plain(..), _) if arguments.staged || arguments.rev.is_some() => {
                bail!("this folder is in no git repository; --staged and --rev need one")
            }
            (Self::Git(repo), Some(rev)) => {
                let selection = repo.select(&SelectionRequest::Rev(rev.clone()), &|_| None, &[])?;
                Ok(selection.head.map_or(Side::Empty, Side::Commit))
            }
            _ if arguments.staged => Ok(Side::Index),
            _ => Ok(Side::Worktree),
        }
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
    let side = place.side(side)?;
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
    output.print(&match global.format {
        Format::Human => human::report(&report, output.look),
        Format::Json => json::report(&report),
    })?;
    Ok(if report.passed() { PASSED } else { FAILED })
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The documents that an argument names: a file, or the Markdown and JSON
/// files below a folder.
fn named_documents(
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

/// A path below the root, as a path of the repository.
fn inside(root: &Path, whole: &Path) -> Option<RepoPath> {
    let relative = |root: &Path, whole: &Path| whole.strip_prefix(root).ok().map(Path::to_path_buf);
    let root = std::path::absolute(root).ok()?;
    let found = relative(&root, whole)
        .or_else(|| relative(&root.canonicalize().ok()?, &whole.canonicalize().ok()?))?;
    let mut names: Vec<String> = Vec::new();
    for part in found.components() {
        match part {
            std::path::Component::Normal(name) => names.push(name.to_string_lossy().into_owned()),
            std::path::Component::ParentDir => {
                names.pop()?;
            }
            std::path::Component::CurDir => {}
            _ => return None,
        }
    }
    Some(RepoPath::from(names.join("/").as_str()))
}
