//! Finds old versions of files in history, and lists the working trees of a repository.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::ByteSlice as _;
use git2::Oid;

use crate::change::{
    Commit, FoundVersion, RepositoryError, VersionRequest, VersionVisitor, WorkingTree as _, Worktree,
};
use crate::digest::{Hash20, sha1};

use crate::text::RepoPath;

use super::{GitRepository, git_error, to_hash};

/// Maximum number of commits that are read; a longer walk is an error.
const MAX_WALKED_COMMITS: usize = 20_000;

/// Returns the hashes of a text with LF and with CRLF line ends.
fn hashes_with_other_line_ends(bytes: &[u8]) -> [Hash20; 2] {
    let unix = bytes.replace("\r\n", "\n");
    let dos = unix.replace("\n", "\r\n");
    [sha1(&unix), sha1(&dos)]
}

impl GitRepository {
    /// Walks back from `head` until every requested version is found or history ends.
    /// A root tree or a blob that was read before is skipped.
    pub(super) fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        let mut out: Vec<Option<FoundVersion>> = vec![None; wanted.len()];
        let mut trees: HashSet<Oid> = HashSet::new();
        // For each file, the positions of the versions that are still missing.
        let mut missing: BTreeMap<&RepoPath, Vec<usize>> = BTreeMap::new();
        for (at, want) in wanted.iter().enumerate() {
            missing.entry(&want.path).or_default().push(at);
        }
        // What was read of a file before has none of the missing versions.
        let mut seen: HashSet<(&RepoPath, Oid)> = HashSet::new();
        let mut folders: HashMap<RepoPath, HashMap<_, _>> = HashMap::new();
        let mut walk = self.walk_back_from(head);
        let mut walked = 0;
        while !missing.is_empty() {
            let Some(id) = walk.next_commit()? else { break };
            walked += 1;
            if walked > MAX_WALKED_COMMITS {
                let operation = "searching for an old version of a document";
                return Err(RepositoryError::TooManyCommits { operation, limit: MAX_WALKED_COMMITS });
            }
            if !trees.insert(self.commit_node(id)?.tree) {
                continue;
            }
            let here = Commit(to_hash(id));
            for (path, positions) in &mut missing {
                let folders = folders.entry((*path).clone()).or_default();
                let Some((_, blob)) = self.entry_in_history(here, path, folders, false)? else {
                    continue;
                };
                if !seen.insert((*path, blob)) {
                    continue;
                }
                let Ok(bytes) = self.read_blob(blob, path) else { continue };
                let own = sha1(&bytes);
                let others = std::cell::OnceCell::new();
                positions.retain(|at| {
                    let Some(want) = wanted.get(*at) else { return false };
                    let others = || others.get_or_init(|| hashes_with_other_line_ends(&bytes));
                    let is_found = own == want.sha1 || (want.any_line_ends && others().contains(&want.sha1));
                    if let Some(found) = out.get_mut(*at).filter(|_| is_found) {
                        *found = Some((here, bytes.clone()));
                    }
                    !is_found
                });
            }
            missing.retain(|_, positions| !positions.is_empty());
        }
        Ok(out)
    }

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
