//! The fence: the scope in the configuration of the trusted revision.

use crate::change::{
    ChangeSet, ChangedFile, Repository, RepositoryError, Selection, SelectionMode, TreeState,
};
use crate::check::context::{
    ChangeCheckContext, Gate, PacketCheckContext, RangeFact, SelectionCheckContext, TrustCheckContext,
};
use crate::check::{Check, CheckResult, Registered, find_rule, sensitive_path_reason};
use crate::config::{Config, LoadedConfig};
use crate::document::{Layout, Packet, WpId};
use crate::finding::{CheckOutcome, Report};
use crate::pipeline::error::PipelineError;
use crate::pipeline::outcome::{RuleRef, is_disabled, resolve_outcome};
use crate::pipeline::packet_gate::{
    FencePacket, GateResult, cached_link_target, refuse_too_many_globs, rules_of_gate,
};
use crate::pipeline::selected_change::SelectedChange;
use crate::pipeline::source_scan;
use crate::rule::Rule;
use crate::text::{RepoPath, Source};

use super::{VerifyContext, tree_of};

/// Families of rules that judge a change without a packet.
const FENCE_FAMILIES: [&str; 3] = ["scope", "change", "tests"];

/// Checks a change against the fence.
pub(super) fn check(context: VerifyContext<'_>) -> Result<GateResult, PipelineError> {
    let config = context.loaded.config.clone();
    let mut report = context.new_report();
    let files = context.all_files.clone();
    // The fence has no packet; the id is in no message.
    let Ok(id) = WpId::parse("WP-fence") else { return Ok(context.into_result(report)) };
    let fence = FencePacket { id, packet: fence_packet(&context.loaded), layout: Layout::gov() };
    let packet_input = || fence.check_context(&config.policy);
    let tree = context.selection.judged_tree();
    let exists = |path: &RepoPath| context.repo.exists(tree, path).unwrap_or(false);
    let link_target = cached_link_target(context.repo, tree);
    let (no_paths, no_logs) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    let change = ChangeCheckContext {
        packet: packet_input(),
        selection: &context.selection,
        files: &files,
        config_name: crate::config::FILE_NAME,
        policy_source: &context.loaded.origin,
        range_fact: RangeFact::NotApplicable,
        owners: &|_| Vec::new(),
        other_packet_for: &|_| None,
        exists: &exists,
        link_target: &link_target,
        packet_at_start: None,
        trusted_states: &[],
        earlier_records: &[],
        judged_ids: &[],
        is_history: false,
        waiver_origins: &[],
        evidence_paths: &no_paths,
        logs: &no_logs,
        now: context.request.now,
    };
    let inputs = FenceInputs {
        selection: SelectionCheckContext {
            selection: &context.selection,
            is_ancestor_range: is_ancestor_range(&context)?,
            changed_count: files.len(),
            user_ignored: &context.change.user_ignored,
        },
        trust: context.trusted.check_context(context.repo, tree),
        packet: packet_input(),
        change,
    };
    for entry in rules_of_gate(Gate::PostWork).filter(|entry| judges_fence(entry)) {
        push_result(&mut report, &config, &RuleRef::Registered(entry), inputs.run(entry, &config));
    }
    run_scans(&context, &files, &config, &mut report)?;
    report.sort();
    let result = context.into_result(report);
    Ok(GateResult { fence: Some(fence), has_code: true, ..result })
}

fn judges_fence(entry: &Registered) -> bool {
    match entry.check {
        Check::Selection(_) | Check::Trust(_) | Check::Step => true,
        // An excluded folder inside the scope is a plain way to write a fence, and
        // excluding wins.
        Check::Packet(_) if entry.rule.id.as_str() == "scope/overlap" => false,
        Check::Change(_) | Check::Packet(_) => FENCE_FAMILIES.contains(&entry.rule.id.family()),
        _ => false,
    }
}

struct FenceInputs<'a> {
    selection: SelectionCheckContext<'a>,
    trust: TrustCheckContext,
    packet: PacketCheckContext<'a>,
    change: ChangeCheckContext<'a>,
}

impl FenceInputs<'_> {
    fn run(&self, entry: &Registered, config: &Config) -> CheckResult {
        let rule = &entry.rule;
        if is_disabled(config, &rule.id) {
            return CheckResult::skipped("switched off by the configuration");
        }
        match entry.check {
            Check::Selection(check) => check(&self.selection, rule),
            Check::Trust(check) => check(&self.trust, rule),
            Check::Packet(check) => check(&self.packet, rule),
            Check::Change(check) => check(&self.change, rule),
            _ => CheckResult::skipped("the steps were not run"),
        }
    }
}

/// Returns a packet that has the scope of the configuration and nothing else; its
/// source is the configuration, so that findings point at it.
fn fence_packet(loaded: &LoadedConfig) -> Packet {
    let empty = Source::from_text(RepoPath::from(crate::config::FILE_NAME), "");
    let mut packet = Packet::read(&empty).value;
    if let Some(source) = &loaded.source {
        packet.source = std::sync::Arc::clone(source);
    }
    if let Some(fence) = &loaded.config.fence {
        packet.scope.declared = Some(fence.declared);
        packet.scope.in_scope.clone_from(&fence.in_scope);
        packet.scope.out_of_scope.clone_from(&fence.out_of_scope);
    }
    packet
}

/// Takes untracked files out of a change that only the user of git ignores, or that are in a
/// named cache, unless the fence contains them or they control the checks. Packets check their own scopes.
pub(super) fn set_aside_untracked(
    loaded: &LoadedConfig,
    change: &mut SelectedChange,
) -> Result<(), RepositoryError> {
    let Ok(id) = WpId::parse("WP-fence") else { return Ok(()) };
    let fence = FencePacket { id, packet: fence_packet(loaded), layout: Layout::gov() };
    let input = fence.check_context(&loaded.config.policy);
    refuse_too_many_globs(std::iter::once(fence.check_context(&loaded.config.policy)), change.files.len())?;
    change.set_aside_untracked(&loaded.config.policy.caches, |path| {
        sensitive_path_reason(&input, path).is_some()
    });
    Ok(())
}

/// Returns the changed files, and those that only the index changes: the next commit
/// would contain them, whatever is on disk.
pub(super) fn with_staged_paths(
    repo: &dyn Repository,
    selection: &Selection,
    changed: &[ChangedFile],
) -> Result<Vec<ChangedFile>, RepositoryError> {
    let mut files = changed.to_vec();
    if selection.mode != SelectionMode::Worktree {
        return Ok(files);
    }
    let staged = Selection { mode: SelectionMode::Staged, ..selection.clone() };
    let ChangeSet { changes, .. } = repo.changes(&staged)?;
    let before = tree_of(selection.base);
    for change in changes {
        if files.binary_search_by(|file| file.change.path.cmp(&change.path)).is_ok() {
            continue;
        }
        let read = |tree: TreeState, entry| repo.read_entry(tree, &change.path, entry);
        let old = change.before.map(|entry| read(before, entry)).transpose()?;
        let new = change.after.map(|entry| read(TreeState::Index, entry)).transpose()?;
        files.push(ChangedFile::new(change.clone(), old, new));
    }
    files.sort_by(|a, b| a.change.path.cmp(&b.change.path));
    Ok(files)
}

fn is_ancestor_range(context: &VerifyContext<'_>) -> Result<bool, RepositoryError> {
    match (context.selection.base, context.selection.head) {
        (Some(base), Some(head)) => context.repo.is_ancestor(base, head),
        _ => Ok(true),
    }
}

fn run_scans(
    context: &VerifyContext<'_>,
    files: &[ChangedFile],
    config: &Config,
    report: &mut Report,
) -> Result<(), PipelineError> {
    if config.scan.gate_scans.is_empty() {
        return Ok(());
    }
    let scan = source_scan::ChangeScan {
        repo: context.repo,
        policy_tree: context.trusted.tree,
        tree: context.selection.judged_tree(),
        tree_before: tree_of(context.selection.base),
        files,
        config,
        waived: None,
        today: context.request.now.date(),
    };
    let outcome = source_scan::run_gate_scans(&scan)?;
    report.scan = Some(outcome.info);
    for (rule, result) in outcome.results {
        push_result(report, config, &rule, result);
    }
    Ok(())
}

/// Adds the result of one registered rule to a report.
pub(super) fn push_rule(
    report: &mut Report,
    config: &Config,
    id: &str,
    check: impl FnOnce(&Rule) -> CheckResult,
) {
    if let Some(entry) = find_rule(id) {
        push_result(report, config, &RuleRef::Registered(entry), check(&entry.rule));
    }
}

fn push_result(report: &mut Report, config: &Config, rule: &RuleRef, result: CheckResult) {
    let (status, findings) = resolve_outcome(config, rule, result);
    report.findings.extend(findings);
    report.outcomes.push(CheckOutcome { rule: rule.id().clone(), packet: None, status });
}
