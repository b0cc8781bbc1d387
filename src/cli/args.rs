//! Arguments as typed, shared by several commands.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::change::{Repository, SelectionRequest};
use crate::document::limits::MAX_DOCUMENT_BYTES;
use crate::pipeline::ci_range::{CiEvent, CiRange, read_event, select_range};
use crate::pipeline::packet_gate::PipelineError;
use crate::render::Format;
use crate::system::{environment, files};
use crate::text::{RepoPath, Source, to_single_line};

#[derive(Debug, Clone, Args)]
pub(crate) struct GlobalArgs {
    /// Run as if started in this folder; paths of other options are relative to it
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub folder: Option<PathBuf>,
    /// Output format; the exit code does not depend on it
    #[arg(long, value_enum, default_value = "human", hide_default_value = true, global = true)]
    pub format: Format,
    /// Write the report to a file, too: FORMAT=FILE, or FILE with an
    /// extension that names the format (`.sarif`, `.json`, `.xml` for a test report, `.md`, `.txt`). May be given several
    /// times
    #[arg(long, value_name = "[FORMAT=]FILE", global = true)]
    pub output: Vec<String>,
    /// When to use colors
    #[arg(long, value_enum, default_value_t = ColorMode::Auto, global = true)]
    pub color: ColorMode,
    /// Print failures only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// List every check with its outcome
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Use this configuration instead of the repository's countersign.yaml
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()).help(self.about()))
    }
}

impl GlobalArgs {
    /// Whether JSON is wanted, for answers that are no report.
    pub(crate) fn is_json(&self) -> anyhow::Result<bool> {
        if !self.output.is_empty() {
            anyhow::bail!("--output is for reports; this answer is printed");
        }
        match self.format {
            Format::Human => Ok(false),
            Format::Json => Ok(true),
            other => anyhow::bail!(
                "this answer is no report: it has no format `{}`, only human and json",
                other.as_str()
            ),
        }
    }

    /// The options that say where a report goes, read from arguments that as a
    /// whole could not be parsed.
    pub(crate) fn scan_report_options(arguments: &[OsString]) -> Self {
        let mut found = Self {
            folder: None,
            format: Format::Human,
            output: Vec::new(),
            color: ColorMode::Auto,
            quiet: false,
            verbose: false,
            config: None,
        };
        let mut rest = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
        while let Some(argument) = rest.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (argument.into_owned(), None),
            };
            let mut value = || value.clone().or_else(|| rest.next().map(Cow::into_owned));
            match name.as_str() {
                "--format" => {
                    found.format = value().and_then(|name| Format::from_name(&name)).unwrap_or(found.format);
                }
                "--output" => found.output.extend(value()),
                "-C" => found.folder = value().map(PathBuf::from),
                _ => {}
            }
        }
        found
    }

    /// The folder that the command works in: `-C DIR`, or the current one.
    pub(crate) fn working_dir(&self) -> anyhow::Result<PathBuf> {
        let current = environment::current_folder().context("reading the current folder")?;
        Ok(self.folder.as_ref().map_or(current.clone(), |folder| current.join(folder)))
    }

    /// A path that the caller gave to an option, relative to the working
    /// directory.
    pub(crate) fn resolve(&self, path: &Path) -> anyhow::Result<PathBuf> {
        Ok(self.working_dir()?.join(path))
    }

    /// The configuration file that the caller names (`--config FILE`).
    pub(crate) fn config_override(&self) -> anyhow::Result<Option<Arc<Source>>> {
        let Some(path) = &self.config else { return Ok(None) };
        let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
        let bytes = files::read(&self.resolve(path)?, limit)
            .with_context(|| format!("reading the configuration {}", path.display()))?;
        Ok(Some(Source::from_bytes(RepoPath::from(path.to_string_lossy().as_ref()), bytes)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorMode {
    Auto,
    Always,
    Never,
}

/// The packets whose work a change is, and the change.
#[derive(Debug, Args)]
pub(crate) struct WorkArgs {
    /// The packet's id, or a base id that the registry resolves
    #[arg(value_name = "WP-ID")]
    pub packet: String,
    /// Another packet of the same change; every file must belong to one of
    /// them. May be given several times
    #[arg(long, value_name = "WP-ID")]
    pub also: Vec<String>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub base: BaseArgs,
}

/// The revision that is trusted.
#[derive(Debug, Args)]
pub(crate) struct BaseArgs {
    /// Take rules and approvals from this revision instead of the main branch
    #[arg(long = "base", value_name = "REV", allow_hyphen_values = true)]
    pub revision: Option<String>,
}

impl WorkArgs {
    pub(crate) fn packet_ids(&self) -> PacketIds<'_> {
        PacketIds { first: &self.packet, others: &self.also }
    }
}

/// The packets that are judged.
pub(crate) struct PacketIds<'a> {
    pub first: &'a str,
    pub others: &'a [String],
}

impl<'a> PacketIds<'a> {
    pub(crate) fn single(first: &'a str) -> Self {
        Self { first, others: &[] }
    }
}

/// Which change to judge. With none given: staged changes if there are any,
/// else the working tree, else the work of this branch since the main branch,
/// else the last commit.
#[derive(Debug, Args)]
pub(crate) struct SelectionArgs {
    /// Two commits; three dots mean their merge base. `auto` takes the change of the
    /// GitHub or GitLab event of this run
    #[arg(long, value_name = "A..B", group = "which", allow_hyphen_values = true)]
    range: Option<String>,
    /// A commit against its first parent
    #[arg(long, value_name = "R", group = "which", allow_hyphen_values = true)]
    rev: Option<String>,
    /// HEAD against the index
    #[arg(long, group = "which")]
    staged: bool,
    /// HEAD against the files on disk, untracked ones included
    #[arg(long, group = "which")]
    worktree: bool,
}

/// The value of `--range` for the change of a continuous-integration run.
const AUTO: &str = "auto";
/// Maximum size of an event file, in bytes.
const MAX_EVENT_BYTES: u64 = 32 * 1024 * 1024;

impl SelectionArgs {
    /// Returns the arguments as they were typed.
    #[cfg(feature = "llm")]
    #[must_use]
    pub(crate) fn typed(&self) -> String {
        let valued = [("--range", &self.range), ("--rev", &self.rev)];
        let mut out: String = valued
            .into_iter()
            .filter_map(|(name, value)| Some(format!(" {name} {}", value.as_ref()?)))
            .collect();
        for (name, is_on) in [("--staged", self.staged), ("--worktree", self.worktree)] {
            if is_on {
                out.push_str(&format!(" {name}"));
            }
        }
        out
    }

    /// Returns whether the change is named by its commits.
    #[must_use]
    pub(crate) fn names_commits(&self) -> bool {
        self.range.is_some() || self.rev.is_some()
    }

    /// Returns the selected change, with what else the event of a run says.
    ///
    /// # Errors
    /// `--range auto` cannot select a change.
    pub(crate) fn select(&self, repo: &dyn Repository) -> anyhow::Result<CiRange> {
        let request = match (&self.range, &self.rev) {
            (Some(range), _) if range == AUTO => return Ok(select_range(repo, &read_ci_event()?)?),
            (Some(range), _) => SelectionRequest::Range(range.clone()),
            (None, Some(rev)) => SelectionRequest::Rev(rev.clone()),
            (None, None) if self.staged => SelectionRequest::Staged,
            (None, None) if self.worktree => SelectionRequest::Worktree,
            (None, None) => SelectionRequest::Default,
        };
        Ok(CiRange { request, branch: None, forbidden_steps: None })
    }
}

/// Reads the event of this run of continuous integration.
///
/// # Errors
/// No event is recognized.
pub(crate) fn read_ci_event() -> Result<CiEvent, PipelineError> {
    let read = |path: &str| {
        let bytes = files::read(Path::new(path), MAX_EVENT_BYTES)
            .map_err(|error| format!("the event file {path} cannot be read: {error}"))?;
        String::from_utf8(bytes).map_err(|_| format!("the event file {path} is not UTF-8"))
    };
    // The reason contains text of variables and of the event file.
    read_event(&environment::variable, &read)
        .map_err(|why| PipelineError::AutoRange { why: to_single_line(&why, 600) })
}
