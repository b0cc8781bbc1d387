//! What git hooks need to know of a repository.

use crate::change::History as _;
use std::path::{Path, PathBuf};

use crate::change::{Commit, RepositoryError};

use crate::text::RepoPath;

use super::{GitRepository, git_error, to_hash, to_oid};

impl GitRepository {
    /// The repository's own folder of hooks, shared by all its working trees.
    #[must_use]
    pub fn hooks_folder(&self) -> PathBuf {
        self.repo.commondir().join("hooks")
    }

    /// Whether a tracked ignore file of HEAD leaves a path out, which is what
    /// gates count.
    ///
    /// # Errors
    /// HEAD cannot be read.
    pub fn is_ignored_at_head(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        let base = self.flat_tree(self.head()?)?;
        Ok(self.base_ignore_rules(&base)?.excludes(path))
    }

    /// Whether `git add` would pass a path over, by any ignore file or setting
    /// that counts on this machine.
    ///
    /// # Errors
    /// The ignore files cannot be read.
    pub fn is_ignored_by_git(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        let doing = || format!("asking whether git ignores {path}");
        self.repo.is_path_ignored(path.to_text().as_ref()).map_err(git_error(doing()))
    }

    /// Who git's configuration says works here, `Name <mail>`.
    #[must_use]
    pub fn configured_identity(&self) -> Option<String> {
        let config = self.repo.config().ok()?;
        let said = |key: &str| config.get_string(key).ok().filter(|text| !text.trim().is_empty());
        match (said("user.name"), said("user.email")) {
            (Some(name), Some(mail)) => Some(format!("{name} <{mail}>")),
            (name, mail) => name.or(mail),
        }
    }

    /// Another folder that git takes hooks from, if it is configured.
    #[must_use]
    pub fn configured_hooks_path(&self) -> Option<String> {
        let config = self.repo.config().ok()?;
        config.get_string("core.hooksPath").ok().filter(|path| !path.is_empty())
    }

    /// Reads what is staged from the index that git prepares for a commit
    /// (`GIT_INDEX_FILE` of a hook), if it lies in the repository's folder.
    ///
    /// # Errors
    /// It lies elsewhere, or cannot be read.
    pub fn use_index(&mut self, path: &Path) -> Result<(), RepositoryError> {
        let doing = || format!("reading the index {}", path.display());
        let real = |path: &Path| path.canonicalize().ok();
        let inside = real(path).and_then(|path| path.parent().map(Path::to_path_buf));
        if inside.is_none() || inside != real(self.repo.path()) {
            let reason = "it is no index of this repository".to_owned();
            return Err(RepositoryError::Git { operation: doing(), reason });
        }
        let mut index = git2::Index::open(path).map_err(git_error(doing()))?;
        self.repo.set_index(&mut index).map_err(git_error(doing()))
    }

    /// The newest commit of a line that some other repository is known to have,
    /// from the references of remotes; `None` if nothing is known.
    ///
    /// # Errors
    /// The commit or the references cannot be read.
    pub fn find_last_pushed(&self, local: Commit) -> Result<Option<Commit>, RepositoryError> {
        let doing = "reading the references of remotes";
        let mut newest: Option<Commit> = None;
        for reference in self.repo.references_glob("refs/remotes/*").map_err(git_error(doing))? {
            let reference = reference.map_err(git_error(doing))?;
            let Ok(commit) = reference.peel_to_commit() else { continue };
            let Ok(base) = self.repo.merge_base(to_oid(local.0), commit.id()) else { continue };
            let base = Commit(to_hash(base));
            let newer = match newest {
                None => true,
                Some(known) => self.is_ancestor(known, base)?,
            };
            if newer {
                newest = Some(base);
            }
        }
        Ok(newest)
    }
}
