//! Where commands that write work: a repository, and its lock if they write.

use std::sync::Arc;

use anyhow::Context as _;

use super::Global;
use super::gates::{folder, named_config};
use crate::change::{Repository as _, RepositoryError, Side};
use crate::config::{Config, FILE_NAME};
use crate::document::Layout;
use crate::gate::{GateError, detect_layout};
use crate::system::git::GitRepository;
use crate::system::writing::{FileWrite, PATIENCE, WriteError, Writer, look, pending};
use crate::text::{RepoPath, Source};

/// A repository with its writer.
pub(super) struct Desk {
    pub repo: GitRepository,
    pub writer: Writer,
}

impl Desk {
    /// Takes the lock of the current folder's repository; `command` tells
    /// others who holds it.
    pub(super) fn take(global: &Global, command: &str) -> anyhow::Result<Self> {
        let repo = GitRepository::discover(&folder(global)?)?;
        let writer = Writer::take(repo.root()?, &repo.private_folder(), command, PATIENCE)?;
        Ok(Self { repo, writer })
    }

    /// A document as it lies on disk, byte for byte.
    pub(super) fn source(&self, path: &RepoPath) -> anyhow::Result<Arc<Source>> {
        let bytes = self.writer.read(path)?.with_context(|| format!("there is no {path}"))?;
        Ok(Source::from_bytes(path.clone(), bytes))
    }

    /// The configuration on disk, or the one that the caller names.
    pub(super) fn config(&self, global: &Global) -> anyhow::Result<Config> {
        configured(global, |path| self.writer.read(path))
    }

    /// The configuration of HEAD, if it has one.
    pub(super) fn committed_config(&self) -> anyhow::Result<Option<Config>> {
        let Some(head) = self.repo.head()? else { return Ok(None) };
        let path = RepoPath::from(FILE_NAME);
        let Some(bytes) = self.repo.read(Side::Commit(head), &path)? else { return Ok(None) };
        Ok(Some(Config::read(&Source::from_bytes(path, bytes)).map_err(GateError::Config)?))
    }

    /// Where documents lie.
    pub(super) fn layout(&self, config: &Config) -> anyhow::Result<Layout> {
        layout_of(&self.repo, config)
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
pub(super) struct Look {
    pub repo: GitRepository,
}

impl Look {
    pub(super) fn at(global: &Global) -> anyhow::Result<Self> {
        let repo = GitRepository::discover(&folder(global)?)?;
        settle(&repo)?;
        Ok(Self { repo })
    }

    /// The bytes on disk.
    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, WriteError> {
        let refused =
            |error: RepositoryError| WriteError::Refused { path: path.clone(), why: error.to_string() };
        look(self.repo.root().map_err(refused)?, path)
    }

    /// A document as it lies on disk.
    pub(super) fn source(&self, path: &RepoPath) -> anyhow::Result<Arc<Source>> {
        let bytes = self.read(path)?.with_context(|| format!("there is no {path}"))?;
        Ok(Source::from_bytes(path.clone(), bytes))
    }

    /// Where documents lie.
    pub(super) fn layout(&self, global: &Global) -> anyhow::Result<Layout> {
        let config = configured(global, |path| self.read(path))?;
        layout_of(&self.repo, &config)
    }
}

/// The configuration that is named, or that lies on disk.
fn configured(
    global: &Global,
    read: impl Fn(&RepoPath) -> Result<Option<Vec<u8>>, WriteError>,
) -> anyhow::Result<Config> {
    let named = named_config(global.config.as_deref())?;
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

fn layout_of(repo: &GitRepository, config: &Config) -> anyhow::Result<Layout> {
    if let Some(layout) = &config.layout {
        return Ok(layout.clone());
    }
    detect_layout(repo, Side::Worktree)?
        .context("no governance documents are here; `countersign init` sets them up")
}

/// Completes a write that was interrupted half-way, or waits for the one that
/// is under way: nobody judges files that are half old and half new.
pub(super) fn settle(repo: &GitRepository) -> anyhow::Result<()> {
    let state = repo.private_folder();
    if let (Some(command), Ok(root)) = (pending(&state), repo.root()) {
        let word = format!("completing an interrupted `{command}`");
        Writer::take(root, &state, &word, PATIENCE)?;
    }
    Ok(())
}
