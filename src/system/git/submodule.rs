//! The checked-out commit of a submodule.

use crate::change::{History as _, RepositoryError};
use crate::digest::Hash20;
use crate::text::RepoPath;

use super::GitRepository;

/// Maximum depth of nested submodules.
const MAX_DEPTH: usize = 8;

impl GitRepository {
    /// Returns the commit that is checked out in a submodule. If its files differ from
    /// that commit, returns [`Hash20::ZERO`] and the reason why the submodule cannot be
    /// checked. The settings of the submodule (`ignore`, `core.worktree`) are not used.
    pub(super) fn submodule_head(
        &self,
        path: &RepoPath,
    ) -> Result<(Hash20, Option<String>), RepositoryError> {
        let disk = self.disk_path(path)?;
        let no_commit = || Some("it is a repository without a readable commit".to_owned());
        if let Err(error) = super::metadata_files::refuse_special_files(&disk) {
            return Ok((Hash20::ZERO, Some(error.to_string())));
        }
        let Ok(repo) = git2::Repository::open(&disk) else { return Ok((Hash20::ZERO, no_commit())) };
        let mut inner = Self::from_git2(repo);
        inner.submodule_depth = self.submodule_depth + 1;
        if inner.submodule_depth > MAX_DEPTH {
            return Ok((
                Hash20::ZERO,
                Some(format!("submodules are nested more than {MAX_DEPTH} levels deep")),
            ));
        }
        let Ok(Some(head)) = inner.head() else { return Ok((Hash20::ZERO, no_commit())) };
        let is_same_folder = |root: &std::path::Path| match (root.canonicalize(), disk.canonicalize()) {
            (Ok(root), Ok(disk)) => root == disk,
            _ => false,
        };
        if !inner.root().is_ok_and(is_same_folder) {
            let why = "its configuration puts its working tree elsewhere";
            return Ok((Hash20::ZERO, Some(why.to_owned())));
        }
        let changes = inner.worktree_changes(Some(head))?.changes;
        let Some(first) = changes.first() else { return Ok((head.0, None)) };
        let why = format!(
            "files in it differ from its commit {}, for example {}; commit or revert them there",
            head.0, first.path
        );
        Ok((Hash20::ZERO, Some(why)))
    }
}
