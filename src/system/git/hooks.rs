//! Facts about a repository for the git hooks and their installation.

use std::path::{Path, PathBuf};

use crate::change::{Commit, History as _, RepositoryError};
use crate::text::RepoPath;

use super::{GitRepository, git_error, to_hash};

impl GitRepository {
    /// Returns the hooks folder of the repository, shared by all its working trees.
    #[must_use]
    pub fn hooks_folder(&self) -> PathBuf {
        self.repo.commondir().join("hooks")
    }

    /// Returns whether a tracked ignore file of HEAD ignores a path. Gates use only
    /// these ignore files.
    ///
    /// # Errors
    /// HEAD cannot be read.
    pub fn is_ignored_at_head(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        self.is_ignored_at(self.head()?, path)
    }

    /// Returns whether a tracked ignore file of a commit ignores a path. Without a
    /// commit, nothing is ignored.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub fn is_ignored_at(&self, commit: Option<Commit>, path: &RepoPath) -> Result<bool, RepositoryError> {
        let base = self.flat_tree(commit)?;
        Ok(self.base_ignore_rules(&base)?.excludes(path))
    }

    /// Returns whether `git add` would skip a path, because of any ignore file or
    /// setting on this machine.
    ///
    /// # Errors
    /// The ignore files cannot be read.
    pub fn is_ignored_by_git(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        let operation = || format!("checking whether git ignores {path}");
        self.repo.is_path_ignored(path.to_text().as_ref()).map_err(git_error(operation()))
    }

    /// Returns the user of git's configuration, `Name <mail>`. If only one of both is
    /// configured, returns that one; `None` if neither is.
    #[must_use]
    pub fn configured_identity(&self) -> Option<String> {
        let config = self.repo.config().ok()?;
        let value = |key: &str| config.get_string(key).ok().filter(|text| !text.trim().is_empty());
        match (value("user.name"), value("user.email")) {
            (Some(name), Some(mail)) => Some(format!("{name} <{mail}>")),
            (name, mail) => name.or(mail),
        }
    }

    /// Returns the configured hooks folder (`core.hooksPath`); `None` if it is not set.
    #[must_use]
    pub fn configured_hooks_path(&self) -> Option<String> {
        let config = self.repo.config().ok()?;
        config.get_string("core.hooksPath").ok().filter(|path| !path.is_empty())
    }

    /// Uses the index that git prepares for a commit (`GIT_INDEX_FILE` of a hook)
    /// instead of the usual one.
    ///
    /// # Errors
    /// The file is not in the repository's git folder, or cannot be read.
    pub fn use_index(&mut self, path: &Path) -> Result<(), RepositoryError> {
        let operation = || format!("reading the index {}", path.display());
        let real = |path: &Path| path.canonicalize().ok();
        let parent = real(path).and_then(|path| path.parent().map(Path::to_path_buf));
        if parent.is_none() || parent != real(self.repo.path()) {
            let reason = "the file is not in the git folder of this repository".to_owned();
            return Err(RepositoryError::Git { operation: operation(), reason });
        }
        let mut index = git2::Index::open(path).map_err(git_error(operation()))?;
        self.repo.set_index(&mut index).map_err(git_error(operation()))
    }

    /// Returns the newest ancestor of `local` that a remote has, according to the
    /// remote-tracking references; `None` if there is none.
    ///
    /// # Errors
    /// The commit or the references cannot be read.
    pub fn find_last_pushed(&self, local: Commit) -> Result<Option<Commit>, RepositoryError> {
        let operation = "reading the references of remotes";
        let mut newest: Option<Commit> = None;
        for reference in self.repo.references_glob("refs/remotes/*").map_err(git_error(operation))? {
            let reference = reference.map_err(git_error(operation))?;
            let Ok(commit) = reference.peel_to_commit() else { continue };
            // Without this reference, the base is older, so that more is scanned.
            let Ok(Some(base)) = self.find_merge_base(local, Commit(to_hash(commit.id()))) else { continue };
            let newer = match newest {
                None => true,
                Some(previous) => self.is_ancestor(previous, base)?,
            };
            if newer {
                newest = Some(base);
            }
        }
        Ok(newest)
    }
}
