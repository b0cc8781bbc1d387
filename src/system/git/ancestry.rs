//! Ancestry of commits, according to the commit objects.
//!
//! In libgit2 (as in git), `.git/info/grafts`, `.git/shallow` and the commit-graph file
//! can change the parents of a commit. Everyone with write access to the repository can
//! write these files. This module reads parents from the commit objects, whose ids
//! libgit2 verifies.

use std::cell::{Cell, RefCell};
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use git2::{ObjectType, Oid};

use crate::change::{Commit, RepositoryError};

use super::{GitRepository, to_hash, to_oid};

/// Parents and time of a commit.
#[derive(Debug)]
pub(super) struct CommitNode {
    /// Commit time, seconds since 1970. It defines the order of walks. If clocks were very
    /// wrong, [`GitRepository::ids_between`] may return too many commits, never too few.
    pub time: i64,
    pub parents: Vec<Oid>,
    /// Id of the tree.
    pub tree: Oid,
    /// First line of the message, without whitespace at its end.
    pub subject: Box<str>,
}

/// Commits that were read, by id.
#[derive(Default)]
pub(super) struct CommitCache {
    nodes: RefCell<HashMap<Oid, Rc<CommitNode>>>,
    /// Base and head of a change whose history is cut.
    cut: Cell<Option<(Oid, Oid)>>,
}

impl CommitCache {
    /// Cuts the history of a change; see [`crate::change::History::cut_history`].
    pub(super) fn cut(&self, base: Oid, head: Oid) {
        self.cut.set(Some((base, head)));
        self.nodes.borrow_mut().clear();
    }

    pub(super) fn cut_at(&self) -> Option<(Oid, Oid)> {
        self.cut.get()
    }

    fn cut_parents(&self, id: Oid, node: &mut CommitNode) {
        match self.cut.get() {
            Some((base, head)) if id == head => node.parents = vec![base],
            Some((base, _)) if id == base => node.parents.clear(),
            _ => {}
        }
    }
}

/// Maximum number of parents of a commit. Git's own octopus merges have at most 66.
const MAX_PARENTS: usize = 1_000;
/// Number of additional commits that are read below the oldest necessary one, to allow
/// for wrong clocks.
const CLOCK_SKEW_COMMITS: usize = 64;

const LEFT: u8 = 1;
const RIGHT: u8 = 2;
const BOTH: u8 = LEFT | RIGHT;

/// State of a walk from two commits, newest commits first: the commits that each of them
/// reaches.
#[derive(Default)]
struct PaintState {
    flags: HashMap<Oid, u8>,
    queued: HashSet<Oid>,
    heap: BinaryHeap<(i64, Oid)>,
    /// Number of queued commits that only one of the two reaches.
    unresolved: usize,
}

impl PaintState {
    fn push(&mut self, id: Oid, time: i64, more: u8) {
        let flags = self.flags.entry(id).or_default();
        let (was, now) = (*flags, *flags | more);
        if was == now {
            return;
        }
        *flags = now;
        if self.queued.insert(id) {
            self.heap.push((time, id));
            self.unresolved += usize::from(now != BOTH);
        } else if was != BOTH && now == BOTH {
            self.unresolved -= 1;
        }
    }

    fn pop(&mut self) -> Option<(Oid, u8)> {
        let (_, id) = self.heap.pop()?;
        self.queued.remove(&id);
        let flags = self.flags.get(&id).copied().unwrap_or_default();
        self.unresolved -= usize::from(flags != BOTH);
        Some((id, flags))
    }
}

impl GitRepository {
    /// Returns parents and time of a commit, from its object.
    pub(super) fn commit_node(&self, id: Oid) -> Result<Rc<CommitNode>, RepositoryError> {
        if let Some(known) = self.commit_cache.nodes.borrow().get(&id) {
            return Ok(Rc::clone(known));
        }
        let operation = || format!("reading commit {id}");
        let odb = self.object_store()?;
        let object = self.read_object(&odb, id, ObjectType::Commit, &operation)?;
        let mut node = parse_commit_node(object.data()).ok_or_else(|| RepositoryError::Git {
            operation: operation(),
            reason: "its header is malformed".into(),
        })?;
        self.commit_cache.cut_parents(id, &mut node);
        let node = Rc::new(node);
        self.commit_cache.nodes.borrow_mut().insert(id, Rc::clone(&node));
        Ok(node)
    }

    /// Returns the error for an object that cannot be read, with a hint for shallow and
    /// partial clones.
    pub(super) fn missing_object(&self, operation: String, error: &git2::Error) -> RepositoryError {
        let reason = if error.code() != git2::ErrorCode::NotFound {
            error.message()
        } else if self.repo.is_shallow() {
            "missing from this shallow clone: run `git fetch --unshallow` to fetch the whole history"
        } else if self.is_partial_clone() {
            "missing from this partial clone: run `git fetch --refetch --no-filter` to fetch all objects"
        } else {
            "missing from the object store"
        };
        let reason = reason.to_owned();
        RepositoryError::Git { operation, reason }
    }

    fn is_partial_clone(&self) -> bool {
        let Ok(config) = self.repo.config() else { return false };
        let Ok(mut entries) = config.entries(Some(r"^remote\..*\.promisor$")) else { return false };
        entries.next().is_some()
    }

    /// Walks from two commits until both reach every queued commit, or until `done`
    /// returns true. Returns the commits that were reached, with `LEFT` and `RIGHT` flags.
    fn paint_down_to_common(
        &self,
        left: Oid,
        right: Option<Oid>,
        mut done: impl FnMut(&HashMap<Oid, u8>) -> bool,
    ) -> Result<HashMap<Oid, u8>, RepositoryError> {
        let mut paint = PaintState::default();
        paint.push(left, self.commit_node(left)?.time, LEFT);
        if let Some(right) = right {
            paint.push(right, self.commit_node(right)?.time, RIGHT);
        }
        while paint.unresolved > 0 && !done(&paint.flags) {
            let Some((id, flags)) = paint.pop() else { break };
            for parent in &self.commit_node(id)?.parents {
                match self.commit_node(*parent) {
                    Ok(node) => paint.push(*parent, node.time, flags),
                    // Missing history is an error only for commits that only the left one reaches.
                    Err(_) if flags & RIGHT != 0 => {}
                    Err(error) => return Err(error),
                }
            }
        }
        self.finish_boundary(&mut paint)?;
        Ok(paint.flags)
    }

    /// Continues the walk below the common commits. A commit that is marked as reached by
    /// one of the two may in fact be reached by both. The walk therefore continues to the
    /// oldest such commit, and some commits further because of wrong clocks. Without
    /// merges, it is not necessary.
    fn finish_boundary(&self, paint: &mut PaintState) -> Result<(), RepositoryError> {
        let (mut oldest, mut merges) = (i64::MAX, false);
        for (id, _) in paint.flags.iter().filter(|(_, flags)| **flags != BOTH) {
            let node = self.commit_node(*id)?;
            oldest = oldest.min(node.time);
            merges |= node.parents.len() > 1;
        }
        let mut remaining = CLOCK_SKEW_COMMITS;
        while let Some((id, flags)) = paint.pop() {
            let node = self.commit_node(id)?;
            let is_old = !merges || node.time < oldest;
            remaining = remaining.saturating_sub(usize::from(is_old));
            for parent in &node.parents {
                let is_unresolved = paint.flags.get(parent).is_some_and(|flags| *flags != BOTH);
                if is_unresolved || (merges && remaining > 0) {
                    // Missing history below the common commits does not affect the result.
                    let Ok(node) = self.commit_node(*parent) else { continue };
                    paint.push(*parent, node.time, flags);
                }
            }
        }
        Ok(())
    }

    /// Returns whether `ancestor` is equal to `of` or one of its ancestors.
    pub(super) fn is_reachable_from(&self, ancestor: Commit, of: Commit) -> Result<bool, RepositoryError> {
        let (below, from) = (to_oid(ancestor.0), to_oid(of.0));
        let found = |flags: &HashMap<Oid, u8>| flags.get(&below).is_some_and(|flags| flags & LEFT != 0);
        Ok(below == from || found(&self.paint_down_to_common(from, Some(below), found)?))
    }

    /// Returns the commits reachable from `head` and not from `base`, newest first.
    pub(super) fn ids_between(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Vec<Oid>, RepositoryError> {
        let flags = self.paint_down_to_common(to_oid(head.0), base.map(|base| to_oid(base.0)), |_| false)?;
        let mut out = Vec::new();
        for (id, _) in flags.into_iter().filter(|(_, flags)| *flags == LEFT) {
            out.push((self.commit_node(id)?.time, id));
        }
        out.sort_by(|a, b| b.cmp(a));
        Ok(out.into_iter().map(|(_, id)| id).collect())
    }

    /// Returns the merge base of two commits: the newest common ancestor that is not an
    /// ancestor of another one. `None` if there is none.
    pub(super) fn find_merge_base(&self, a: Commit, b: Commit) -> Result<Option<Commit>, RepositoryError> {
        if a == b {
            return Ok(Some(a));
        }
        let flags = self.paint_down_to_common(to_oid(a.0), Some(to_oid(b.0)), |_| false)?;
        let common: Vec<Oid> = flags.into_iter().filter(|(_, f)| *f == BOTH).map(|(id, _)| id).collect();
        let mut covered = HashSet::new();
        for id in &common {
            covered.extend(self.commit_node(*id)?.parents.iter().copied());
        }
        let mut best = None;
        for id in common.into_iter().filter(|id| !covered.contains(id)) {
            best = best.max(Some((self.commit_node(id)?.time, id)));
        }
        Ok(best.map(|(_, id)| Commit(to_hash(id))))
    }

    /// Returns a lazy walk over all commits reachable from `head`, newest first.
    pub(super) fn walk_back_from(&self, head: Commit) -> HistoryWalk<'_> {
        HistoryWalk {
            repo: self,
            heap: BinaryHeap::new(),
            seen: HashSet::new(),
            last: None,
            start: Some(to_oid(head.0)),
        }
    }
}

/// A lazy walk back through history.
pub(super) struct HistoryWalk<'a> {
    repo: &'a GitRepository,
    heap: BinaryHeap<(i64, Oid)>,
    seen: HashSet<Oid>,
    /// The commit that was returned last. Its parents are read when the next commit is
    /// requested.
    last: Option<Oid>,
    start: Option<Oid>,
}

impl HistoryWalk<'_> {
    fn push(&mut self, id: Oid) -> Result<(), RepositoryError> {
        if self.seen.insert(id) {
            self.heap.push((self.repo.commit_node(id)?.time, id));
        }
        Ok(())
    }

    /// Returns the next commit; `None` at the end.
    pub(super) fn next_commit(&mut self) -> Result<Option<Oid>, RepositoryError> {
        if let Some(start) = self.start.take() {
            self.push(start)?;
        }
        if let Some(last) = self.last.take() {
            for parent in &self.repo.commit_node(last)?.parents {
                self.push(*parent)?;
            }
        }
        self.last = self.heap.pop().map(|(_, id)| id);
        Ok(self.last)
    }
}

/// Reads parents and commit time from a commit object, as git does: `tree`, then all
/// `parent` lines, then `author` and `committer`. A `parent` line elsewhere names no
/// parent. `None` if the header is malformed.
fn parse_commit_node(data: &[u8]) -> Option<CommitNode> {
    let id = |hex: &[u8]| {
        let hex = std::str::from_utf8(hex).ok().filter(|hex| hex.len() == 40)?;
        Oid::from_str(hex).ok()
    };
    let mut lines = data.split(|byte| *byte == b'\n');
    let tree = id(lines.next()?.strip_prefix(b"tree ")?)?;
    let mut node = CommitNode { time: 0, parents: Vec::new(), tree, subject: "".into() };
    let mut line = lines.next()?;
    while let Some(hex) = line.strip_prefix(b"parent ") {
        if node.parents.len() == MAX_PARENTS {
            return None;
        }
        node.parents.push(id(hex)?);
        line = lines.next()?;
    }
    line.strip_prefix(b"author ")?;
    let committer = lines.next()?.strip_prefix(b"committer ")?;
    let after_mail = committer.rsplit(|byte| *byte == b'>').next().unwrap_or_default();
    let word = after_mail.split(|byte| *byte == b' ').find(|word| !word.is_empty());
    let message = lines.skip_while(|line| !line.is_empty()).find(|line| !line.is_empty()).unwrap_or_default();
    node.subject = String::from_utf8_lossy(message).trim_end().into();
    node.time = word.and_then(|word| std::str::from_utf8(word).ok()?.parse().ok()).unwrap_or_default();
    Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_read_from_the_header_only() {
        let parent = "a".repeat(40);
        let text = format!(
            "tree {0}\nparent {parent}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 7 +0000\n\nparent {1}\n",
            "b".repeat(40),
            "c".repeat(40)
        );
        let node = parse_commit_node(text.as_bytes()).expect("a node");
        assert_eq!((node.time, node.parents.len()), (7, 1));
        let tail = "author A <a@b> 1 +0000\ncommitter A <a@b> 7 +0000\n";
        let tree = format!("tree {}\n", "b".repeat(40));
        let line = format!("parent {parent}\n");
        let count = |text: String| parse_commit_node(text.as_bytes()).map(|node| node.parents.len());
        assert_eq!(count(format!("{tree}{tail}{line}\n")), Some(0), "after the committer");
        assert_eq!(count(format!("{tree}{line}{line}{tail}encoding x\n{line}\n")), Some(2));
        assert_eq!(count(format!("{tree}author A <a@b> 1 +0000\n{line}committer A <a@b> 7 +0000\n\n")), None);
        assert_eq!(count(format!("{line}{tree}{tail}\n")), None);
        assert_eq!(count(format!("{tree}{}{tail}\n", line.repeat(MAX_PARENTS + 1))), None);
        assert!(parse_commit_node(b"tree x\nparent short\n\n").is_none());
        assert!(parse_commit_node(b"tree x\n\n").is_none());
    }
}
