//! The main branch, as far as the references of a repository show it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::{
    BranchTip, Commit, Repository, RepositoryError, Selection, SelectionMode, SelectionRequest, TreeState,
};
use crate::config::{Config, FILE_NAME, allowed_signers_path, load, main_branches_in_history};
use crate::pipeline::error::PipelineError;
use crate::text::{RepoPath, Source};

/// Maximum number of names of main branches: each branch is compared with all others.
pub(super) const MAX_NAMES: usize = 16;
/// Number of branches up to which their own configurations are asked whether the history
/// must be searched for names of main branches.
const MAX_OTHER_BRANCHES: usize = 64;

/// Returns the commit at which HEAD left the main branch; see [`MainBranch::fork_point`].
///
/// # Errors
/// The repository cannot be read, or the rules of two main branches differ.
pub(crate) fn fork_point(repo: &dyn Repository) -> Result<Option<Commit>, PipelineError> {
    MainBranch::find(repo, None, None)?.fork_point(repo)
}

/// The references that are the main branch, as far as that can be known.
#[derive(Debug)]
pub(crate) struct MainBranch {
    /// Branches that name themselves main in their own configuration, or have none.
    pub tips: Vec<BranchTip>,
    /// For each tip, what its rules consist of.
    policies: Vec<RuleObjects>,
    /// For each tip, the names of main branches in its configuration.
    names: Vec<MainNames>,
    /// The names that HEAD's configuration gives, or those of the program.
    pub(super) wanted: Vec<String>,
    /// Existing branches with a usual name whose own configuration names others, with these.
    pub(super) disowned: Vec<(String, Vec<String>)>,
}

/// The names of main branches at a commit.
#[derive(Debug, Clone)]
struct MainNames {
    names: Vec<String>,
    /// Whether the configuration has them, not only the defaults of the program.
    is_explicit: bool,
}

impl MainNames {
    fn contains(&self, name: &str) -> bool {
        self.names.iter().any(|listed| listed == name)
    }
}

/// The objects that make up the rules of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RuleObjects {
    has_config: bool,
    objects: Vec<(RepoPath, Option<String>)>,
}

impl MainBranch {
    /// Finds the main branch. `base` is the revision that the caller names instead
    /// (`--base`).
    ///
    /// # Errors
    /// The repository cannot be read, or `base` is no commit.
    pub(crate) fn find(
        repo: &dyn Repository,
        config: Option<&Arc<Source>>,
        base: Option<&str>,
    ) -> Result<Self, PipelineError> {
        if let Some(base) = base {
            let request = SelectionRequest::Rev(base.to_owned());
            let tip = repo.select(&request, &|_| None, None)?.head;
            let tips: Vec<BranchTip> = tip
                .map(|tip| BranchTip {
                    name: base.to_owned(),
                    reference: base.to_owned(),
                    tip,
                    is_remote: true,
                })
                .into_iter()
                .collect();
            let policies =
                tips.iter().map(|_| RuleObjects { has_config: true, objects: Vec::new() }).collect();
            let names = tips
                .iter()
                .map(|tip| MainNames { names: vec![tip.name.clone()], is_explicit: true })
                .collect();
            return Ok(Self { tips, policies, names, wanted: Vec::new(), disowned: Vec::new() });
        }
        let mut names: BTreeSet<String> = Config::defaults().main_branches.into_iter().collect();
        let mut wanted: Vec<String> = names.iter().cloned().collect();
        let head = repo.head()?;
        if let Some(head) = head
            && let Ok(loaded) = load(repo, TreeState::Commit(head), config)
        {
            wanted.clone_from(&loaded.config.main_branches);
            names.extend(loaded.config.main_branches);
        }
        // The coder can change the name in HEAD, so names in the history count as well.
        if let Some(head) = head
            && may_have_another(repo, &names)?
        {
            names.extend(main_branches_in_history(repo, head)?);
        }
        if names.len() > MAX_NAMES {
            let reason = format!(
                "the configurations of HEAD and its history name {} main branches; at most {MAX_NAMES} are \
                    compared",
                names.len()
            );
            return Err(RepositoryError::Git { operation: "finding the main branch".into(), reason }.into());
        }
        Self::named(repo, &names, wanted)
    }

    /// Returns the commit at which HEAD left the main branch: HEAD itself on the main
    /// branch; `None` if no main branch is known.
    ///
    /// # Errors
    /// The repository cannot be read, or the rules of two main branches differ.
    pub(crate) fn fork_point(&self, repo: &dyn Repository) -> Result<Option<Commit>, PipelineError> {
        let (Some(head), Some(tip)) = (repo.head()?, self.choose(repo, &|_| Ok(true))?) else {
            return Ok(None);
        };
        Ok(repo.merge_base(tip.tip, head)?)
    }

    /// Returns the oldest of the commits at which a commit left one of the branches;
    /// `None` if no main branch is known. It needs no decision between them.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub(crate) fn oldest_fork(
        &self,
        repo: &dyn Repository,
        head: Commit,
    ) -> Result<Option<Commit>, RepositoryError> {
        let mut oldest: Option<Commit> = None;
        for tip in &self.tips {
            let Some(fork) = repo.merge_base(tip.tip, head)? else { continue };
            oldest = match oldest {
                Some(known) if repo.is_ancestor(known, fork)? => Some(known),
                _ => Some(fork),
            };
        }
        Ok(oldest)
    }

    /// Returns whether a branch is a main branch to all other main branches as well, or was
    /// one where they parted: a branch cannot make itself one.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub(crate) fn is_main_to_all(&self, repo: &dyn Repository, name: &str) -> Result<bool, RepositoryError> {
        let own: Vec<&BranchTip> = self.tips.iter().filter(|tip| tip.name == name).collect();
        for (other, names) in self.tips.iter().zip(&self.names).filter(|(tip, _)| tip.name != name) {
            if names.contains(name) {
                continue;
            }
            for tip in &own {
                let Some(fork) = repo.merge_base(tip.tip, other.tip)? else { return Ok(false) };
                let was_main = load(repo, TreeState::Commit(fork), None)
                    .is_ok_and(|loaded| loaded.config.main_branches.iter().any(|listed| listed == name));
                if !was_main {
                    return Ok(false);
                }
            }
        }
        Ok(!own.is_empty())
    }

    /// Returns a main branch of another name whose rules name none, so that only the list of
    /// the program makes both main branches. Anybody who can push can create the second.
    pub(crate) fn rival_of(&self, name: &str) -> Option<&BranchTip> {
        let mut others = self.tips.iter().zip(&self.names).filter(|(tip, _)| tip.name != name);
        others.find(|(_, names)| !names.is_explicit).map(|(tip, _)| tip)
    }

    /// Returns whether the configuration of the branch `main` has `name` in its list of main
    /// branches.
    pub(crate) fn names_explicitly(&self, main: &str, name: &str) -> bool {
        let mut own = self.tips.iter().zip(&self.names).filter(|(tip, _)| tip.name == main);
        own.any(|(_, names)| names.is_explicit && names.contains(name))
    }

    /// Selects a change. If the main branch moved on since the work left it, a range that
    /// starts there (`main..HEAD`) is judged as `main...HEAD`: what others did on the main
    /// branch is not part of the work.
    ///
    /// # Errors
    /// The repository cannot be read, or the request is not valid.
    pub(crate) fn select(
        &self,
        repo: &dyn Repository,
        request: &SelectionRequest,
        merge_base: &dyn Fn(Commit) -> Option<String>,
        tip: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        let selection = self.against_merged_main(repo, repo.select(request, merge_base, tip)?)?;
        let (SelectionMode::Range, None, Some(base), Some(head)) =
            (selection.mode, selection.left_end, selection.base, selection.head)
        else {
            return Ok(selection);
        };
        if repo.is_ancestor(base, head)? || repo.is_ancestor(head, base)? {
            return Ok(selection);
        }
        for known in &self.tips {
            if !repo.is_ancestor(base, known.tip)? {
                continue;
            }
            let Some(fork) = repo.merge_base(base, head)? else { break };
            let reason = format!(
                "{}, from the merge base {}: `{}` moved on since the work left it",
                selection.reason,
                fork.short(),
                known.reference
            );
            return Ok(Selection { base: Some(fork), left_end: Some(base), reason, ..selection });
        }
        Ok(selection)
    }

    /// While a merge of a main branch is under way, compares with the merged commit: what
    /// main brings is not the work of this branch.
    fn against_merged_main(
        &self,
        repo: &dyn Repository,
        selection: Selection,
    ) -> Result<Selection, RepositoryError> {
        let merged = if selection.mode.is_committed() { None } else { repo.merged_commit()? };
        let (Some(merged), Some(head)) = (merged, repo.head()?) else { return Ok(selection) };
        for known in &self.tips {
            if !repo.is_ancestor(merged, known.tip)? {
                continue;
            }
            // Without newer commits of main, the merge would take something back.
            let Some(fork) = repo.merge_base(head, known.tip)? else { continue };
            if repo.is_ancestor(fork, merged)? {
                let reason = format!(
                    "{}; a merge of `{}` is under way, so its commit {} is the base",
                    selection.reason,
                    known.reference,
                    merged.short()
                );
                return Ok(Selection { base: Some(merged), reason, ..selection });
            }
        }
        Ok(selection)
    }

    fn named(
        repo: &dyn Repository,
        names: &BTreeSet<String>,
        wanted: Vec<String>,
    ) -> Result<Self, PipelineError> {
        let names: Vec<String> = names.iter().cloned().collect();
        let (mut tips, mut policies, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        let mut disowned = Vec::new();
        for tip in repo.branch_tips(&names)? {
            let policy = read_policy(repo, tip.tip)?;
            // A configuration that cannot be read is an error where it is used.
            let (has_file, own) = match load(repo, TreeState::Commit(tip.tip), None) {
                Ok(loaded) => {
                    let is_explicit = loaded.config.names_main_branches;
                    (loaded.is_file, MainNames { names: loaded.config.main_branches, is_explicit })
                }
                Err(_) => (true, MainNames { names: vec![tip.name.clone()], is_explicit: false }),
            };
            if !has_file || own.contains(&tip.name) {
                listed.push(own);
                tips.push(tip);
                policies.push(policy);
            } else if Config::defaults().main_branches.contains(&tip.name) {
                disowned.push((tip.reference, own.names));
            }
        }
        Ok(Self { tips, policies, names: listed, wanted, disowned })
    }

    /// Chooses the tip whose rules count, among those that are `relevant`: a
    /// remote-tracking one if there is one.
    ///
    /// - A tip without a configuration is passed over if another one descends from it
    ///   and has a configuration: a planted branch cannot choose older rules.
    /// - A local branch that a remote-tracking one contains is passed over.
    ///
    /// # Errors
    /// Two tips are left whose rules differ.
    pub(crate) fn choose(
        &self,
        repo: &dyn Repository,
        relevant: &dyn Fn(Commit) -> Result<bool, RepositoryError>,
    ) -> Result<Option<&BranchTip>, PipelineError> {
        let all: Vec<(&BranchTip, &RuleObjects)> = self.tips.iter().zip(&self.policies).collect();
        let mut kept: Vec<(&BranchTip, &RuleObjects)> = Vec::new();
        for (tip, policy) in &all {
            let mut is_passed_over = !relevant(tip.tip)?;
            // A branch that is not relevant itself still shows that another one is stale.
            for (other, other_policy) in &all {
                let adds_rules = other_policy.has_config && !policy.has_config;
                let is_stale = other.is_remote && !tip.is_remote && tip.tip != other.tip;
                is_passed_over =
                    is_passed_over || ((adds_rules || is_stale) && repo.is_ancestor(tip.tip, other.tip)?);
            }
            if !is_passed_over {
                kept.push((tip, policy));
            }
        }
        let Some((first, policy)) = kept.iter().min_by_key(|(tip, _)| (!tip.is_remote, &tip.reference))
        else {
            return Ok(None);
        };
        if let Some((other, _)) = kept.iter().find(|(_, other)| other != policy) {
            return Err(PipelineError::AmbiguousMain {
                first: first.reference.clone(),
                second: other.reference.clone(),
            });
        }
        Ok(Some(first))
    }
}

/// Returns whether a branch that is not among `names` could be a main branch: its own
/// configuration names it, or it has none. Otherwise the history need not be searched for
/// other names.
fn may_have_another(repo: &dyn Repository, names: &BTreeSet<String>) -> Result<bool, RepositoryError> {
    let Some(mut others) = repo.branch_names(MAX_OTHER_BRANCHES)? else { return Ok(true) };
    others.retain(|name| !names.contains(name));
    let path = RepoPath::from(FILE_NAME);
    for branch in repo.branch_tips(&others)? {
        if names.contains(&branch.name) {
            continue;
        }
        let tree = TreeState::Commit(branch.tip);
        if repo.entry(tree, &path)?.is_none() {
            return Ok(true);
        }
        // A configuration that cannot be read names no main branch; see `MainBranch::named`.
        let names_itself =
            load(repo, tree, None).map_or(true, |loaded| loaded.config.main_branches.contains(&branch.name));
        if names_itself {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the ids of everything that decides rules at a commit.
fn read_policy(repo: &dyn Repository, commit: Commit) -> Result<RuleObjects, PipelineError> {
    let tree = TreeState::Commit(commit);
    let mut paths = vec![RepoPath::from(FILE_NAME)];
    let has_config = repo.entry(tree, &RepoPath::from(FILE_NAME))?.is_some();
    if let Ok(loaded) = load(repo, tree, None) {
        paths.push(allowed_signers_path(repo, &loaded.config, tree)?);
        paths.extend(loaded.config.scan.baseline.as_deref().map(RepoPath::from));
        for folder in &loaded.config.scan.rule_folders {
            paths.extend(repo.list_below(tree, folder)?);
        }
    }
    let mut objects = Vec::new();
    for path in paths {
        let id = repo.entry(tree, &path)?.map(|entry| entry.id.to_string());
        objects.push((path, id));
    }
    Ok(RuleObjects { has_config, objects })
}
