//! `check`, `list`, `governance-check` and the single checks of documents.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::change::{ObjectStore as _, TreeState};
use crate::cli::workspace::{Workspace, repo_path_below};
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::config::{FILE_NAME, detect_layout};
use crate::document::{DocumentKind, detect_json_kind};
use crate::ledger::JobDescription;
use crate::pipeline::document_check::{
    DocumentCheckRequest, DocumentQuery, NamedDocument, check_documents, list_packets,
};
use crate::pipeline::locate::record_files_in;
use crate::pipeline::packet_gate::MAX_DOCUMENT_BYTES;
use crate::render::{json, listing};
use crate::system::clock::Stopwatch;
use crate::system::folder::PlainFolder;
use crate::system::{clock, files};
use crate::text::RepoPath;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Documents or folders to check; default: all governance documents of the
    /// repository
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    tree: TreeArgs,
}

/// Arguments of checks of a whole repository.
#[derive(Debug, Args)]
pub(crate) struct RepositoryCheckArgs {
    #[command(flatten)]
    tree: TreeArgs,
}

/// Arguments of `validator-packet-complete`.
#[derive(Debug, Args)]
pub(crate) struct PacketCompleteArgs {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    packet: String,
    #[command(flatten)]
    tree: TreeArgs,
}

/// Arguments of `validator-phase-gate`.
#[derive(Debug, Args)]
pub(crate) struct PhaseGateArgs {
    /// The phase: `1` or `Phase-1` for the packets `WP-1-…`; default: all phases
    phase: Option<String>,
    #[command(flatten)]
    tree: TreeArgs,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// List the tasks of all packets instead
    #[arg(long)]
    tasks: bool,
    #[command(flatten)]
    tree: TreeArgs,
}

/// Which tree is read; default: the files on disk.
#[derive(Debug, Args)]
struct TreeArgs {
    /// Read the index instead of the files on disk
    #[arg(long, group = "where")]
    staged: bool,
    /// Read a commit instead of the files on disk
    #[arg(long, value_name = "R", group = "where", allow_hyphen_values = true)]
    rev: Option<String>,
}

/// Requires a repository, or a folder with governance documents.
///
/// # Errors
/// There is neither.
pub(super) fn require_place(workspace: &Workspace) -> anyhow::Result<()> {
    let has_documents = detect_layout(workspace.repo(), TreeState::Worktree)?.is_some();
    let is_configured = workspace.repo().exists(TreeState::Worktree, &RepoPath::from(FILE_NAME))?;
    if !workspace.is_git() && !has_documents && !is_configured {
        bail!("this folder is not in a git repository, and it has no governance documents");
    }
    Ok(())
}

impl CheckArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_query(global, output, DocumentQuery::Check, &self.tree, &self.paths)
    }
}

impl RepositoryCheckArgs {
    pub(crate) fn run(
        &self,
        global: &GlobalArgs,
        output: &Output,
        inquiry: DocumentQuery,
    ) -> anyhow::Result<u8> {
        run_query(global, output, inquiry, &self.tree, &[])
    }
}

impl ListArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let workspace = Workspace::discover(global)?;
        let request = DocumentCheckRequest {
            query: DocumentQuery::Check,
            tree: workspace.resolve_tree(self.tree.staged, self.tree.rev.as_ref())?,
            named_documents: Vec::new(),
            config: global.config_override()?,
            now: clock::now_civil(),
        };
        let found = list_packets(workspace.repo(), &request)?;
        require_place(&workspace)?;
        let text = match (global.is_json()?, self.tasks) {
            (true, true) => json::pretty(&listing::to_task_document(&found)),
            (true, false) => json::pretty(&listing::to_document(&found)),
            (false, true) => listing::render_tasks(&found),
            (false, false) => listing::render_human(&found),
        };
        output.print(&text)?;
        Ok(PASSED)
    }
}

impl PacketCompleteArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        run_query(global, output, DocumentQuery::PacketComplete(self.packet.clone()), &self.tree, &[])
    }
}

impl PhaseGateArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let phase = self.phase.as_deref().unwrap_or("");
        let lower = phase.to_lowercase();
        let start = ["phase-", "phase ", "phase_", "phase"].iter().find(|word| lower.starts_with(**word));
        let name = phase.get(start.map_or(0, |word| word.len())..).unwrap_or("").trim();
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c))
            || (name.is_empty() && !phase.is_empty())
        {
            bail!("invalid phase `{phase}`; expected the part after `WP-`, such as 1");
        }
        run_query(global, output, DocumentQuery::PhaseGate(name.to_owned()), &self.tree, &[])
    }
}

fn run_query(
    global: &GlobalArgs,
    output: &Output,
    query: DocumentQuery,
    tree_args: &TreeArgs,
    paths: &[PathBuf],
) -> anyhow::Result<u8> {
    let (started_at, watch) = (clock::now_text(), Stopwatch::start());
    let workspace = Workspace::discover(global)?;
    let recorder = workspace
        .recorder(JobDescription::judging(query.as_str()).about(query.packet()).within(paths_of(paths)));
    let tree = workspace.resolve_tree(tree_args.staged, tree_args.rev.as_ref())?;
    let here = global.working_dir()?;
    let mut named = Vec::new();
    for path in paths {
        collect_named_documents(&workspace, tree, &here, path, &mut named)?;
    }
    if named.is_empty() && !paths.is_empty() {
        bail!("found no document in {}", format_paths(paths));
    }
    let request = DocumentCheckRequest {
        query,
        tree,
        named_documents: named,
        config: global.config_override()?,
        now: clock::now_civil(),
    };
    let mut report = check_documents(workspace.repo(), &request)?;
    if let Some(why) = request.query.inconclusive_reason(&report) {
        bail!("nothing was judged: {why}");
    }
    report.run.started_at = started_at;
    workspace.record_report(global, &recorder, &mut report)?;
    report.run.milliseconds = watch.elapsed_milliseconds();
    output.write_report(global, &report)
}

/// The paths as given, for the ledger.
fn paths_of(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.display().to_string()).collect()
}

fn format_paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Collects the documents that an argument names: a file, with the files of single
/// packets if it is a record of them, or the Markdown and JSON files below a folder.
pub(crate) fn collect_named_documents(
    workspace: &Workspace,
    side: TreeState,
    here: &Path,
    argument: &Path,
    out: &mut Vec<NamedDocument>,
) -> anyhow::Result<()> {
    let whole = std::path::absolute(here.join(argument)).context("resolving the path")?;
    if let Some(inside) = workspace.root().and_then(|root| repo_path_below(root, &whole)) {
        let repo = workspace.repo();
        if repo.mode(side, &inside)?.is_some() {
            // The files of single packets are part of a record.
            let files = record_files_in(repo, side, &inside.to_text())?;
            out.extend(files.into_iter().map(|path| NamedDocument { path, bytes: None }));
            out.push(NamedDocument { path: inside, bytes: None });
            return Ok(());
        }
        let below = repo.list_below(side, &inside.to_text())?;
        if below.is_empty() && !repo.exists(side, &inside)? && !inside.as_bytes().is_empty() {
            bail!("{} does not exist", argument.display());
        }
        let documents = below.into_iter().filter(is_document_path);
        out.extend(documents.map(|path| NamedDocument { path, bytes: None }));
        return Ok(());
    }
    if side != TreeState::Worktree {
        bail!("{} is outside of the repository", argument.display());
    }
    let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
    let read = |path: &Path| files::read(path, limit).with_context(|| format!("reading {}", path.display()));
    if !whole.is_dir() {
        let path = RepoPath::from(argument.to_string_lossy().as_ref());
        out.push(NamedDocument { path, bytes: Some(read(&whole)?) });
        return Ok(());
    }
    let outside = PlainFolder::new(&whole);
    for below in outside.list_below(TreeState::Worktree, "")?.into_iter().filter(is_document_path) {
        let bytes = read(&files::join_repo_path(&whole, &below))?;
        // Other JSON files are not governance documents.
        let foreign = below.as_bytes().ends_with(b".json")
            && detect_json_kind(&String::from_utf8_lossy(&bytes))
                .is_none_or(|kind| kind == DocumentKind::Unknown);
        if !foreign {
            let path =
                RepoPath::from(argument.to_string_lossy().trim_end_matches('/')).join(below.as_bytes());
            out.push(NamedDocument { path, bytes: Some(bytes) });
        }
    }
    Ok(())
}

fn is_document_path(path: &RepoPath) -> bool {
    let name = path.as_bytes().to_ascii_lowercase();
    name.ends_with(b".md") || name.ends_with(b".json")
}
