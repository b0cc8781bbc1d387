//! Resolves revisions to commits, and requests to selections.
//!
//! A name must be unambiguous: if a tag or remote branch has the same name as a branch,
//! the name is refused.

use git2::{ErrorCode, ObjectType, Oid};

use crate::change::{
    BranchTip, Commit, History as _, RepositoryError, Selection, SelectionMode, SelectionRequest, split_range,
};

use super::{GitRepository, to_hash, to_oid};

fn revision_error(revision: &str, reason: impl Into<String>) -> RepositoryError {
    RepositoryError::Revision { revision: crate::text::to_single_line(revision, 120), reason: reason.into() }
}

/// Maximum size of git's file `MERGE_HEAD`, in bytes.
const MAX_MERGE_HEAD_BYTES: u64 = 4096;

/// Number of digits of the shortest abbreviated commit id.
const MIN_ABBREVIATED: usize = 7;

impl GitRepository {
    /// See [`crate::change::History::find_abbreviated`].
    pub(super) fn find_by_start(&self, hex: &str) -> Option<Commit> {
        let is_start =
            (MIN_ABBREVIATED..=40).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let found = if is_start { self.repo.find_commit_by_prefix(hex).ok() } else { None };
        found.map(|commit| Commit(to_hash(commit.id())))
    }

    /// Resolves one revision to a commit.
    fn resolve_revision(&self, text: &str) -> Result<Commit, RepositoryError> {
        let allowed = |c: char| c.is_alphanumeric() || "._/@{}^~+-#=".contains(c);
        if text.is_empty() || text.starts_with('-') || !text.chars().all(allowed) {
            return Err(revision_error(text, "invalid revision; expected a commit id, a branch or a tag"));
        }
        let at = text.find(['^', '~']).unwrap_or(text.len());
        let (name, steps) = text.split_at(at);
        let plain = name.split('@').next().unwrap_or(name);
        if !plain.is_empty() {
            self.refuse_ambiguous(text, plain)?;
        }
        let object = self.repo.revparse_single(name).map_err(|error| match error.code() {
            ErrorCode::NotFound => revision_error(text, self.explain_missing("no such revision")),
            ErrorCode::Ambiguous => revision_error(text, "several objects start with these digits"),
            _ => revision_error(text, error.message()),
        })?;
        let commit =
            object.peel(ObjectType::Commit).map_err(|_| revision_error(text, "this is not a commit"))?;
        self.follow_parents(text, steps, commit.id()).map(|id| Commit(to_hash(id)))
    }

    /// Follows the steps `^2`, `~3` and `^{commit}` from a commit. Parents are those of
    /// the commit objects.
    fn follow_parents(&self, text: &str, steps: &str, from: Oid) -> Result<Oid, RepositoryError> {
        let (mut at, mut rest) = (from, steps);
        while let Some(sign) = rest.chars().next() {
            let tail = rest.get(1..).unwrap_or_default();
            if let Some(after) = tail.strip_prefix("{commit}").or_else(|| tail.strip_prefix("{}")) {
                rest = after;
                continue;
            }
            let digits = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, after) = tail.split_at(digits);
            let number: usize = match number {
                "" => 1,
                number => number.parse().map_err(|_| {
                    revision_error(text, "invalid revision; expected a commit id, a branch or a tag")
                })?,
            };
            let (times, which) = match sign {
                '~' => (number, 1),
                '^' => (usize::from(number > 0), number),
                _ => {
                    return Err(revision_error(
                        text,
                        "invalid revision; expected a commit id, a branch or a tag",
                    ));
                }
            };
            for _ in 0..times {
                let node = self.commit_node(at)?;
                let parent = node.parents.get(which.saturating_sub(1));
                at = *parent.ok_or_else(|| {
                    revision_error(text, self.explain_missing("the commit has no such parent"))
                })?;
            }
            rest = after;
        }
        // The resulting commit must exist.
        self.commit_node(at).map(|_| at)
    }

    /// Reads the commit whose merge into HEAD is under way.
    pub(super) fn read_merge_head(&self) -> Option<Commit> {
        let path = self.repo.path().join("MERGE_HEAD");
        let Ok(bytes) = crate::system::files::read(&path, MAX_MERGE_HEAD_BYTES) else { return None };
        let text = String::from_utf8(bytes).unwrap_or_default();
        let ids: Vec<&str> = text.split_whitespace().collect();
        // A merge of several branches at once has no single base.
        let [id] = ids.as_slice() else { return None };
        git2::Oid::from_str(id).ok().map(|id| Commit(to_hash(id)))
    }

    /// Adds a hint to `reason` if the clone is shallow.
    fn explain_missing(&self, reason: &str) -> String {
        if self.repo.is_shallow() {
            format!(
                "{reason}; this is a shallow clone: run `git fetch --unshallow` to fetch the whole history"
            )
        } else {
            reason.to_owned()
        }
    }

    /// Returns an error if several references have this name, or if a reference is
    /// named like a commit id.
    fn refuse_ambiguous(&self, text: &str, name: &str) -> Result<(), RepositoryError> {
        let spellings = [
            format!("refs/heads/{name}"),
            format!("refs/tags/{name}"),
            format!("refs/remotes/{name}"),
            format!("refs/{name}"),
        ];
        let found: Vec<String> =
            spellings.into_iter().filter(|spelling| self.repo.find_reference(spelling).is_ok()).collect();
        match found.as_slice() {
            [_, _, ..] => Err(revision_error(
                text,
                format!("the name is ambiguous: {}; write the full name", found.join(" and ")),
            )),
            [only] if name.len() == 40 && crate::digest::Hash20::parse(name).is_some() => {
                Err(revision_error(
                    text,
                    format!(
                        "{only} has the name of a commit id; write the full name of the reference, or rename it"
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    fn first_parent(&self, commit: Commit) -> Result<Option<Commit>, RepositoryError> {
        let parent = self.commit_node(to_oid(commit.0))?.parents.first().copied();
        parent.map(|id| self.commit_node(id).map(|_| Commit(to_hash(id)))).transpose()
    }

    pub(super) fn resolve_selection(
        &self,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        match request {
            SelectionRequest::Range(text) => self.resolve_range(text),
            SelectionRequest::Auto { range, reason } => {
                Ok(Selection { reason: reason.clone(), ..self.resolve_range(range)? })
            }
            SelectionRequest::Rev(text) => {
                let head = self.resolve_revision(text)?;
                let base = self.first_parent(head)?;
                Ok(Selection {
                    mode: SelectionMode::Rev,
                    base,
                    head: Some(head),
                    reason: format!("--rev {text}: its first parent to this commit"),
                    is_explicit: true,
                    left_end: None,
                })
            }
            SelectionRequest::Staged => {
                self.root()?;
                Ok(Selection {
                    mode: SelectionMode::Staged,
                    base: self.head()?,
                    head: None,
                    reason: "--staged: HEAD to the index".into(),
                    is_explicit: true,
                    left_end: None,
                })
            }
            SelectionRequest::Worktree => {
                self.root()?;
                Ok(Selection {
                    mode: SelectionMode::Worktree,
                    base: self.head()?,
                    head: None,
                    reason: "--worktree: HEAD to the files on disk".into(),
                    is_explicit: true,
                    left_end: None,
                })
            }
            SelectionRequest::Default => self.default_selection(merge_base, main),
            SelectionRequest::Work => self.select_work(main),
        }
    }

    fn resolve_range(&self, text: &str) -> Result<Selection, RepositoryError> {
        let (base, head, has_three_dots) =
            split_range(text).ok_or_else(|| revision_error(text, "invalid range; expected A..B or A...B"))?;
        let (left, head_commit) = (self.resolve_revision(base)?, self.resolve_revision(head)?);
        let (base_commit, reason) = if has_three_dots {
            let found = self
                .find_merge_base(left, head_commit)?
                .ok_or_else(|| revision_error(text, "the two ends have no common ancestor"))?;
            (found, format!("--range {text}: the merge base of both ends (three dots) to the right end"))
        } else {
            (left, format!("--range {text}"))
        };
        Ok(Selection {
            mode: SelectionMode::Range,
            base: Some(base_commit),
            head: Some(head_commit),
            reason,
            is_explicit: true,
            left_end: has_three_dots.then_some(left),
        })
    }

    /// See [`SelectionRequest::Work`].
    fn select_work(&self, main: Option<&BranchTip>) -> Result<Selection, RepositoryError> {
        let head = self.head()?;
        let fork = match (main, head) {
            (Some(main), Some(head)) => self.find_merge_base(main.tip, head)?,
            _ => None,
        };
        if let (Some(main), Some(_), None) = (main, head, fork) {
            let reason = "it has no common commit with HEAD in this clone";
            return Err(revision_error(&main.reference, self.explain_missing(reason)));
        }
        let start = match (main, fork) {
            (Some(main), Some(_)) => format!("the merge base with `{}`", main.reference),
            _ => "HEAD".to_owned(),
        };
        let is_dirty = self.repo.workdir().is_some()
            && (!self.index_changes(head)?.changes.is_empty() || self.is_worktree_changed(head)?);
        let (mode, head, end) = if is_dirty {
            (SelectionMode::Worktree, None, "the files on disk")
        } else {
            (SelectionMode::Range, head, "HEAD")
        };
        Ok(Selection {
            mode,
            base: fork.or(self.head()?),
            head,
            reason: format!("the work of this branch: {start} to {end}"),
            is_explicit: false,
            left_end: None,
        })
    }

    /// Selects a change if the caller does not request one; see
    /// [`SelectionRequest::Default`].
    fn default_selection(
        &self,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        let head = self.head()?;
        if self.repo.workdir().is_some() {
            if !self.index_changes(head)?.changes.is_empty() {
                return Ok(Selection {
                    mode: SelectionMode::Staged,
                    base: head,
                    head: None,
                    reason: "there are staged changes".into(),
                    is_explicit: false,
                    left_end: None,
                });
            }
            if self.is_worktree_changed(head)? {
                let reason = "nothing is staged and the working tree has changes".into();
                return Ok(Selection {
                    mode: SelectionMode::Worktree,
                    base: head,
                    head: None,
                    reason,
                    is_explicit: false,
                    left_end: None,
                });
            }
        }
        let Some(head) = head else {
            return Err(revision_error(
                "HEAD",
                "there is no commit yet, and nothing is staged or changed: there is nothing to check",
            ));
        };
        let range = |base: Option<Commit>, reason: String| Selection {
            mode: SelectionMode::Range,
            base,
            head: Some(head),
            reason,
            is_explicit: false,
            left_end: None,
        };
        let named = merge_base(head).map(|text| self.find_commit(&text)).transpose()?.flatten();
        let found = match main {
            Some(main) => self.find_merge_base(main.tip, head)?.map(|fork| (fork, main)),
            None => None,
        };
        let fork = found.filter(|(fork, _)| *fork != head);
        // A packet may start on top of another packet's work on the same branch.
        if let Some((fork, main)) = fork
            && !named.is_some_and(|named| named != fork && self.is_ancestor(fork, named).unwrap_or(false))
        {
            let reason =
                format!("the working tree is clean: the merge base with `{}` to HEAD", main.reference);
            return Ok(range(Some(fork), reason));
        }
        if let Some(named) = named {
            let reason = "the working tree is clean: the packet's MERGE_BASE_SHA to HEAD".into();
            return Ok(range(Some(named), reason));
        }
        if found.is_none() {
            let reason = "no main branch of this clone has a common commit with it, so the start of the \
                          work is not known; name the change with `--range A..B`";
            return Err(revision_error("HEAD", self.explain_missing(reason)));
        }
        Ok(range(
            self.first_parent(head)?,
            "the working tree is clean and HEAD is on the main branch: its last commit".into(),
        ))
    }
}
