//! The ignore file of git's user: it exempts nothing in the scope, but outside it an
//! untracked file that it ignores is a warning instead of an error.

use std::collections::BTreeMap;

use crate::change::{RepositoryError, TreeEntry};
use crate::system::{environment, files};
use crate::text::RepoPath;

use super::GitRepository;
use super::index::StagedEntry;
use super::untracked::DiskEntry;

/// Maximum size of the ignore file of git's user, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

impl GitRepository {
    /// Returns the untracked paths that only the ignore file of git's user ignores, each
    /// with the path that reports show: the highest ignored folder without tracked files,
    /// or the file itself.
    pub(super) fn user_ignored_paths(
        &self,
        base: &BTreeMap<RepoPath, TreeEntry>,
        staged: &BTreeMap<RepoPath, StagedEntry>,
        found: &BTreeMap<RepoPath, DiskEntry>,
    ) -> Result<BTreeMap<RepoPath, RepoPath>, RepositoryError> {
        let is_tracked = |path: &RepoPath| staged.contains_key(path) || base.contains_key(path);
        let untracked: Vec<&RepoPath> = found.keys().filter(|path| !is_tracked(path)).collect();
        let rules = if untracked.is_empty() { None } else { self.user_ignore_file() };
        let Some(rules) = rules else { return Ok(BTreeMap::new()) };
        let rules = self.base_ignore_rules(base, Some(rules))?;
        let mut with_tracked: BTreeMap<RepoPath, bool> = BTreeMap::new();
        let mut out = BTreeMap::new();
        for path in untracked {
            let Some(root) = rules.ignored_root(path) else { continue };
            let has_tracked = *with_tracked.entry(root.clone()).or_insert_with(|| {
                staged.keys().chain(base.keys()).any(|tracked| tracked.is_below(root.as_bytes()))
            });
            let shown = if root == *path || has_tracked { path.clone() } else { root.join(b"") };
            out.insert(path.clone(), shown);
        }
        Ok(out)
    }

    /// Reads the ignore file that the user's own configuration of git names, or the one at
    /// git's default place. The configuration of the repository names none here, and a
    /// file inside the working tree is none: the work could write it.
    fn user_ignore_file(&self) -> Option<Vec<u8>> {
        let named = git2::Config::open_default()
            .ok()
            .and_then(|mut config| config.snapshot().ok()?.get_path("core.excludesFile").ok());
        let path = named.or_else(|| Some(environment::config_home()?.join("git/ignore")))?;
        let real = path.canonicalize().ok()?;
        let is_inside = self.root().ok()?.canonicalize().is_ok_and(|root| real.starts_with(root));
        if is_inside { None } else { files::read(&real, MAX_BYTES).ok() }
    }
}
