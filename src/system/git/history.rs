//! Finds the commits that introduced content into a file, and the commits of a range.

use std::collections::{HashMap, HashSet, VecDeque};

use git2::Oid;

use crate::change::{
    BranchTip, Commit, CommitInfo, FileMode, FoundVersion, History, RepositoryError, VersionRequest,
    VersionVisitor,
};
use crate::digest::Hash20;
use crate::text::RepoPath;

use super::{GitRepository, git_error, to_hash, to_oid};

/// Maximum number of commits that are read; a longer walk is an error.
const MAX_WALKED_COMMITS: usize = 20_000;

/// Maximum number of changed paths of all commits of a range together.
const MAX_KEPT_PATHS: usize = 1_000_000;

/// Number of newest commits that are all read if the caller does not give a trusted
/// commit to stop at.
const RECENT_COMMITS: usize = 500;

impl GitRepository {
    /// See [`crate::change::History::find_introductions`].
    pub(super) fn find_introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        let mut known: HashMap<Oid, bool> = HashMap::new();
        let mut folders = self.take_folders(path);
        let mut has = |commit: Oid| -> Result<bool, RepositoryError> {
            let Some((mode, blob)) =
                self.entry_in_history(Commit(to_hash(commit)), path, &mut folders, true)?
            else {
                return Ok(false);
            };
            if !matches!(FileMode::from_raw(mode), Some(FileMode::Regular | FileMode::Executable)) {
                return Ok(false);
            }
            if let Some(result) = known.get(&blob) {
                return Ok(*result);
            }
            let result = holds(&self.read_blob(blob, path)?);
            known.insert(blob, result);
            Ok(result)
        };
        let mut out = Vec::new();
        let open = match stop {
            Some(_) => self.ids_between(stop, head)?,
            None => self.list_newest_commits(head)?,
        };
        if open.len() > MAX_WALKED_COMMITS {
            let reason = format!("this would require reading more than {MAX_WALKED_COMMITS} commits");
            return Err(RepositoryError::Git { operation: format!("walking the history of {path}"), reason });
        }
        let within: HashSet<Oid> = open.iter().copied().collect();
        for id in open {
            if has(id)? && !self.any_parent_has(id, &mut has)? {
                out.push(self.read_commit_facts(id, stop, &within)?);
            }
        }
        // Older commits are followed as long as their content satisfies `holds`.
        let mut open = VecDeque::from([to_oid(head.0)]);
        let mut seen: HashSet<Oid> = open.iter().copied().collect();
        while let Some(id) = open.pop_front().filter(|_| stop.is_none() && out.is_empty()) {
            if seen.len() > MAX_WALKED_COMMITS {
                let reason = format!("this would require reading more than {MAX_WALKED_COMMITS} commits");
                return Err(RepositoryError::Git {
                    operation: format!("walking the history of {path}"),
                    reason,
                });
            }
            if !has(id)? {
                continue;
            }
            if !self.any_parent_has(id, &mut has)? {
                out.push(self.read_commit_facts(id, stop, &within)?);
            }
            for parent in &self.commit_node(id)?.parents {
                if has(*parent)? && seen.insert(*parent) {
                    open.push_back(*parent);
                }
            }
        }
        self.keep_folders(path, folders);
        out.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.commit.cmp(&b.commit)));
        Ok(out)
    }

    /// Returns the newest commits reachable from `head`, at most [`RECENT_COMMITS`].
    fn list_newest_commits(&self, head: Commit) -> Result<Vec<Oid>, RepositoryError> {
        let mut walk = self.walk_back_from(head);
        let mut out = Vec::new();
        while out.len() < RECENT_COMMITS {
            let Some(id) = walk.next_commit()? else { break };
            out.push(id);
        }
        Ok(out)
    }

    fn any_parent_has(
        &self,
        id: Oid,
        has: &mut dyn FnMut(Oid) -> Result<bool, RepositoryError>,
    ) -> Result<bool, RepositoryError> {
        let mut any = false;
        for parent in &self.commit_node(id)?.parents {
            any = any || has(*parent)?;
        }
        Ok(any)
    }

    /// Returns the commits reachable from `head` and not from `base`, newest first.
    pub(super) fn commits_since(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        let found = self.ids_between(base, head)?;
        if found.len() > MAX_WALKED_COMMITS {
            let reason = format!("this would require reading more than {MAX_WALKED_COMMITS} commits");
            return Err(RepositoryError::Git {
                operation: "reading the commits under judgement".into(),
                reason,
            });
        }
        let within: HashSet<Oid> = found.iter().copied().collect();
        let mut out: Vec<CommitInfo> = Vec::new();
        let mut kept = 0;
        for id in found {
            let facts = self.read_commit_facts(id, base, &within)?;
            kept += facts.changed_paths.len();
            if kept > MAX_KEPT_PATHS {
                let reason = format!("its commits change more than {MAX_KEPT_PATHS} paths in all");
                return Err(RepositoryError::Git {
                    operation: "reading the commits under judgement".into(),
                    reason,
                });
            }
            out.push(facts);
        }
        Ok(out)
    }

    /// See [`crate::change::History::commit_signature`].
    pub(super) fn read_commit_signature(
        &self,
        commit: Commit,
    ) -> Result<Option<(String, Vec<u8>)>, RepositoryError> {
        // This compares the id with the bytes.
        self.commit_node(to_oid(commit.0))?;
        match self.repo.extract_signature(&to_oid(commit.0), None) {
            Ok((signature, text)) => {
                Ok(Some((String::from_utf8_lossy(&signature).into_owned(), text.to_vec())))
            }
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(git_error(format!("reading the signature of {}", commit.short()))(error)),
        }
    }

    /// See [`crate::change::History::newest_time`].
    pub(super) fn find_newest_time(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Option<i64>, RepositoryError> {
        let found = self.ids_between(base, head)?;
        if found.len() > MAX_WALKED_COMMITS {
            let reason = format!("this would require reading more than {MAX_WALKED_COMMITS} commits");
            return Err(RepositoryError::Git { operation: "reading the times of commits".into(), reason });
        }
        let mut newest = None;
        for id in found.into_iter().chain(base.map(|base| to_oid(base.0))) {
            newest = newest.max(Some(self.commit_node(id)?.time));
        }
        Ok(newest)
    }

    /// Reads authors, time, parents and changed paths of a commit. The commit is compared
    /// only with parents that are `within` the walk or equal to `base`. Otherwise a merge
    /// with an old ancestor as second parent could restore old content undetected.
    fn read_commit_facts(
        &self,
        id: Oid,
        base: Option<Commit>,
        within: &HashSet<Oid>,
    ) -> Result<CommitInfo, RepositoryError> {
        // This also compares the id with the bytes.
        let node = self.commit_node(id)?;
        let commit = self.repo.find_commit(id).map_err(git_error(format!("reading commit {id}")))?;
        let is_relevant =
            |parent: &&Oid| within.contains(parent) || base.is_some_and(|base| to_oid(base.0) == **parent);
        let mut parents: Vec<Oid> = node.parents.iter().filter(is_relevant).copied().collect();
        if parents.is_empty() {
            parents.extend(node.parents.first());
        }
        let against = |parent: Option<&Oid>| -> Result<Vec<RepoPath>, RepositoryError> {
            let changes =
                self.tree_changes(parent.map(|id| Commit(to_hash(*id))), Some(Commit(to_hash(id))))?;
            Ok(changes.changes.into_iter().map(|change| change.path).collect())
        };
        let mut changed_paths = against(parents.first())?;
        let tree_of = |parent: &Oid| self.commit_node(*parent).ok().map(|commit| commit.tree);
        let mut compared: HashSet<Oid> = parents.first().and_then(tree_of).into_iter().collect();
        for other in parents.iter().skip(1) {
            if changed_paths.is_empty() {
                break;
            }
            // Parents with the same tree give the same result.
            if tree_of(other).is_some_and(|tree| !compared.insert(tree)) {
                continue;
            }
            // Both lists are sorted by path.
            let paths = against(Some(other))?;
            changed_paths.retain(|path| paths.binary_search(path).is_ok());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let person =
            |who: git2::Signature<'_>| format!("{} <{}>", text(who.name_bytes()), text(who.email_bytes()));
        Ok(CommitInfo {
            subject: first_line(commit.message_bytes()),
            commit: Commit(to_hash(commit.id())),
            author: person(commit.author()),
            committer: person(commit.committer()),
            time: commit.time().seconds(),
            parents: self.commit_node(id)?.parents.iter().map(|id| Commit(to_hash(*id))).collect(),
            changed_paths,
        })
    }

    /// Returns the first lines of the messages of all commits reachable from `head`.
    pub(super) fn list_subjects(&self, head: Commit) -> Result<Vec<String>, RepositoryError> {
        let mut open = vec![to_oid(head.0)];
        let mut seen: std::collections::HashSet<Oid> = open.iter().copied().collect();
        let mut out = Vec::new();
        while let Some(id) = open.pop() {
            let node = self.commit_node(id)?;
            out.push(node.subject.to_string());
            open.extend(node.parents.iter().copied().filter(|parent| seen.insert(*parent)));
        }
        Ok(out)
    }
}

impl History for GitRepository {
    fn read_ahead(&self, head: Commit) {
        self.start_reading_ahead(head, RECENT_COMMITS);
    }

    fn branch_tips(&self, names: &[String]) -> Result<Vec<BranchTip>, RepositoryError> {
        self.find_branch_tips(names)
    }

    fn branch_names(&self, limit: usize) -> Result<Option<Vec<String>>, RepositoryError> {
        self.list_branch_names(limit)
    }

    fn main_remote(&self) -> Option<String> {
        self.find_main_remote()
    }

    fn parents(&self, commit: Commit) -> Result<Vec<Commit>, RepositoryError> {
        let node = self.commit_node(to_oid(commit.0))?;
        Ok(node.parents.iter().map(|id| Commit(to_hash(*id))).collect())
    }

    fn is_shallow(&self) -> bool {
        self.repo.is_shallow()
    }

    fn cut_history(&self, base: Commit, head: Commit) {
        self.commit_cache.cut(to_oid(base.0), to_oid(head.0));
    }

    fn history_cut(&self) -> Option<(Commit, Commit)> {
        self.commit_cache.cut_at().map(|(base, head)| (Commit(to_hash(base)), Commit(to_hash(head))))
    }

    fn merged_commit(&self) -> Result<Option<Commit>, RepositoryError> {
        Ok(self.read_merge_head())
    }

    fn merge_base(&self, a: Commit, b: Commit) -> Result<Option<Commit>, RepositoryError> {
        self.find_merge_base(a, b)
    }

    fn commit_signature(&self, commit: Commit) -> Result<Option<(String, Vec<u8>)>, RepositoryError> {
        self.read_commit_signature(commit)
    }

    fn newest_time(&self, base: Option<Commit>, head: Commit) -> Result<Option<i64>, RepositoryError> {
        self.find_newest_time(base, head)
    }

    fn subjects(&self, head: Commit) -> Result<Vec<String>, RepositoryError> {
        self.list_subjects(head)
    }

    fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        self.find_versions(head, wanted)
    }

    fn visit_versions(
        &self,
        head: Commit,
        paths: &[RepoPath],
        visit: &mut VersionVisitor<'_>,
    ) -> Result<Vec<Option<Commit>>, RepositoryError> {
        self.visit_versions(head, paths, visit)
    }

    fn head(&self) -> Result<Option<Commit>, RepositoryError> {
        match self.repo.head() {
            Ok(reference) => {
                let commit = reference.peel_to_commit().map_err(git_error("reading HEAD"))?;
                Ok(Some(Commit(to_hash(commit.id()))))
            }
            Err(error) if error.code() == git2::ErrorCode::UnbornBranch => Ok(None),
            Err(error) => Err(git_error("reading HEAD")(error)),
        }
    }

    fn find_commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        let Some(hash) = Hash20::parse(hex) else { return Ok(None) };
        match self.repo.find_commit(to_oid(hash)) {
            Ok(_) => Ok(Some(Commit(hash))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) if error.code() == git2::ErrorCode::InvalidSpec => Ok(None),
            Err(error) => Err(git_error(format!("reading commit {hash}"))(error)),
        }
    }

    fn find_abbreviated(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        Ok(self.find_by_start(hex))
    }

    fn is_ancestor(&self, ancestor: Commit, of: Commit) -> Result<bool, RepositoryError> {
        self.is_reachable_from(ancestor, of)
    }

    fn commits_between(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        self.commits_since(base, head)
    }

    fn find_introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        self.find_introductions(path, head, stop, holds)
    }
}

/// Returns the first line of a message, without whitespace at its end.
fn first_line(message: &[u8]) -> String {
    String::from_utf8_lossy(message).lines().next().unwrap_or_default().trim_end().to_owned()
}
