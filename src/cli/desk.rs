//! Where commands that write work: a repository, and its lock if they write.

use std::sync::Arc;

use anyhow::Context as _;

use super::GlobalArgs;
use super::gates::{config_override, working_dir};
use crate::change::{Repository as _, RepositoryError, TreeState};
use crate::config::{Config, FILE_NAME};
use crate::document::Layout;
use crate::gate::{GateError, detect_layout};
use crate::system::git::GitRepository;
use crate::system::writing::{FileWrite, LOCK_TIMEOUT, WriteError, Writer, interrupted_command, read_below};
use crate::text::{RepoPath, Source};

/// A repository with its writer.
pub(super) struct LockedWorkspace {
    pub repo: GitRepository,
    pub writer: Writer,
}

impl LockedWorkspace {
    /// Takes the lock of the current folder's repository; `command` tells
    /// others who holds it.
    pub(super) fn lock(global: &GlobalArgs, command: &str) -> anyhow::Result<Self> {
        let repo = GitRepository::discover(&working_dir(global)?)?;
        let writer = Writer::acquire(repo.root()?, &repo.state_folder(), command, LOCK_TIMEOUT)?;
        Ok(Self { repo, writer })
    }

    /// A document as it lies on disk, byte for byte.
    pub(super) fn read_source(&self, path: &RepoPath) -> anyhow::Result<Arc<Source>> {
        let bytes = self.writer.read(path)?.with_context(|| format!("there is no {path}"))?;
        Ok(Source::from_bytes(path.clone(), bytes))
    }

    /// The configuration on disk, or the one that the caller names.
    pub(super) fn load_config(&self, global: &GlobalArgs) -> anyhow::Result<Config> {
        load_config_with(global, |path| self.writer.read(path))
    }

    /// The configuration of HEAD, if it has one.
    pub(super) fn load_committed_config(&self) -> anyhow::Result<Option<Config>> {
        let Some(head) = self.repo.head()? else { return Ok(None) };
        let path = RepoPath::from(FILE_NAME);
        let Some(bytes) = self.repo.read(TreeState::Commit(head), &path)? else { return Ok(None) };
        Ok(Some(Config::read(&Source::from_bytes(path, bytes)).map_err(GateError::Config)?))
    }

    /// Where documents lie.
    pub(super) fn resolve_layout(&self, config: &Config) -> anyhow::Result<Layout> {
        require_layout(&self.repo, config)
    }

    /// Writes a document anew, if it says something else; whether it does.
    pub(super) fn rewrite(&self, source: &Source, text: &str) -> anyhow::Result<bool> {
        if source.text() == text {
            return Ok(false);
        }
        let before = Some(source.text().as_bytes().to_vec());
        let file = FileWrite { path: source.name().clone(), before, after: text.as_bytes().to_vec() };
        self.writer.write(&[file])?;
        Ok(true)
    }
}

/// A repository that is only looked at: no lock is taken.
pub(super) struct Workspace {
    pub repo: GitRepository,
}

impl Workspace {
    pub(super) fn open(global: &GlobalArgs) -> anyhow::Result<Self> {
        let repo = GitRepository::discover(&working_dir(global)?)?;
        recover_interrupted_write(&repo)?;
        Ok(Self { repo })
    }

    /// The bytes on disk.
    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, WriteError> {
        let refused =
            |error: RepositoryError| WriteError::Refused { path: path.clone(), why: error.to_string() };
        read_below(self.repo.root().map_err(refused)?, path)
    }

    /// A document as it lies on disk.
    pub(super) fn read_source(&self, path: &RepoPath) -> anyhow::Result<Arc<Source>> {
        let bytes = self.read(path)?.with_context(|| format!("there is no {path}"))?;
        Ok(Source::from_bytes(path.clone(), bytes))
    }

    /// Where documents lie.
    pub(super) fn resolve_layout(&self, global: &GlobalArgs) -> anyhow::Result<Layout> {
        let config = load_config_with(global, |path| self.read(path))?;
        require_layout(&self.repo, &config)
    }
}

/// The configuration that is named, or that lies on disk.
fn load_config_with(
    global: &GlobalArgs,
    read: impl Fn(&RepoPath) -> Result<Option<Vec<u8>>, WriteError>,
) -> anyhow::Result<Config> {
    let named = config_override(global.config.as_deref())?;
    let path = RepoPath::from(FILE_NAME);
    let source = match named {
        Some(source) => Some(source),
        None => read(&path)?.map(|bytes| Source::from_bytes(path, bytes)),
    };
    Ok(match source {
        Some(source) => Config::read(&source).map_err(GateError::Config)?,
        None => Config::defaults(),
    })
}

fn require_layout(repo: &GitRepository, config: &Config) -> anyhow::Result<Layout> {
    if let Some(layout) = &config.layout {
        return Ok(layout.clone());
    }
    detect_layout(repo, TreeState::Worktree)?
        .context("no governance documents are here; `countersign init` sets them up")
}

/// Completes a write that was interrupted half-way, or waits for the one that
/// is under way: nobody judges files that are half old and half new.
pub(super) fn recover_interrupted_write(repo: &GitRepository) -> anyhow::Result<()> {
    let state = repo.state_folder();
    if let (Some(command), Ok(root)) = (interrupted_command(&state), repo.root()) {
        let word = format!("completing an interrupted `{command}`");
        Writer::acquire(root, &state, &word, LOCK_TIMEOUT)?;
    }
    Ok(())
}
