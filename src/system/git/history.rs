//! Where something entered a file's history.

use std::collections::{HashMap, HashSet, VecDeque};

use git2::Oid;

use crate::change::{Commit, CommitFacts, FileMode, RepositoryError};
use crate::text::RepoPath;

use super::{GitRepository, failed, hash, oid};

/// Commits that are looked at before the walk gives up.
const LONGEST_WALK: usize = 20_000;

impl GitRepository {
    pub(super) fn find_introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitFacts>, RepositoryError> {
        let mut known: HashMap<Oid, bool> = HashMap::new();
        let mut has = |commit: Oid| -> Result<bool, RepositoryError> {
            let Some((mode, blob)) = self.tree_entry(Commit(hash(commit)), path)? else { return Ok(false) };
            if !matches!(FileMode::from_raw(mode), Some(FileMode::Regular | FileMode::Executable)) {
                return Ok(false);
            }
            let blob = oid(blob);
            if let Some(answer) = known.get(&blob) {
                return Ok(*answer);
            }
            let answer = holds(&self.blob(blob, path)?);
            known.insert(blob, answer);
            Ok(answer)
        };
        let mut out = Vec::new();
        let open = match stop {
            Some(_) => self.between(stop, head)?,
            None => Vec::from([oid(head.0)]),
        };
        let mut seen: HashSet<Oid> = open.iter().copied().collect();
        let mut open = VecDeque::from(open);
        while let Some(id) = open.pop_front() {
            if seen.len() > LONGEST_WALK {
                let reason = format!("more than {LONGEST_WALK} commits would have to be read");
                return Err(RepositoryError::Git { doing: format!("walking the history of {path}"), reason });
            }
            if !has(id)? {
                continue;
            }
            let mut older = false;
            for parent in &self.node(id)?.parents {
                let holds = has(*parent)?;
                older |= holds;
                if stop.is_none() && holds && seen.insert(*parent) {
                    open.push_back(*parent);
                }
            }
            if !older {
                out.push(self.facts_of(id)?);
            }
        }
        out.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.commit.cmp(&b.commit)));
        Ok(out)
    }

    pub(super) fn commits_since(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Vec<CommitFacts>, RepositoryError> {
        let found = self.between(base, head)?;
        if found.len() > LONGEST_WALK {
            let reason = format!("more than {LONGEST_WALK} commits would have to be read");
            return Err(RepositoryError::Git { doing: "reading the judged commits".into(), reason });
        }
        found.into_iter().map(|id| self.facts_of(id)).collect()
    }

    fn facts_of(&self, id: Oid) -> Result<CommitFacts, RepositoryError> {
        let commit = self.repo.find_commit(id).map_err(failed(format!("reading commit {id}")))?;
        let parent = self.node(id)?.parents.first().map(|id| Commit(hash(*id)));
        let changes = self.tree_changes(parent, Some(Commit(hash(commit.id()))))?;
        let mut touched: Vec<RepoPath> = changes.changes.into_iter().map(|change| change.path).collect();
        for other in self.node(id)?.parents.iter().skip(1) {
            if touched.is_empty() {
                break;
            }
            let changes = self.tree_changes(Some(Commit(hash(*other))), Some(Commit(hash(id))))?.changes;
            // Both are in order of path.
            touched.retain(|path| changes.binary_search_by(|change| change.path.cmp(path)).is_ok());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let person =
            |who: git2::Signature<'_>| format!("{} <{}>", text(who.name_bytes()), text(who.email_bytes()));
        Ok(CommitFacts {
            commit: Commit(hash(commit.id())),
            author: person(commit.author()),
            committer: person(commit.committer()),
            time: commit.time().seconds(),
            parents: self.node(id)?.parents.iter().map(|id| Commit(hash(*id))).collect(),
            touched,
        })
    }
}
