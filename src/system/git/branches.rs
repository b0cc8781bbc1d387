//! Branches that may be the main branch, and the remote whose branches count.

use std::collections::BTreeSet;

use git2::ErrorCode;

use crate::change::{BranchTip, Commit, RepositoryError};

use super::{GitRepository, git_error, to_hash};

impl GitRepository {
    /// See [`crate::change::History::branch_tips`].
    pub(super) fn find_branch_tips(&self, names: &[String]) -> Result<Vec<BranchTip>, RepositoryError> {
        let remote = self.main_remote_name();
        let mut names: BTreeSet<String> = names.iter().cloned().collect();
        names.extend(remote.as_deref().and_then(|remote| self.head_of_remote(remote)));
        let mut out = Vec::new();
        for name in names {
            let local = (format!("refs/heads/{name}"), name.clone(), false);
            let tracking = remote
                .as_ref()
                .map(|remote| (format!("refs/remotes/{remote}/{name}"), format!("{remote}/{name}"), true));
            for (full, reference, is_remote) in std::iter::once(local).chain(tracking) {
                let found = match self.repo.find_reference(&full) {
                    Ok(found) => found,
                    Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {
                        continue;
                    }
                    Err(error) => return Err(git_error(format!("reading the reference {full}"))(error)),
                };
                // A symbolic reference to a branch that is gone, as after a renamed main branch.
                if found.resolve().is_err_and(|error| error.code() == ErrorCode::NotFound) {
                    continue;
                }
                let commit =
                    found.peel_to_commit().map_err(git_error(format!("reading the commit of {full}")))?;
                let tip = Commit(to_hash(commit.id()));
                out.push(BranchTip { name: name.clone(), reference, tip, is_remote });
            }
        }
        out.sort_by(|a, b| a.reference.cmp(&b.reference));
        Ok(out)
    }

    /// Returns the branch that HEAD of a remote names, whether it exists or not.
    fn head_of_remote(&self, remote: &str) -> Option<String> {
        let head = self.repo.find_reference(&format!("refs/remotes/{remote}/HEAD")).ok()?;
        let target = head.symbolic_target().ok().flatten()?;
        target.strip_prefix(&format!("refs/remotes/{remote}/")).map(str::to_owned)
    }

    /// Returns the existing branch that is the main branch by its name: the one that HEAD of
    /// the remote names, otherwise `main` or `master`. `None` if there is none.
    pub(crate) fn usual_main_branch(&self) -> Result<Option<String>, RepositoryError> {
        let usual = ["main".to_owned(), "master".to_owned()];
        let tips = self.find_branch_tips(&usual)?;
        let of_remote = self.main_remote_name().and_then(|remote| self.head_of_remote(&remote));
        let names = of_remote.into_iter().chain(usual);
        Ok(names.into_iter().find(|name| tips.iter().any(|tip| tip.name == *name)))
    }

    /// Returns whether a branch of this name exists, here or at the remote.
    pub(crate) fn has_branch(&self, name: &str) -> Result<bool, RepositoryError> {
        let tips = self.find_branch_tips(std::slice::from_ref(&name.to_owned()))?;
        Ok(tips.iter().any(|tip| tip.name == name))
    }

    /// See [`crate::change::History::branch_names`].
    pub(super) fn list_branch_names(&self, limit: usize) -> Result<Option<Vec<String>>, RepositoryError> {
        let tracking = self.main_remote_name().map(|remote| format!("refs/remotes/{remote}/"));
        let prefixes = [Some("refs/heads/".to_owned()), tracking];
        let mut names = BTreeSet::new();
        for prefix in prefixes.into_iter().flatten() {
            let mut found = self
                .repo
                .references_glob(&format!("{prefix}*"))
                .map_err(git_error("listing the branches"))?;
            for reference in found.names() {
                // A name that is no text is no name of a configuration.
                let Ok(reference) = reference else { return Ok(None) };
                // HEAD of a remote is another name of one of its branches.
                let name = reference.strip_prefix(&prefix);
                let is_branch = |name: &&str| prefix == "refs/heads/" || *name != "HEAD";
                names.extend(name.filter(is_branch).map(str::to_owned));
                if names.len() > limit {
                    return Ok(None);
                }
            }
        }
        Ok(Some(names.into_iter().collect()))
    }

    /// Returns the remote whose branches may be the main branch: `origin`, or the only
    /// one that there is.
    fn main_remote_name(&self) -> Option<String> {
        let names = self.repo.remotes().ok()?;
        let mut names = names.iter().filter_map(|name| name.ok().flatten().map(str::to_owned));
        let all: Vec<String> = names.by_ref().collect();
        // A tracking reference of `origin` counts even if its settings are gone.
        match all.as_slice() {
            [only] => Some(only.clone()),
            _ => Some("origin".to_owned()),
        }
    }

    /// See [`crate::change::History::main_remote`].
    pub(super) fn find_main_remote(&self) -> Option<String> {
        let name = self.main_remote_name()?;
        self.repo.find_remote(&name).is_ok().then_some(name)
    }
}
