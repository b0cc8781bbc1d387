//! The trusted revision: the commit that rules, configuration, keys and unsigned
//! contracts are read from, because the judged change cannot edit it.
//!
//! [`TrustedRevision::resolve`] is the only place that computes it. [`TrustRow`] is the
//! table of `docs/guarantees.md`, row by row.

use crate::change::{Commit, Repository, Selection, TreeState};
use crate::check::context::TrustCheckContext;
use crate::config::{Config, ConfigError, FILE_NAME, load};
use crate::finding::{Label, PolicyInfo};
use crate::text::RepoPath;

mod main_branch;
mod unknown_main;

use super::error::PipelineError;

pub(crate) use main_branch::{MainBranch, fork_point};

/// The rule by which a trusted revision was chosen. Cases of the self-test name it in
/// kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TrustRow {
    /// `A..B`: A.
    RangeStart,
    /// `A..B`: the tip of the main branch, if it is not A and does not contain B.
    RangeMain,
    /// `A...B`: A, the tip and not the merge base.
    LeftEnd,
    /// An uncommitted change on a branch: the tip of the main branch.
    Branch,
    /// An uncommitted change on the main branch: the remote-tracking main branch.
    RemoteMain,
    /// An uncommitted change on the main branch without a remote: HEAD.
    SoftHead,
    /// An uncommitted change, and no main branch is known: HEAD.
    UnknownMain,
    /// An uncommitted change on the main branch, and the packet names an earlier start
    /// of its work: that commit.
    WorkStart,
}

impl TrustRow {
    /// All rows, in the order of the documentation.
    pub(crate) const ALL: [Self; 8] = [
        Self::RangeStart,
        Self::RangeMain,
        Self::LeftEnd,
        Self::Branch,
        Self::RemoteMain,
        Self::SoftHead,
        Self::UnknownMain,
        Self::WorkStart,
    ];

    /// Returns the selection of the row, as the table shows it.
    pub(crate) fn selection(self) -> &'static str {
        match self {
            Self::RangeStart | Self::RangeMain => "`--range A..B`, `--rev R` (as `R^..R`)",
            Self::LeftEnd => "`--range A...B`",
            Self::Branch => "`--staged`, `--worktree`, `pre-work`, `verify`, on a branch",
            Self::RemoteMain | Self::SoftHead => "the same, on the main branch",
            Self::UnknownMain => {
                "the same without a main branch; `verify` only for uncommitted work without a remote"
            }
            Self::WorkStart => "the same, on the main branch or without one",
        }
    }

    /// Returns the reason for the choice, as a clause of reports and the table.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::RangeStart => "the start of the range",
            Self::RangeMain => "the main branch, which does not contain the head of the range",
            Self::LeftEnd => "the left end of the range",
            Self::Branch => "the main branch",
            Self::RemoteMain => "the main branch of the remote",
            Self::SoftHead => {
                "HEAD, because the work is on the main branch, and no remote has that branch with rules"
            }
            Self::UnknownMain => "HEAD, because no main branch is known",
            Self::WorkStart => "the packet's MERGE_BASE_SHA, the start of the work on the main branch",
        }
    }

    /// Returns whether the person who does the work can move the trusted revision.
    pub(crate) fn is_soft(self) -> bool {
        matches!(self, Self::SoftHead | Self::UnknownMain)
    }
}

/// The trusted revision of a gate run.
#[derive(Debug, Clone)]
pub(crate) struct TrustedRevision {
    /// The tree that rules and configuration are read from.
    pub tree: TreeState,
    /// Why.
    pub row: TrustRow,
    /// The main branch as a reference, if it was used.
    pub reference: Option<String>,
    /// Commits at which the state of an approval is looked up: the trusted revision
    /// and the tips of the main branch. Empty for a range that is history.
    pub state_commits: Vec<Commit>,
    /// Commits whose approval records must still be in the judged tree: the base of
    /// the change, and the last commit of the main branch that the work contains.
    pub record_commits: Vec<Commit>,
    /// Tips of the main branch that do not contain the judged head.
    pub open_tips: Vec<Commit>,
    /// Tips of the main branch, as far as they are known.
    pub main_tips: Vec<Commit>,
    /// The commit before which times are trusted.
    pub time_base: Option<Commit>,
}

impl TrustedRevision {
    /// Returns whether the main branch contains the judged work already.
    pub(crate) fn is_history(&self) -> bool {
        self.open_tips.is_empty() && !self.main_tips.is_empty()
    }

    /// Returns one clause for reports: the revision and the reason.
    pub(crate) fn describe(&self) -> String {
        let reference = self.reference.as_deref().map(|name| format!(" (`{name}`)")).unwrap_or_default();
        let revision = match self.tree {
            TreeState::Commit(commit) => format!("commit {}", commit.short()),
            _ => "an empty tree".to_owned(),
        };
        format!("{revision}: {}{reference}", self.row.reason())
    }

    /// Builds the input of the checks about the rules. `judged` is the judged tree.
    pub(crate) fn check_context(&self, repo: &dyn Repository, judged: TreeState) -> TrustCheckContext {
        let path = RepoPath::from(FILE_NAME);
        let is_unchanged = match (repo.entry(self.tree, &path), repo.entry(judged, &path)) {
            (Ok(trusted), Ok(judged)) => trusted.is_some() && trusted == judged,
            _ => false,
        };
        let config_fault = match load(repo, judged, None) {
            _ if is_unchanged => None,
            Ok(_) => None,
            Err(ConfigError::Invalid(fault)) => {
                let label = Label::text(&fault.source, fault.span, "here");
                Some((label, fault.message.clone()))
            }
            Err(ConfigError::Repository(error)) => Some((Label::path(&path, "this file"), error.to_string())),
        };
        let soft_reason = self.row.is_soft().then(|| self.row.reason());
        TrustCheckContext { soft_reason, config_fault }
    }

    /// Describes the rules for a report. `tree` is the tree that they were read from: a
    /// packet can name an earlier one if only HEAD is trusted.
    pub(crate) fn policy_info(&self, config: &Config, tree: TreeState, source: &str) -> PolicyInfo {
        let row = if tree == self.tree { self.row } else { TrustRow::WorkStart };
        let reference = self.reference.as_deref().map(|name| format!(", `{name}`")).unwrap_or_default();
        PolicyInfo {
            profile: config.levels.profile.as_str(),
            revision: match tree {
                TreeState::Commit(commit) => Some(commit.0.to_string()),
                _ => None,
            },
            reason: format!("{}{reference}", row.reason()),
            source: source.to_owned(),
        }
    }

    /// Computes the trusted revision of a selection; `None` stands for a gate that
    /// judges no change, which is treated as an uncommitted one.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub(crate) fn resolve(
        repo: &dyn Repository,
        main: &MainBranch,
        selection: Option<&Selection>,
    ) -> Result<Self, PipelineError> {
        match selection.filter(|selection| selection.mode.is_committed()) {
            Some(selection) => resolve_committed(repo, main, selection),
            None => resolve_uncommitted(repo, main),
        }
    }
}

fn resolve_committed(
    repo: &dyn Repository,
    main: &MainBranch,
    selection: &Selection,
) -> Result<TrustedRevision, PipelineError> {
    let (base, head) = (selection.base, selection.head);
    let contains_head = |tip: Commit| match head {
        Some(head) => repo.is_ancestor(head, tip),
        None => Ok(true),
    };
    let is_history = match main.choose(repo, &|_| Ok(true)) {
        Ok(Some(tip)) => contains_head(tip.tip)?,
        _ => false,
    };
    let start = selection.left_end.or(base);
    let mut trusted = TrustedRevision {
        tree: start.map_or(TreeState::Empty, TreeState::Commit),
        row: if selection.left_end.is_some() { TrustRow::LeftEnd } else { TrustRow::RangeStart },
        reference: None,
        state_commits: start.into_iter().collect(),
        record_commits: base.into_iter().collect(),
        open_tips: Vec::new(),
        main_tips: main.tips.iter().map(|tip| tip.tip).collect(),
        time_base: base,
    };
    if selection.left_end.is_none() {
        // A start that main does not contain is a commit of the work itself.
        let is_newer = |tip: Commit| Ok(Some(tip) != base && !contains_head(tip)?);
        if let Some(tip) = main.choose(repo, &is_newer)? {
            trusted.tree = TreeState::Commit(tip.tip);
            trusted.row = TrustRow::RangeMain;
            trusted.reference = Some(tip.reference.clone());
            trusted.state_commits.push(tip.tip);
        }
    }
    if is_history {
        trusted.state_commits.truncate(1);
        return Ok(trusted);
    }
    if let Some(head) = head {
        trusted.add_merged_main(repo, main, head)?;
    }
    Ok(trusted)
}

fn resolve_uncommitted(repo: &dyn Repository, main: &MainBranch) -> Result<TrustedRevision, PipelineError> {
    let head = repo.head()?;
    let branch = repo.current_branch()?;
    let tip = main.choose(repo, &|_| Ok(true))?;
    let on_main = branch.as_deref().is_some_and(|branch| main.tips.iter().any(|tip| tip.name == branch));
    let (tree, row) = match (&tip, head) {
        (Some(tip), _) if !on_main => (Some(tip.tip), TrustRow::Branch),
        (Some(tip), _) if tip.is_remote => (Some(tip.tip), TrustRow::RemoteMain),
        (Some(_), head) => (head, TrustRow::SoftHead),
        (None, head) => (head, TrustRow::UnknownMain),
    };
    let reference = tip.filter(|_| !row.is_soft()).map(|tip| tip.reference.clone());
    let mut trusted = TrustedRevision {
        tree: tree.map_or(TreeState::Empty, TreeState::Commit),
        row,
        reference,
        state_commits: tree.into_iter().collect(),
        record_commits: Vec::new(),
        open_tips: Vec::new(),
        main_tips: main.tips.iter().map(|tip| tip.tip).collect(),
        time_base: None,
    };
    if let Some(head) = head {
        trusted.add_merged_main(repo, main, head)?;
        if trusted.record_commits.is_empty() {
            trusted.record_commits.push(head);
        }
    }
    Ok(trusted)
}

impl TrustedRevision {
    /// Adds the tips of the main branch to the commits of the state, and its last
    /// commit that the work contains to those of the records.
    fn add_merged_main(
        &mut self,
        repo: &dyn Repository,
        main: &MainBranch,
        head: Commit,
    ) -> Result<(), PipelineError> {
        for tip in &main.tips {
            if !repo.is_ancestor(head, tip.tip)? {
                self.state_commits.push(tip.tip);
                self.open_tips.push(tip.tip);
            }
            if let Some(merged) = repo.merge_base(tip.tip, head)? {
                self.record_commits.push(merged);
                let is_later = match self.time_base {
                    Some(base) => repo.is_ancestor(base, merged)?,
                    None => true,
                };
                if is_later && merged != head {
                    self.time_base = Some(merged);
                }
            }
        }
        self.state_commits.sort();
        self.state_commits.dedup();
        self.record_commits.sort();
        self.record_commits.dedup();
        Ok(())
    }
}
