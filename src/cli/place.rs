//! Where a command looks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::GlobalArgs;
use super::desk::recover_interrupted_write;
use super::gates::working_dir;
use crate::change::{Repository, SelectionRequest, TreeState};
use crate::config::{Config, FILE_NAME};
use crate::gate::GateError;
use crate::system::folder::PlainFolder;
use crate::system::git::GitRepository;
use crate::text::{RepoPath, Source};

/// Where a command looks: a git repository, or a folder without one.
pub(super) enum WorkspaceRoot {
    Git(GitRepository),
    Plain(PlainFolder, PathBuf),
}

impl WorkspaceRoot {
    /// The repository of the current folder, or that folder.
    pub(super) fn discover(global: &GlobalArgs) -> anyhow::Result<Self> {
        let here = working_dir(global)?;
        if !here.is_dir() {
            bail!("{} is no folder", here.display());
        }
        match GitRepository::discover(&here) {
            Ok(repo) => {
                recover_interrupted_write(&repo)?;
                Ok(Self::Git(repo))
            }
            Err(crate::change::RepositoryError::NotARepository(_)) => {
                Ok(Self::Plain(PlainFolder::new(&here), here))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What answers questions about it.
    pub(super) fn repo(&self) -> &dyn Repository {
        match self {
            Self::Git(repo) => repo,
            Self::Plain(repo, _) => repo,
        }
    }

    /// Its root on disk.
    pub(super) fn root(&self) -> Option<&Path> {
        match self {
            Self::Git(repo) => repo.root().ok(),
            Self::Plain(_, root) => Some(root),
        }
    }

    /// Whether it has a history.
    pub(super) fn is_git(&self) -> bool {
        matches!(self, Self::Git(_))
    }

    /// A path as typed, as one of the repository.
    pub(super) fn resolve_path(&self, here: &Path, argument: &Path) -> anyhow::Result<RepoPath> {
        let whole = std::path::absolute(here.join(argument)).context("finding the path")?;
        let found = self.root().and_then(|root| repo_path_below(root, &whole));
        let Some(found) = found else { bail!("{} lies outside of the repository", argument.display()) };
        if !whole.exists() {
            bail!("there is no {}", argument.display());
        }
        Ok(found)
    }

    /// The configuration on disk, or the named one.
    pub(super) fn load_config(&self, named: Option<Arc<Source>>) -> anyhow::Result<Config> {
        let path = RepoPath::from(FILE_NAME);
        let read = || {
            self.repo()
                .read(TreeState::Worktree, &path)
                .map(|bytes| bytes.map(|bytes| Source::from_bytes(path.clone(), bytes)))
        };
        let source = match named {
            Some(source) => Some(source),
            None => read()?,
        };
        Ok(match source {
            Some(source) => Config::read(&source).map_err(GateError::Config)?,
            None => Config::defaults(),
        })
    }

    /// The side that arguments name; without any, the files on disk.
    pub(super) fn resolve_tree(&self, staged: bool, rev: Option<&String>) -> anyhow::Result<TreeState> {
        match (&self, rev) {
            (Self::Plain(..), _) if staged || rev.is_some() => {
                bail!("this folder is in no git repository; --staged and --rev need one")
            }
            (Self::Git(repo), Some(rev)) => {
                let selection = repo.select(&SelectionRequest::Rev(rev.to_owned()), &|_| None, &[])?;
                Ok(selection.head.map_or(TreeState::Empty, TreeState::Commit))
            }
            _ if staged => Ok(TreeState::Index),
            _ => Ok(TreeState::Worktree),
        }
    }
}

/// A path below the root, as a path of the repository.
pub(super) fn repo_path_below(root: &Path, whole: &Path) -> Option<RepoPath> {
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
