//! Where something entered a file's history.

use std::collections::{HashMap, HashSet, VecDeque};

use git2::Oid;

use crate::change::{Commit, Introduction, RepositoryError};
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
    ) -> Result<Vec<Introduction>, RepositoryError> {
        let mut known: HashMap<Oid, bool> = HashMap::new();
        let mut has = |commit: Oid| -> Result<bool, RepositoryError> {
            let Some((_, blob)) = self.tree_entry(Commit(hash(commit)), path)? else { return Ok(false) };
            let blob = oid(blob);
            if let Some(answer) = known.get(&blob) {
                return Ok(*answer);
            }
            let answer = self.blob(blob, path).is_ok_and(|bytes| holds(&bytes));
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
                out.push(self.introduction(id)?);
            }
        }
        out.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.commit.cmp(&b.commit)));
        Ok(out)
    }

    fn introduction(&self, id: Oid) -> Result<Introduction, RepositoryError> {
        let commit = self.repo.find_commit(id).map_err(failed(format!("reading commit {id}")))?;
        let parent = self.node(id)?.parents.first().map(|id| Commit(hash(*id)));
        let changes = self.tree_changes(parent, Some(Commit(hash(commit.id()))))?;
        let committer = commit.committer();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Introduction {
            commit: Commit(hash(commit.id())),
            committer: format!("{} <{}>", text(committer.name_bytes()), text(committer.email_bytes())),
            time: commit.time().seconds(),
            touched: changes.changes.into_iter().map(|change| change.path).collect(),
        })
    }
}
