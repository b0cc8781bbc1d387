//! Resolves revisions to commits, and requests to selections.
//!
//! A name must be unambiguous: if a tag or remote branch has the same name as a branch,
//! the name is refused.

use git2::{ErrorCode, ObjectType, Oid};

use crate::change::{
    Commit, History as _, RepositoryError, Selection, SelectionMode, SelectionRequest, split_range,
};

use super::{GitRepository, to_hash, to_oid};

fn revision_error(revision: &str, reason: impl Into<String>) -> RepositoryError {
    RepositoryError::Revision { revision: crate::text::to_single_line(revision, 120), reason: reason.into() }
}

impl GitRepository {
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

    /// Returns the newest commit of a local branch, or of the branch of `origin`.
    fn branch_tip(&self, name: &str) -> Option<Commit> {
        let reference = self
            .repo
            .find_reference(&format!("refs/heads/{name}"))
            .or_else(|_| self.repo.find_reference(&format!("refs/remotes/origin/{name}")))
            .ok()?;
        reference.peel_to_commit().ok().map(|commit| Commit(to_hash(commit.id())))
    }

    fn first_parent(&self, commit: Commit) -> Result<Option<Commit>, RepositoryError> {
        let parent = self.commit_node(to_oid(commit.0))?.parents.first().copied();
        parent.map(|id| self.commit_node(id).map(|_| Commit(to_hash(id)))).transpose()
    }

    /// Returns the merge base of HEAD and the first existing branch of `main`.
    pub(super) fn find_fork_point(&self, main: &[String]) -> Result<Option<Commit>, RepositoryError> {
        let Some(head) = self.head()? else { return Ok(None) };
        for name in main {
            let Some(tip) = self.branch_tip(name) else { continue };
            if let Some(base) = self.find_merge_base(tip, head)? {
                return Ok(Some(base));
            }
        }
        Ok(None)
    }

    /// Returns the tip of the first existing branch of the names.
    pub(super) fn find_main_tip(&self, main: &[String]) -> Option<Commit> {
        main.iter().find_map(|name| self.branch_tip(name))
    }

    pub(super) fn resolve_selection(
        &self,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: &[String],
    ) -> Result<Selection, RepositoryError> {
        match request {
            SelectionRequest::Range(text) => self.resolve_range(text),
            SelectionRequest::Rev(text) => {
                let head = self.resolve_revision(text)?;
                let base = self.first_parent(head)?;
                Ok(Selection {
                    mode: SelectionMode::Rev,
                    base,
                    head: Some(head),
                    reason: format!("--rev {text}: its first parent to this commit"),
                    is_explicit: true,
                    policy_source: None,
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
                    policy_source: None,
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
                    policy_source: None,
                })
            }
            SelectionRequest::Default => self.default_selection(merge_base, main),
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
            policy_source: has_three_dots.then_some(left),
        })
    }

    /// Selects a change if the caller does not request one; see
    /// [`SelectionRequest::Default`].
    fn default_selection(
        &self,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        main: &[String],
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
                    policy_source: None,
                });
            }
            if !self.worktree_changes(head)?.changes.is_empty() {
                let reason = "nothing is staged and the working tree has changes".into();
                return Ok(Selection {
                    mode: SelectionMode::Worktree,
                    base: head,
                    head: None,
                    reason,
                    is_explicit: false,
                    policy_source: None,
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
            policy_source: None,
        };
        if let Some(text) = merge_base(head)
            && let Some(base) = self.find_commit(&text)?
        {
            return Ok(range(
                Some(base),
                "the working tree is clean: the packet's MERGE_BASE_SHA to HEAD".into(),
            ));
        }
        for name in main {
            let Some(tip) = self.branch_tip(name) else { continue };
            if let Some(base) = self.find_merge_base(tip, head)?.filter(|base| *base != head) {
                return Ok(range(
                    Some(base),
                    format!("the working tree is clean: the merge base with `{name}` to HEAD"),
                ));
            }
        }
        Ok(range(
            self.first_parent(head)?,
            "the working tree is clean and HEAD is on the main branch: its last commit".into(),
        ))
    }
}
