//! `--range auto`: selects the change of a continuous-integration run.
//!
//! The result is a range that the caller could have written. Its base is on a branch
//! that the repository knows as its main branch; the variables only say which one.

mod event;

use crate::change::{BranchTip, Commit, Repository, SelectionRequest};
use crate::config::FILE_NAME;
use crate::text::to_single_line;

use super::error::PipelineError;
use super::trusted_revision::MainBranch;

pub(crate) use event::{CiEvent, CiEventKind, CiProvider, read_event};

/// The change of a run.
#[derive(Debug, Clone)]
pub(crate) struct CiRange {
    /// The change.
    pub request: SelectionRequest,
    /// The branch with the work, which can name the packet.
    pub branch: Option<String>,
    /// Why no step may run; `None` if steps may run.
    pub forbidden_steps: Option<String>,
}

/// Selects the change of a run.
///
/// # Errors
/// The clone lacks what is needed, or it is not the one of the event.
pub(crate) fn select_range(repo: &dyn Repository, event: &CiEvent) -> Result<CiRange, PipelineError> {
    let run = Run { repo, event, main: MainBranch::find(repo, None, None)?, head: head_of(repo)? };
    run.require_head_of_event()?;
    let forbidden_steps = (event.kind == CiEventKind::PrivilegedRequest).then(|| {
        "tests were not judged: under pull_request_target a step would run code of the change with the \
         rights of the target"
            .to_owned()
    });
    let (range, reason) = match event.kind {
        CiEventKind::Request | CiEventKind::Queue => run.select_request(run.head)?,
        CiEventKind::PrivilegedRequest => run.select_request(run.work_head()?)?,
        CiEventKind::Push => run.select_push()?,
        CiEventKind::Scheduled => run.select_current()?,
    };
    let name = to_single_line(&event.name, 40);
    Ok(CiRange {
        request: SelectionRequest::Auto { range, reason: format!("--range auto, {name}: {reason}") },
        branch: event.source_branch.clone(),
        forbidden_steps,
    })
}

fn head_of(repo: &dyn Repository) -> Result<Commit, PipelineError> {
    repo.head()?.ok_or_else(|| failed("there is no commit yet"))
}

fn failed(why: impl Into<String>) -> PipelineError {
    PipelineError::AutoRange { why: why.into() }
}

struct Run<'a> {
    repo: &'a dyn Repository,
    event: &'a CiEvent,
    main: MainBranch,
    head: Commit,
}

impl Run<'_> {
    /// Requires that the checked-out commit is one of the event.
    fn require_head_of_event(&self) -> Result<(), PipelineError> {
        let head = self.head.0.to_string();
        if self.event.heads.contains(&head) {
            return Ok(());
        }
        let names: Vec<String> = self.event.heads.iter().map(|id| to_single_line(id, 40)).collect();
        Err(failed(format!(
            "HEAD is {head}, but the event is about {}; check out that commit, or give the range itself",
            names.join(" or ")
        )))
    }

    /// Returns the last commit of a request that is not checked out.
    fn work_head(&self) -> Result<Commit, PipelineError> {
        let id = self.event.work_head.clone().unwrap_or_default();
        if let Some(commit) = self.repo.find_commit(&id)? {
            return Ok(commit);
        }
        let number = to_single_line(self.event.number.as_deref().unwrap_or("NUMBER"), 20);
        Err(failed(format!(
            "the commit {} of the request is not in this clone; run `git fetch origin pull/{number}/head` first",
            to_single_line(&id, 40)
        )))
    }

    /// The work of a request: from its merge base with the target to `head`.
    fn select_request(&self, head: Commit) -> Result<(String, String), PipelineError> {
        let merged = self.merged_target(head)?;
        let Some((tip, note)) = self.main_tip()? else {
            // The merge commit of the provider names its base: its first parent.
            let Some(base) = merged else { return Err(self.missing_main()) };
            let mut reason =
                "the first parent of the request's merge commit to HEAD, because the clone has no main branch"
                    .to_owned();
            if self.repo.is_shallow() && self.repo.newest_time(Some(base), head).is_err() {
                self.repo.cut_history(base, head);
                reason.push_str("; judged as one commit, because it also lacks the history");
            }
            return Ok((format!("{}..{}", base.0, head.0), reason));
        };
        if let Some(base) = merged
            && note.is_empty()
            && !self.repo.is_ancestor(base, tip.tip)?
            && self.event.kind == CiEventKind::Request
        {
            return Err(failed(format!(
                "the checked-out merge was made with commit {}, which is not on `{}`: the request was retargeted, or the target was rewritten; run the check again from its new state",
                base.short(),
                tip.reference
            )));
        }
        self.require_common_history(tip, head)?;
        Ok((
            format!("{}...{}", tip.tip.0, head.0),
            format!("the work since the merge base with `{}`{note}", tip.reference),
        ))
    }

    /// Returns the first parent of the merge of the target with the request, if that is
    /// checked out.
    fn merged_target(&self, head: Commit) -> Result<Option<Commit>, PipelineError> {
        let Some(work) = &self.event.work_head else { return Ok(None) };
        let parents = self.repo.parents(head)?;
        match parents.as_slice() {
            [base, second] if second.0.to_string() == *work => Ok(Some(*base)),
            _ => Ok(None),
        }
    }

    fn select_push(&self) -> Result<(String, String), PipelineError> {
        if !self.is_trusted_target(&self.event.branch)? {
            return self.select_request(self.head);
        }
        let branch = to_single_line(&self.event.branch, 80);
        let Some(id) = &self.event.before else { return self.select_current() };
        let Some(before) = self.repo.find_commit(id)? else {
            let id = to_single_line(id, 40);
            let why = if self.repo.is_shallow() {
                self.deepen()
            } else {
                format!(
                    "the clone has the whole history, so the push rewrote `{branch}`; give the range itself, \
                     such as `--range HEAD~1..HEAD`"
                )
            };
            return Err(failed(format!(
                "the commit {id} of `{branch}` before the push is not in this clone; {why}"
            )));
        };
        if !self.repo.is_ancestor(before, self.head)? {
            return Err(failed(format!(
                "the push rewrote `{branch}`: its commit {} before is no ancestor of HEAD; give the range itself",
                before.short()
            )));
        }
        Ok((
            format!("{}..{}", before.0, self.head.0),
            format!("`{branch}` from its commit before the push to HEAD"),
        ))
    }

    /// Without a change: the work of the branch, or the last commit of the main branch.
    fn select_current(&self) -> Result<(String, String), PipelineError> {
        let Some((tip, _)) = self.main_tip()? else { return Err(self.missing_main()) };
        if !self.repo.is_ancestor(self.head, tip.tip)? {
            return self.select_request(self.head);
        }
        let Some(parent) = self.repo.parents(self.head)?.first().copied() else {
            return Err(failed("HEAD has no parent, so there is no change to judge"));
        };
        Ok((format!("{}..{}", parent.0, self.head.0), format!("the last commit of `{}`", tip.reference)))
    }

    /// Returns the main branch to compare with and a remark: the target, if the
    /// repository knows it as a main branch, otherwise the main branch.
    fn main_tip(&self) -> Result<Option<(&BranchTip, String)>, PipelineError> {
        let target = &self.event.branch;
        let is_main = self.is_trusted_target(target)?;
        let is_target = |tip: &&BranchTip| tip.name == *target && is_main;
        let names: Vec<Commit> = self.main.tips.iter().filter(is_target).map(|tip| tip.tip).collect();
        if !names.is_empty() {
            let tip = self.main.choose(self.repo, &|tip| Ok(names.contains(&tip)))?;
            return Ok(tip.map(|tip| (tip, String::new())));
        }
        let default: Vec<Commit> = self.tips_named(self.event.default_branch.as_deref());
        let tip = self.main.choose(self.repo, &|tip| Ok(default.is_empty() || default.contains(&tip)))?;
        let is_request = matches!(
            self.event.kind,
            CiEventKind::Request | CiEventKind::PrivilegedRequest | CiEventKind::Queue
        );
        Ok(tip.map(|tip| {
            let note = if is_request && tip.name != *target {
                format!(", because the target `{}` is not a main branch", to_single_line(target, 80))
            } else {
                String::new()
            };
            (tip, note)
        }))
    }

    fn tips_named(&self, name: Option<&str>) -> Vec<Commit> {
        self.main.tips.iter().filter(|tip| Some(tip.name.as_str()) == name).map(|tip| tip.tip).collect()
    }

    /// Returns whether the work may be judged by the rules of its target: a main branch to
    /// all others, and either the default branch, or one that the rules of the others name.
    fn is_trusted_target(&self, target: &str) -> Result<bool, PipelineError> {
        if !self.main.is_main_to_all(self.repo, target)? {
            return Ok(false);
        }
        let Some(rival) = self.main.rival_of(target) else { return Ok(true) };
        if let Some(default) = self.event.default_branch.as_deref()
            && (default == target || !self.tips_named(Some(default)).is_empty())
        {
            return Ok(default == target || self.main.names_explicitly(default, target));
        }
        let target = to_single_line(target, 80);
        Err(failed(format!(
            "`{target}` and `{}` can both be the main branch; name one with the key `main_branch` of `{FILE_NAME}`",
            rival.reference
        )))
    }

    fn require_common_history(&self, tip: &BranchTip, head: Commit) -> Result<(), PipelineError> {
        if self.repo.merge_base(tip.tip, head)?.is_some() {
            return Ok(());
        }
        Err(failed(format!(
            "this clone has no common commit of `{}` and {}; {}",
            tip.reference,
            head.short(),
            self.deepen()
        )))
    }

    fn missing_main(&self) -> PipelineError {
        if let Some(why) = self.main.explain_disowned(self.repo) {
            return failed(why);
        }
        let target = to_single_line(&self.event.branch, 80);
        failed(format!("this clone has no main branch to compare with; {}", self.fetch_help(&target)))
    }

    fn deepen(&self) -> String {
        self.fetch_help(&to_single_line(&self.event.branch, 80))
    }

    fn fetch_help(&self, branch: &str) -> String {
        let setting = match self.event.provider {
            CiProvider::Github => "set `fetch-depth: 0` of actions/checkout",
            CiProvider::Gitlab => "set the variable `GIT_DEPTH: \"0\"`",
        };
        let unshallow = if self.repo.is_shallow() { " --unshallow" } else { "" };
        format!(
            "{setting}, or run `git fetch{unshallow} origin +refs/heads/{branch}:refs/remotes/origin/{branch}`"
        )
    }
}
