//! What stands where a submodule is checked out.

use crate::change::History as _;
use crate::change::RepositoryError;
use crate::digest::Hash20;
use crate::text::RepoPath;

use super::GitRepository;

/// Submodules in submodules are followed this far.
const MAX_DEPTH: usize = 8;

impl GitRepository {
    /// The commit that is checked out in a submodule; where files in it differ
    /// from that commit, why it cannot be judged. Its own settings (`ignore`,
    /// `core.worktree`) have no say.
    pub(super) fn submodule_head(
        &self,
        path: &RepoPath,
    ) -> Result<(Hash20, Option<String>), RepositoryError> {
        let disk = self.disk_path(path)?;
        let nothing = || Some("a repository without a readable commit lies here".to_owned());
        let Ok(repo) = git2::Repository::open(&disk) else { return Ok((Hash20::ZERO, nothing())) };
        let mut inner = Self::from_git2(repo);
        inner.submodule_depth = self.submodule_depth + 1;
        if inner.submodule_depth > MAX_DEPTH {
            return Ok((Hash20::ZERO, Some(format!("submodules are nested deeper than {MAX_DEPTH}"))));
        }
        let Ok(Some(head)) = inner.head() else { return Ok((Hash20::ZERO, nothing())) };
        let same = |root: &std::path::Path| match (root.canonicalize(), disk.canonicalize()) {
            (Ok(root), Ok(disk)) => root == disk,
            _ => false,
        };
        if !inner.root().is_ok_and(same) {
            let why = "the configuration of this submodule puts its files elsewhere";
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
