//! What git hooks need to know of a repository.

use std::path::{Path, PathBuf};

use crate::change::RepositoryError;

use super::{GitRepository, failed};

impl GitRepository {
    /// The repository's own folder of hooks, shared by all its working trees.
    #[must_use]
    pub fn hooks_folder(&self) -> PathBuf {
        self.repo.commondir().join("hooks")
    }

    /// Another folder that git takes hooks from, if it is configured.
    #[must_use]
    pub fn hooks_path(&self) -> Option<String> {
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
            return Err(RepositoryError::Git { doing: doing(), reason });
        }
        let mut index = git2::Index::open(path).map_err(failed(doing()))?;
        self.repo.set_index(&mut index).map_err(failed(doing()))
    }

    /// A branch that a new branch was probably made from: the other side's
    /// main branch, or the own one.
    #[must_use]
    pub fn main_branch(&self, names: &[String], local: &str) -> Option<String> {
        let spellings = names.iter().map(|name| format!("refs/remotes/origin/{name}"));
        let all = spellings.chain(names.iter().map(|name| format!("refs/heads/{name}")));
        let mut known = all.filter(|name| {
            let found = self.repo.find_reference(name).ok().and_then(|found| found.peel_to_commit().ok());
            found.is_some_and(|commit| commit.id().to_string() != local)
        });
        known.next()
    }
}
