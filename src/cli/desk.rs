//! Where commands that write work: a repository, and its lock if they write.

use std::sync::Arc;

use anyhow::Context as _;

use super::Global;
use super::gates::{folder, named_config};
use crate::change::Side;
use crate::config::{Config, FILE_NAME};
use crate::document::Layout;
use crate::gate::{GateError, LARGEST_DOCUMENT, detect_layout};
use crate::system::files;
use crate::system::git::GitRepository;
use crate::system::writing::{FileWrite, PATIENCE, Writer, pending};
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
        let named = named_config(global.config.as_deref())?;
        let path = RepoPath::from(FILE_NAME);
        let source = match named {
            Some(source) => Some(source),
            None => self.writer.read(&path)?.map(|bytes| Source::from_bytes(path, bytes)),
        };
        Ok(match source {
            Some(source) => Config::read(&source).map_err(GateError::Config)?,
            None => Config::defaults(),
        })
    }

    /// Where documents lie.
    pub(super) fn layout(&self, config: &Config) -> anyhow::Result<Layout> {
        if let Some(layout) = &config.layout {
            return Ok(layout.clone());
        }
        detect_layout(&self.repo, Side::Worktree)?
            .context("no governance documents are here; `countersign init` sets them up")
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

/// A document as it lies on disk, read without the lock.
pub(super) fn unlocked(repo: &GitRepository, path: &RepoPath) -> anyhow::Result<Arc<Source>> {
    let limit = u64::try_from(LARGEST_DOCUMENT).unwrap_or(u64::MAX);
    let bytes =
        files::read(&files::below(repo.root()?, path), limit).with_context(|| format!("reading {path}"))?;
    Ok(Source::from_bytes(path.clone(), bytes))
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
