//! Where a command works: the folder, its repository, the configuration and,
//! for commands that write, the lock.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::bus::Bus;
use crate::change::{History as _, Repository, RepositoryError, SelectionRequest, TreeState};
use crate::config::{Config, LoadedConfig, complete_layout, detect_layout, load};
use crate::document::Layout;
use crate::finding::Report;
use crate::ledger::{JobDescription, LedgerTrouble, Recorder};
use crate::pipeline::job::record_report;
use crate::system::folder::PlainFolder;
use crate::system::git::GitRepository;
use crate::system::transaction::{
    FileWrite, LOCK_TIMEOUT, WriteError, Writer, interrupted_command, read_below,
};
use crate::system::user_state;
use crate::text::{RepoPath, Source};

use super::args::GlobalArgs;
use super::job;

/// A place to read: a git repository, or a folder without one.
#[expect(clippy::large_enum_variant, reason = "a command has one value")]
pub(crate) enum Workspace {
    Git(GitRepository),
    Plain(PlainFolder, PathBuf),
}

impl Workspace {
    /// The repository that holds the working directory, or that directory.
    pub(crate) fn discover(global: &GlobalArgs) -> anyhow::Result<Self> {
        let folder = global.working_dir()?;
        if !folder.is_dir() {
            bail!("{} is not a folder", folder.display());
        }
        match GitRepository::discover(&folder) {
            Ok(mut repo) => {
                recover_interrupted_write(&repo)?;
                repo.use_index_of_commit(&folder)?;
                Ok(Self::Git(repo))
            }
            Err(RepositoryError::NotARepository(_)) => Ok(Self::Plain(PlainFolder::new(&folder), folder)),
            Err(error) => Err(error.into()),
        }
    }

    /// Read access to it.
    pub(crate) fn repo(&self) -> &dyn Repository {
        match self {
            Self::Git(repo) => repo,
            Self::Plain(repo, _) => repo,
        }
    }

    /// Its root on disk; `None` for a bare repository.
    pub(crate) fn root(&self) -> Option<&Path> {
        match self {
            Self::Git(repo) => repo.root().ok(),
            Self::Plain(_, root) => Some(root),
        }
    }

    /// Whether it has a history.
    pub(crate) fn is_git(&self) -> bool {
        matches!(self, Self::Git(_))
    }

    /// A path as typed, relative to `folder`, as a path of the repository.
    pub(crate) fn resolve_path(&self, folder: &Path, argument: &Path) -> anyhow::Result<RepoPath> {
        let whole = std::path::absolute(folder.join(argument)).context("resolving the path")?;
        let found = self.root().and_then(|root| repo_path_below(root, &whole));
        let Some(found) = found else { bail!("{} is outside of the repository", argument.display()) };
        if !whole.exists() {
            bail!("{} does not exist", argument.display());
        }
        Ok(found)
    }

    /// The configuration on disk, or the file that the caller names.
    pub(crate) fn load_config(&self, global: &GlobalArgs) -> anyhow::Result<Config> {
        load_config(self.repo(), global)
    }

    /// The recorder of a job here; outside of git, nothing is recorded.
    pub(crate) fn recorder(&self, description: JobDescription) -> Recorder {
        match self {
            Self::Git(repo) => job::recorder(repo, description),
            Self::Plain(..) => Recorder::off(description),
        }
    }

    /// Records the report of a command that runs no step.
    pub(crate) fn record_report(
        &self,
        global: &GlobalArgs,
        recorder: &Recorder,
        report: &mut Report,
    ) -> Result<(), LedgerTrouble> {
        self.configure(global, recorder);
        record_report(&Bus::new(recorder), report, None)
    }

    /// Tells a recorder what the configuration says.
    pub(crate) fn configure(&self, global: &GlobalArgs, recorder: &Recorder) {
        let committed = match self {
            Self::Git(repo) => job::committed_config(repo),
            Self::Plain(..) => None,
        };
        // A configuration that cannot be read is an error or a finding of the command itself.
        let config = self.load_config(global).unwrap_or_else(|_| Config::defaults());
        job::configure(recorder, &config, committed.as_ref());
    }

    /// The tree that arguments select; without any, the files on disk.
    pub(crate) fn resolve_tree(&self, staged: bool, rev: Option<&String>) -> anyhow::Result<TreeState> {
        match (&self, rev) {
            (Self::Plain(..), _) if staged || rev.is_some() => {
                bail!("this folder is not in a git repository; --staged and --rev need one")
            }
            (Self::Git(repo), Some(rev)) => {
                let selection = repo.select(&SelectionRequest::Rev(rev.to_owned()), &|_| None, None)?;
                Ok(selection.head.map_or(TreeState::Empty, TreeState::Commit))
            }
            _ if staged => Ok(TreeState::Index),
            _ => Ok(TreeState::Worktree),
        }
    }
}

/// A git repository that is only read: no lock is taken.
pub(crate) struct GitWorkspace {
    pub repo: GitRepository,
}

impl GitWorkspace {
    /// The repository that holds the working directory.
    pub(crate) fn open(global: &GlobalArgs) -> anyhow::Result<Self> {
        let repo = GitRepository::discover(&global.working_dir()?)?;
        recover_interrupted_write(&repo)?;
        Ok(Self { repo })
    }

    /// The bytes of a file on disk; `None` if it does not exist.
    pub(crate) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, WriteError> {
        let refused =
            |error: RepositoryError| WriteError::Refused { path: path.clone(), why: error.to_string() };
        read_below(self.repo.root().map_err(refused)?, path)
    }

    /// A document on disk.
    pub(crate) fn read_source(&self, path: &RepoPath) -> anyhow::Result<Arc<Source>> {
        let bytes = self.read(path)?.with_context(|| format!("{path} does not exist"))?;
        Ok(Source::from_bytes(path.clone(), bytes))
    }

    /// The configuration on disk, or the file that the caller names.
    pub(crate) fn load_config(&self, global: &GlobalArgs) -> anyhow::Result<Config> {
        load_config(&self.repo, global)
    }

    /// Where the documents are.
    pub(crate) fn require_layout(&self, global: &GlobalArgs) -> anyhow::Result<Layout> {
        require_layout(&self.repo, &self.load_config(global)?)
    }
}

/// A git repository with its lock and writer.
pub(crate) struct LockedWorkspace {
    pub repo: GitRepository,
    pub writer: Writer,
    command: String,
    recorder: Recorder,
    /// Whether the job has its end.
    is_recorded: Cell<bool>,
}

impl Drop for LockedWorkspace {
    /// A command that ends without having written refused to do so.
    fn drop(&mut self) {
        if !self.is_recorded.get() && !std::thread::panicking() {
            self.record_refusal("it ended before it wrote anything");
        }
    }
}

impl LockedWorkspace {
    /// Takes the lock of the repository that holds the working directory;
    /// `command` is what others see as the holder.
    pub(crate) fn lock(global: &GlobalArgs, command: &str) -> anyhow::Result<Self> {
        let repo = GitRepository::discover(&global.working_dir()?)?;
        let writer = Writer::acquire(repo.root()?, &repo.state_folder(), command, LOCK_TIMEOUT)?;
        let recorder = job::recorder(&repo, job::editing(command));
        let workspace =
            Self { repo, writer, command: command.to_owned(), recorder, is_recorded: Cell::new(false) };
        // A configuration that cannot be read is an error of the command itself.
        if let Ok(config) = workspace.load_config(global) {
            let committed = job::committed_config(&workspace.repo);
            job::configure(&workspace.recorder, &config, committed.as_ref());
        }
        Ok(workspace)
    }

    /// Writes files, all of them or none, as one operation of the bus.
    pub(crate) fn apply(&self, writes: &[FileWrite]) -> anyhow::Result<()> {
        self.is_recorded.set(true);
        job::apply(&self.recorder, &self.writer, &self.command, writes)
    }

    /// Records why the command writes nothing.
    pub(crate) fn record_refusal(&self, reason: &str) {
        self.is_recorded.set(true);
        job::record_refusal(&self.recorder, reason.to_owned());
    }

    /// A document on disk, byte for byte.
    pub(crate) fn read_source(&self, path: &RepoPath) -> anyhow::Result<Arc<Source>> {
        let bytes = self.writer.read(path)?.with_context(|| format!("{path} does not exist"))?;
        Ok(Source::from_bytes(path.clone(), bytes))
    }

    /// The configuration on disk, or the file that the caller names.
    pub(crate) fn load_config(&self, global: &GlobalArgs) -> anyhow::Result<Config> {
        load_config(&self.repo, global)
    }

    /// The configuration of HEAD; `None` without a commit or a file.
    pub(crate) fn load_committed_config(&self) -> anyhow::Result<Option<Config>> {
        let Some(head) = self.repo.head()? else { return Ok(None) };
        let LoadedConfig { config, is_file, .. } = load(&self.repo, TreeState::Commit(head), None)?;
        Ok(is_file.then_some(config))
    }

    /// Where the documents are.
    pub(crate) fn require_layout(&self, config: &Config) -> anyhow::Result<Layout> {
        require_layout(&self.repo, config)
    }

    /// Writes new text to a document; returns whether it differs from the old.
    pub(crate) fn rewrite(&self, source: &Source, text: &str) -> anyhow::Result<bool> {
        if source.text() == text {
            return Ok(false);
        }
        let before = Some(source.text().as_bytes().to_vec());
        let file = FileWrite { path: source.name().clone(), before, after: text.as_bytes().to_vec() };
        self.apply(&[file])?;
        Ok(true)
    }
}

fn load_config(repo: &dyn Repository, global: &GlobalArgs) -> anyhow::Result<Config> {
    Ok(load(repo, TreeState::Worktree, global.config_override()?.as_ref())?.config)
}

fn require_layout(repo: &GitRepository, config: &Config) -> anyhow::Result<Layout> {
    if let Some(layout) = &config.layout {
        return Ok(complete_layout(repo, layout.clone(), TreeState::Worktree, TreeState::Worktree)?);
    }
    detect_layout(repo, TreeState::Worktree)?
        .context("this repository has no governance documents; `countersign init` sets them up")
}

/// Takes the lock of a place for a command that writes.
///
/// # Errors
/// Another command writes, or the folder of the lock cannot be created.
pub(crate) fn open_writer(workspace: &Workspace, root: &Path, command: &str) -> anyhow::Result<Writer> {
    let state = match workspace {
        Workspace::Git(repo) => repo.state_folder(),
        // Outside of git, the lock is in a folder that only this user can write.
        Workspace::Plain(..) => {
            user_state::create_folder_for(root).context("creating the folder of the lock")?
        }
    };
    Ok(Writer::acquire(root, &state, command, LOCK_TIMEOUT)?)
}

/// Completes a write that was interrupted, or waits for the one that is under
/// way, so that no command reads files that are half old and half new.
pub(crate) fn recover_interrupted_write(repo: &GitRepository) -> anyhow::Result<()> {
    let state = repo.state_folder();
    if let (Some(command), Ok(root)) = (interrupted_command(&state), repo.root()) {
        let holder = format!("completing an interrupted `{command}`");
        Writer::acquire(root, &state, &holder, LOCK_TIMEOUT)?;
    }
    Ok(())
}

/// Completes an interrupted write, then keeps writers away while the checks read. A
/// writer that holds the lock is waited for.
pub(crate) fn lock_for_checks(repo: &GitRepository) -> anyhow::Result<()> {
    repo.lock_for_reading()?;
    if interrupted_command(&repo.state_folder()).is_some() {
        repo.release_read_lock();
        recover_interrupted_write(repo)?;
        repo.lock_for_reading()?;
    }
    Ok(())
}

/// An absolute path below the root, as a path of the repository; `None` if it
/// is outside.
pub(crate) fn repo_path_below(root: &Path, whole: &Path) -> Option<RepoPath> {
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
