//! `cor701-sha FILE`: the hashes that a manifest needs.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use crate::change::{
    FileContent, History as _, ObjectStore as _, Repository as _, Selection, SelectionMode, SelectionRequest,
    TreeState,
};
use crate::cli::args::SelectionArgs;
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::digest::{Hash20, git_blob_id};
use crate::render::json;
use crate::system::git::GitRepository;
use crate::text::RepoPath;

/// Arguments of `cor701-sha`.
#[derive(Debug, Args)]
pub(crate) struct Cor701ShaArgs {
    /// The file, relative to the working directory
    file: String,
    #[command(flatten)]
    selection: SelectionArgs,
}

/// One version of the file.
#[derive(Serialize)]
struct FileVersionOutput {
    name: &'static str,
    exists: bool,
    sha1: String,
    git_blob_id: Option<String>,
    bytes: Option<usize>,
    lines: Option<usize>,
}

#[derive(Serialize)]
struct Cor701ShaOutput {
    schema: &'static str,
    path: String,
    variants: Vec<FileVersionOutput>,
    pre_sha1: String,
    post_sha1: String,
    line_delta: Option<i64>,
    selection_reason: String,
}

impl Cor701ShaArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let here = global.working_dir()?;
        let repo = GitRepository::discover(&here)?;
        // A bare repository has commits and no files on disk.
        let is_bare = repo.root().is_err();
        let path = if is_bare && self.selection.names_commits() {
            RepoPath::from(self.file.as_str())
        } else {
            resolve_repo_path(&repo, &here, &self.file)?
        };
        let answer = self.compute_output(&repo, &path)?;
        output.print(&if global.is_json()? { json::pretty(&answer) } else { render_human(&answer) })?;
        Ok(PASSED)
    }

    fn compute_output(&self, repo: &GitRepository, path: &RepoPath) -> anyhow::Result<Cor701ShaOutput> {
        let head = repo.head()?.map_or(TreeState::Empty, TreeState::Commit);
        let (mut variants, pre, post, chosen) = match self.selection.select(repo)?.request {
            request @ (SelectionRequest::Range(_)
            | SelectionRequest::Rev(_)
            | SelectionRequest::Auto { .. }) => {
                let selection: Selection = repo.select(&request, &|_| None, None)?;
                let (pre, post) = (
                    read_content(repo, selection.base.map_or(TreeState::Empty, TreeState::Commit), path)?,
                    read_content(repo, selection.head.map_or(TreeState::Empty, TreeState::Commit), path)?,
                );
                (
                    vec![describe_version("base", pre.as_ref()), describe_version("head", post.as_ref())],
                    pre,
                    post,
                    selection.reason,
                )
            }
            request => {
                let (committed, staged, disk) = (
                    read_content(repo, head, path)?,
                    read_content(repo, TreeState::Index, path)?,
                    read_content(repo, TreeState::Worktree, path)?,
                );
                let same = |a: &Option<FileContent>, b: &Option<FileContent>| {
                    a.as_ref().map(|i| &i.bytes) == b.as_ref().map(|i| &i.bytes)
                };
                let variants = vec![
                    describe_version("HEAD", committed.as_ref()),
                    describe_version("index", staged.as_ref()),
                    describe_version("worktree", disk.as_ref()),
                ];
                let mode = match request {
                    SelectionRequest::Staged => SelectionMode::Staged,
                    SelectionRequest::Worktree => SelectionMode::Worktree,
                    _ if !same(&committed, &staged) => SelectionMode::Staged,
                    _ => SelectionMode::Worktree,
                };
                if mode == SelectionMode::Staged {
                    (variants, committed, staged, "the staged change: HEAD to the index".to_owned())
                } else if same(&committed, &disk) {
                    (
                        variants,
                        committed,
                        disk,
                        "the file is unchanged; select a committed change with --range or --rev".to_owned(),
                    )
                } else {
                    (variants, committed, disk, "the change on disk: HEAD to the working tree".to_owned())
                }
            }
        };
        if variants.iter().all(|variant| !variant.exists) {
            bail!("{path} exists neither before nor after the change");
        }
        let hash =
            |image: &Option<FileContent>| image.as_ref().map_or(Hash20::ZERO, FileContent::sha1).to_string();
        let binary = [&pre, &post].into_iter().flatten().any(FileContent::is_binary);
        let count = |image: &Option<FileContent>| {
            i64::try_from(image.as_ref().map_or(0, FileContent::line_count)).unwrap_or(i64::MAX)
        };
        let line_delta = (!binary).then(|| count(&post) - count(&pre));
        variants.iter_mut().for_each(|variant| variant.lines = variant.lines.filter(|_| !binary));
        Ok(Cor701ShaOutput {
            schema: "countersign.cor701/v1",
            path: path.to_string(),
            pre_sha1: hash(&pre),
            post_sha1: hash(&post),
            variants,
            line_delta,
            selection_reason: chosen,
        })
    }
}

fn read_content(
    repo: &GitRepository,
    side: TreeState,
    path: &RepoPath,
) -> anyhow::Result<Option<FileContent>> {
    if let Some(entry) =
        repo.entry(side, path)?.filter(|entry| entry.mode == crate::change::FileMode::Submodule)
    {
        return Ok(Some(FileContent::new(entry.id.to_string().into_bytes())));
    }
    Ok(repo.read(side, path)?.map(FileContent::new))
}

fn describe_version(name: &'static str, image: Option<&FileContent>) -> FileVersionOutput {
    FileVersionOutput {
        name,
        exists: image.is_some(),
        sha1: image.map_or(Hash20::ZERO, FileContent::sha1).to_string(),
        git_blob_id: image.map(|image| git_blob_id(&image.bytes).to_string()),
        bytes: image.map(|image| image.bytes.len()),
        lines: image.map(FileContent::line_count),
    }
}

/// A file, relative to the working directory, as a path of the repository.
fn resolve_repo_path(repo: &GitRepository, here: &Path, file: &str) -> anyhow::Result<RepoPath> {
    let root = std::path::absolute(repo.root()?).context("resolving the root of the repository")?;
    let path = std::path::absolute(here.join(file)).context("resolving the path")?;
    let mut parts: Vec<String> = Vec::new();
    let inside = path.strip_prefix(&root).ok().map(Path::to_path_buf).or_else(|| {
        Some(path.canonicalize().ok()?.strip_prefix(root.canonicalize().ok()?).ok()?.to_path_buf())
    });
    let Some(inside) = inside else { bail!("{file} is outside of the repository") };
    for part in inside.components() {
        match part {
            std::path::Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            std::path::Component::ParentDir if parts.pop().is_some() => {}
            std::path::Component::CurDir => {}
            _ => bail!("{file} is outside of the repository"),
        }
    }
    if parts.is_empty() {
        bail!("{file} is the root of the repository; expected a file");
    }
    Ok(RepoPath::from(parts.join("/").as_str()))
}

fn render_human(answer: &Cor701ShaOutput) -> String {
    let mut out = format!("{}\n\n", answer.path);
    for variant in &answer.variants {
        let facts = match (variant.exists, variant.lines, variant.bytes) {
            (false, _, _) => "does not exist".to_owned(),
            (true, Some(lines), Some(bytes)) => format!("{lines} lines, {bytes} bytes"),
            (true, None, Some(bytes)) => format!("binary, {bytes} bytes"),
            _ => String::new(),
        };
        out.push_str(&format!("  {:<9} {}  {facts}\n", variant.name, variant.sha1));
    }
    out.push_str(&format!("\nFor the manifest ({}):\n\n", answer.selection_reason));
    let delta = answer.line_delta.map_or_else(|| "N/A".to_owned(), |delta| delta.to_string());
    out.push_str(&format!(
        "- **Line Delta**: {delta}\n- **Pre-SHA1**: `{}`\n- **Post-SHA1**: `{}`\n",
        answer.pre_sha1, answer.post_sha1
    ));
    out
}
