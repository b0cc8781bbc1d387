//! The working tree as the pipelines see it.

use std::path::Path;

use crate::change::{ObjectStore as _, RepositoryError, TreeState, WorkingTree, Worktree};
use crate::text::RepoPath;

use super::{GitRepository, git_error};

impl WorkingTree for GitRepository {
    fn list_sources(&self, tree: TreeState) -> Result<Vec<RepoPath>, RepositoryError> {
        match tree {
            TreeState::Worktree => self.list_worktree_sources(),
            tree => self.list_below(tree, ""),
        }
    }

    fn disk_root(&self) -> Option<&Path> {
        self.repo.workdir()
    }

    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError> {
        self.list_worktrees().map(Some)
    }

    fn current_branch(&self) -> Result<Option<String>, RepositoryError> {
        let head = self.repo.find_reference("HEAD").map_err(git_error("reading HEAD"))?;
        let target = head.symbolic_target_bytes().map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(target.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned)))
    }

    fn worktree_name(&self) -> Option<String> {
        self.repo.workdir()?.file_name().map(|name| name.to_string_lossy().into_owned())
    }
}
