//! Reads old versions of files in history, and lists the working trees of a repository.

use std::collections::{HashMap, HashSet};

use git2::Oid;

use crate::change::{Commit, RepositoryError, VersionVisitor, WorkingTree as _, Worktree};
use crate::text::RepoPath;

use super::{GitRepository, git_error, to_hash};

/// Maximum number of commits that are read; a longer walk is an error.
pub(super) const MAX_WALKED_COMMITS: usize = 20_000;

impl GitRepository {
    /// Walks back from `head` and gives every version of some files to `visit`, until it wants
    /// no more of any file or history ends. A root tree or a blob that was read before is
    /// skipped.
    pub(super) fn visit_versions(
        &self,
        head: Commit,
        paths: &[RepoPath],
        visit: &mut VersionVisitor<'_>,
    ) -> Result<Vec<Option<Commit>>, RepositoryError> {
        let mut oldest: Vec<Option<Commit>> = vec![None; paths.len()];
        let mut trees: HashSet<Oid> = HashSet::new();
        // The files of which more versions are wanted, each with its known folders and blobs.
        let mut open: Vec<(usize, &RepoPath, HashMap<_, _>, HashSet<Oid>)> =
            paths.iter().enumerate().map(|(at, path)| (at, path, HashMap::new(), HashSet::new())).collect();
        let mut walk = self.walk_back_from(head);
        let mut walked = 0;
        while !open.is_empty() {
            let Some(id) = walk.next_commit()? else { break };
            walked += 1;
            if walked > MAX_WALKED_COMMITS {
                let operation = "searching for the versions of a file";
                return Err(RepositoryError::TooManyCommits { operation, limit: MAX_WALKED_COMMITS });
            }
            if !trees.insert(self.commit_node(id)?.tree) {
                continue;
            }
            let here = Commit(to_hash(id));
            let mut kept = Vec::with_capacity(open.len());
            for (at, path, mut folders, mut seen) in open {
                let entry = self.entry_in_history(here, path, &mut folders, false)?;
                if let Some(oldest) = oldest.get_mut(at).filter(|_| entry.is_some()) {
                    *oldest = Some(here);
                }
                let wants_more = match entry.filter(|(_, blob)| seen.insert(*blob)) {
                    None => true,
                    Some((mode, blob)) => {
                        let is_file = matches!(mode, 0o100_644 | 0o100_755 | 0o100_664);
                        let bytes = if is_file { self.read_blob(blob, path).ok() } else { None };
                        visit(at, bytes.as_deref())
                    }
                };
                if wants_more {
                    kept.push((at, path, folders, seen));
                }
            }
            open = kept;
        }
        Ok(oldest)
    }

    /// Returns the folders of all working trees, with the branches that are checked out.
    ///
    /// # Errors
    /// The working trees cannot be listed.
    #[cfg(feature = "ledger")]
    pub(crate) fn worktree_folders(
        &self,
    ) -> Result<Vec<(std::path::PathBuf, Option<String>)>, RepositoryError> {
        let mut all: Vec<git2::Repository> = git2::Repository::open(self.repo.path()).into_iter().collect();
        all.extend(git2::Repository::open(self.repo.commondir()));
        let names = self.repo.worktrees().map_err(git_error("listing working trees"))?;
        for name in names.iter().flatten().flatten() {
            let tree = self.repo.find_worktree(name).ok().filter(|tree| tree.validate().is_ok());
            all.extend(tree.and_then(|tree| git2::Repository::open_from_worktree(&tree).ok()));
        }
        let mut out: Vec<(std::path::PathBuf, Option<String>)> = Vec::new();
        for repo in all {
            let Some(folder) = repo.workdir().map(std::path::Path::to_path_buf) else { continue };
            let branch = Self::from_git2(repo).current_branch().unwrap_or_default();
            if !out.iter().any(|(known, _)| *known == folder) {
                out.push((folder, branch));
            }
        }
        Ok(out)
    }

    /// Returns this working tree first, then the main one and all linked ones.
    pub(super) fn list_worktrees(&self) -> Result<Vec<Worktree>, RepositoryError> {
        let mut out = Vec::new();
        if let Some(folder) = self.worktree_name() {
            out.push(Worktree { folder, branch: self.current_branch()? });
        }
        let names = self.repo.worktrees().map_err(git_error("listing working trees"))?;
        let mut others: Vec<git2::Repository> = Vec::new();
        for name in names.iter().flatten().flatten() {
            let tree =
                self.repo.find_worktree(name).map_err(git_error(format!("reading working tree {name}")))?;
            // A record whose folder was removed is skipped.
            if tree.validate().is_ok() {
                others.extend(git2::Repository::open_from_worktree(&tree));
            }
        }
        if self.repo.is_worktree() {
            others.extend(git2::Repository::open(self.repo.commondir()));
        }
        for repo in others {
            let other = Self::from_git2(repo);
            let (Some(folder), Ok(branch)) = (other.worktree_name(), other.current_branch()) else {
                continue;
            };
            let is_listed = out.iter().any(|tree: &Worktree| tree.folder == folder && tree.branch == branch);
            if !is_listed {
                out.push(Worktree { folder, branch });
            }
        }
        Ok(out)
    }
}
