//! The ignore file of git's user: it exempts nothing in the scope, but outside it an
//! untracked file that it ignores is a warning instead of an error.

use std::collections::{BTreeMap, BTreeSet};

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
        let mut tracked_folders: BTreeSet<&[u8]> = BTreeSet::new();
        for path in staged.keys().chain(base.keys()) {
            let mut folder: &[u8] = path.folder();
            // Folders above a known folder are known as well.
            while !folder.is_empty() && tracked_folders.insert(folder) {
                folder = memchr::memrchr(b'/', folder).and_then(|at| folder.get(..at)).unwrap_or_default();
            }
        }
        let mut out = BTreeMap::new();
        for path in untracked {
            let Some(root) = rules.ignored_root(path) else { continue };
            let has_tracked = tracked_folders.contains(root.as_bytes());
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
