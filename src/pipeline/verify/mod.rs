//! `verify`: judges the whole work of a branch, by the fence of the configuration or by
//! the packets of the branch. It selects what the gates check; it checks nothing in
//! another way.

mod contract_fault;
mod contract_first;
mod exempt;
mod fence;
mod packets;
mod policy_change;
mod reopened;
mod signed_packets;

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{ChangedFile, Repository, Selection, SelectionRequest, TreeState};
use crate::check::context::Gate;
use crate::check::user_ignored_findings;
use crate::config::{LoadedConfig, load};
use crate::finding::{CheckStatus, Level, Report, RuleId};
use crate::pipeline::error::PipelineError;
use crate::pipeline::packet_gate::{GateRequest, GateResult, run_gate_checks};
use crate::pipeline::selected_change::{SelectedChange, build_selection_info, load_changed_files};
use crate::pipeline::trusted_revision::{MainBranch, TrustedRevision};
use crate::rule::Profile;
use crate::text::{Source, to_single_line};

#[cfg(feature = "ledger")]
pub(crate) use packets::prepared_branches;
pub(crate) use policy_change::PolicyApproval;

/// Name of the command in reports.
const VERIFY: &str = "verify";

/// Request to judge the work of a branch.
#[derive(Debug, Clone)]
pub(crate) struct VerifyRequest {
    /// The packets that the caller names; empty to find them.
    pub packets: Vec<String>,
    /// The change to judge; the default is the whole work of the branch.
    pub selection: SelectionRequest,
    /// The branch of the work in a run of continuous integration; `None` for the one that
    /// is checked out.
    pub branch: Option<String>,
    /// The revision that the caller trusts as the main branch.
    pub base: Option<String>,
    /// A configuration file that the caller names, instead of the repository's.
    pub config: Option<Arc<Source>>,
    /// Who approves a change of the configuration.
    pub approval: PolicyApproval,
    /// Whether this is a run of a continuous-integration service.
    pub is_ci: bool,
    /// Now, UTC.
    pub now: DateTime,
}

impl VerifyRequest {
    /// Returns the option that selects the change, with a blank before it, for commands in
    /// messages.
    fn selection_option(&self) -> String {
        match &self.selection {
            SelectionRequest::Default | SelectionRequest::Work => String::new(),
            SelectionRequest::Range(range) => format!(" --range {}", to_single_line(range, 120)),
            SelectionRequest::Auto { .. } => " --range auto".to_owned(),
            SelectionRequest::Rev(revision) => format!(" --rev {}", to_single_line(revision, 120)),
            SelectionRequest::Staged => " --staged".to_owned(),
            SelectionRequest::Worktree => " --worktree".to_owned(),
        }
    }
}

/// The change under judgement and the rules that judge it.
struct VerifyContext<'a> {
    repo: &'a dyn Repository,
    request: &'a VerifyRequest,
    selection: Selection,
    trusted: TrustedRevision,
    loaded: LoadedConfig,
    change: SelectedChange,
    /// The files, and those that only the index changes.
    all_files: Vec<ChangedFile>,
}

impl<'a> VerifyContext<'a> {
    /// Resolves the change and loads the rules; also returns the selection that a gate
    /// of packets gets.
    fn load(
        repo: &'a dyn Repository,
        request: &'a VerifyRequest,
    ) -> Result<(Self, SelectionRequest), PipelineError> {
        let main = MainBranch::find(repo, request.config.as_ref(), request.base.as_deref())?;
        let is_work = matches!(request.selection, SelectionRequest::Default | SelectionRequest::Work);
        let tip = if is_work { main.choose(repo, &|_| Ok(true))? } else { None };
        let wanted = match &request.selection {
            SelectionRequest::Default => SelectionRequest::Work,
            other => other.clone(),
        };
        let selection = main.select(repo, &wanted, &|_| None, tip)?;
        // Without a main branch, committed work would look like an empty change. In a
        // repository of one person without a remote, what is on disk is judged with a warning.
        let is_unknown = is_work && tip.is_none() && repo.head()?.is_some();
        let needs_main = selection.mode.is_committed()
            || request.is_ci
            || repo.is_shallow()
            || repo.main_remote().is_some();
        if is_unknown && needs_main {
            return Err(PipelineError::UnknownMain { why: main.explain_unknown(repo) });
        }
        let trusted = TrustedRevision::resolve(repo, &main, Some(&selection))?;
        let loaded = load(repo, trusted.tree, request.config.as_ref())?;
        let mut change = load_changed_files(repo, &selection)?;
        fence::set_aside_untracked(&loaded, &mut change)?;
        let all_files = fence::with_staged_paths(repo, &selection, &change.files)?;
        Ok((Self { repo, request, selection, trusted, loaded, change, all_files }, wanted))
    }

    /// Returns a report that names the change and the rules.
    fn new_report(&self) -> Report {
        let source = self.loaded.origin.clone();
        Report {
            policy: Some(self.trusted.policy_info(&self.loaded.config, self.trusted.tree, &source)),
            selection: Some(build_selection_info(&self.selection, &self.change, source)),
            warnings: self.loaded.config.warning_lines(),
            ..Report::new(VERIFY)
        }
    }

    /// Returns the result of the gate for a change without code, with a warning for each
    /// path that only the user of git ignores.
    fn into_documents_result(self, mut report: Report) -> GateResult {
        if !self.change.user_ignored.is_empty() {
            fence::push_rule(&mut report, &self.loaded.config, "change/user-ignored", |rule| {
                user_ignored_findings(&self.change.user_ignored, rule).into()
            });
        }
        self.into_result(report)
    }

    /// Returns the result of the gate with this report.
    fn into_result(self, report: Report) -> GateResult {
        let tree = self.selection.judged_tree();
        let judged_entries = self.change.entries();
        GateResult {
            gate: Gate::PostWork,
            report,
            config: self.loaded.config,
            selection: Some(self.selection),
            tree,
            policy_tree: self.trusted.tree,
            judged_entries,
            packets: Vec::new(),
            fence: None,
            has_code: false,
        }
    }
}

/// Runs the checks over the work of a branch.
///
/// # Errors
/// The repository or the configuration cannot be read, or it is not clear which packet
/// the work belongs to.
pub(crate) fn run_verify_checks(
    repo: &dyn Repository,
    request: &VerifyRequest,
) -> Result<GateResult, PipelineError> {
    let (context, wanted) = VerifyContext::load(repo, request)?;
    if context.all_files.is_empty() {
        return Ok(report_empty_change(context));
    }
    if let Some(report) = policy_change::check(&context)? {
        return Ok(context.into_documents_result(report));
    }
    if let Some(report) = exempt::check(&context)? {
        return Ok(context.into_documents_result(report));
    }
    match context.loaded.config.levels.profile {
        Profile::Fence => fence::check(context),
        Profile::Standard | Profile::Full => check_packets(context, wanted),
    }
}

/// Checks the scope of a commit that is about to be made: the fence, or the scope of the
/// packets of the branch. Manifests and evidence come later, so they are not demanded.
/// `None` if neither a fence nor a packet is in force.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub(crate) fn check_commit_scope(
    repo: &dyn Repository,
    request: &VerifyRequest,
) -> Result<Option<Report>, PipelineError> {
    let (context, wanted) = VerifyContext::load(repo, request)?;
    if context.all_files.is_empty() {
        return Ok(None);
    }
    if let Some(mut report) = policy_change::check(&context)? {
        // The commit that may carry a signature does not exist yet.
        let is_change = |id: &RuleId| id.as_str() == "config/policy-change";
        for finding in report.findings.iter_mut().filter(|finding| is_change(&finding.rule)) {
            finding.level = Level::Warning;
        }
        for outcome in report.outcomes.iter_mut().filter(|outcome| is_change(&outcome.rule)) {
            outcome.status = CheckStatus::Passed;
        }
        return Ok(Some(report));
    }
    if context.loaded.config.levels.profile == Profile::Fence {
        return Ok(Some(fence::check(context)?.report));
    }
    let ids = match packets::find(&context) {
        Err(PipelineError::NoPacketOfBranch { .. } | PipelineError::NothingSetUp) => return Ok(None),
        found => found?,
    };
    let Some(gate) = gate_request(&context, &ids, wanted) else { return Ok(None) };
    let mut report = run_gate_checks(repo, &gate)?.report;
    report.findings.retain(|finding| finding.rule.family() == "scope");
    report.outcomes.retain(|outcome| outcome.rule.family() == "scope");
    Ok(Some(report))
}

/// Builds the request of the gate over packets; `None` without packets.
fn gate_request(
    context: &VerifyContext<'_>,
    ids: &[String],
    selection: SelectionRequest,
) -> Option<GateRequest> {
    let (first, others) = ids.split_first()?;
    Some(GateRequest {
        task: None,
        gate: Gate::PostWork,
        packet: first.clone(),
        other_packets: others.to_vec(),
        selection,
        base: context.request.base.clone(),
        config: context.request.config.clone(),
        now: context.request.now,
    })
}

/// Reports that there is nothing to check: an error in continuous integration, unless
/// the base is the head, because a range that was computed wrongly looks like this.
fn report_empty_change(context: VerifyContext<'_>) -> GateResult {
    let mut report = context.new_report();
    let is_same = context.selection.base.is_some() && context.selection.base == context.selection.head;
    if context.request.is_ci && !is_same {
        fence::push_rule(&mut report, &context.loaded.config, "change/empty", |rule| {
            let label = crate::finding::Label::repository(context.selection.reason.clone());
            vec![rule.finding("the selected change contains no changed file", label)].into()
        });
    } else {
        report.warnings.push("nothing to check: no file differs".to_owned());
    }
    context.into_documents_result(report)
}

/// Checks the change against the packets that it belongs to.
fn check_packets(
    context: VerifyContext<'_>,
    selection: SelectionRequest,
) -> Result<GateResult, PipelineError> {
    if let Some(report) = contract_first::check_contract_first(&context)? {
        return Ok(context.into_documents_result(report));
    }
    let ids = packets::find(&context)?;
    let Some(request) = gate_request(&context, &ids, selection) else {
        return Err(PipelineError::NoPacketOfBranch {
            branch: None,
            candidates: Vec::new(),
            options: context.request.selection_option(),
        });
    };
    let mut result = run_gate_checks(context.repo, &request)?;
    result.report.gate = VERIFY;
    Ok(result)
}

/// Returns the tree of a commit; an empty tree without one.
fn tree_of(commit: Option<crate::change::Commit>) -> TreeState {
    commit.map_or(TreeState::Empty, TreeState::Commit)
}
