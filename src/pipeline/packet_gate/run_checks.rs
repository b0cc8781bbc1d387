//! Runs one gate over one packet, or over several packets that share a change:
//! prepares the inputs of the checks, runs them in order, applies waivers, and
//! reports the outcome of every check.

use crate::change::{Commit, Repository, Selection, SelectionRequest, TreeState};
use crate::check::context::Gate;
use crate::digest::sha256_hex;
use crate::document::Packet;
use crate::document::evidence::EvidenceEntry;
use crate::finding::{ApprovalSummary, EvidenceClaim, Finding, Level, PacketInfo, Report};
use crate::text::RepoPath;

use super::attribution::{self, FileAttribution};
use super::check_runner::CheckRunner;
use super::context::{PacketContext, resolve_selection};
use super::gate_result::GateResult;
use super::request::{GateContext, GateRequest};
use super::task::{restrict_to_task, task_remark};
use crate::pipeline::error::PipelineError;
use crate::pipeline::selected_change::{SelectedChange, build_selection_info, load_changed_files};
use crate::pipeline::test_plan::warn_of_refusals;
use crate::pipeline::trusted_revision::{MainBranch, TrustedRevision};
use crate::rule::Profile;

/// Loads the requested packets, all with the rules of one revision.
fn load_packets(
    repo: &dyn Repository,
    request: &GateRequest,
    trusted: &TrustedRevision,
    tree: TreeState,
) -> Result<Vec<PacketContext>, PipelineError> {
    let mut packets: Vec<PacketContext> = request
        .packets()
        .map(|requested| PacketContext::load(repo, request, requested, trusted, tree))
        .collect::<Result<_, _>>()?;
    // The rules of HEAD judge a packet that does not name the start of its
    // work. Next to a packet that names it, both are judged by the older rules.
    let default_policy = trusted.tree;
    if let Some(older) =
        packets.iter().map(|packet| packet.policy_tree).find(|policy_tree| *policy_tree != default_policy)
    {
        let reloaded = packets.into_iter().map(|packet| {
            let has_default = packet.policy_tree == default_policy;
            if has_default { packet.with_policy_tree(repo, request, older, tree) } else { Ok(packet) }
        });
        packets = reloaded.collect::<Result<_, _>>()?;
    }
    Ok(packets)
}

/// Has the newest history read if it is searched from HEAD. A range ends its search at its own
/// start, which is near.
fn read_ahead(repo: &dyn Repository, request: &GateRequest, head: Option<Commit>) {
    use SelectionRequest::{Default, Staged, Work, Worktree};
    let has_no_change = matches!(request.gate, Gate::GateCheck | Gate::PreWork);
    if has_no_change || matches!(request.selection, Default | Work | Staged | Worktree) {
        head.into_iter().for_each(|head| repo.read_ahead(head));
    }
}

/// Runs the checks of a gate over the requested packets.
///
/// # Errors
/// The repository or the configuration cannot be read, or two of the given ids
/// name the same packet.
pub(crate) fn run_gate_checks(
    repo: &dyn Repository,
    request: &GateRequest,
) -> Result<GateResult, PipelineError> {
    let head = repo.head()?;
    read_ahead(repo, request, head);
    let main = MainBranch::find(repo, request.config.as_ref(), request.base.as_deref())?;
    let selection = match request.gate {
        Gate::PostWork | Gate::Audit => Some(resolve_selection(repo, request, &main)?),
        Gate::GateCheck | Gate::PreWork => None,
    };
    let tree = selection.as_ref().map_or(TreeState::Worktree, Selection::judged_tree);
    let trusted = TrustedRevision::resolve(repo, &main, selection.as_ref())?;
    let mut packets = load_packets(repo, request, &trusted, tree)?;
    restrict_to_requested_task(repo, request, &mut packets, (tree, trusted.tree), selection.as_ref())?;
    reject_duplicates(&packets)?;
    if packets.iter().any(|packet| packet.config.levels.profile == Profile::Fence) {
        return Err(PipelineError::FenceHasNoPackets);
    }
    let change = load_relevant_change(repo, selection.as_ref(), &packets)?;
    let changed_count = change.files.len();
    let judged_entries = change.entries();
    let attribution = FileAttribution::new(change.files.clone(), &packets);
    let several = packets.len() > 1;
    let is_committed = selection.as_ref().is_some_and(|selection| selection.mode.is_committed());
    let trust = trusted.check_context(repo, tree);
    let verdict_remarks = request.task.as_deref().map(task_remark).into_iter().collect();
    let mut report = Report { verdict_remarks, ..Report::new(request.gate.as_str()) };
    for (index, packet) in packets.iter().enumerate() {
        let files = attribution.files(index);
        let is_judged = |path: &RepoPath| {
            if is_committed {
                files.binary_search_by(|file| file.change.path.cmp(path)).is_ok()
            } else {
                !several || attribution.belongs(index, path, &packets)
            }
        };
        let other_owner = |path: &RepoPath| attribution.other_owner(index, path, &packets);
        let context = GateContext {
            repo,
            request,
            layout: &packet.layout,
            tree,
            head,
            judged_head: selection.as_ref().and_then(|s| s.head).or(head),
            selection: selection.as_ref(),
            is_judged: &is_judged,
            other_owner: &other_owner,
            shared_paths: several.then(|| attribution.shared(index)),
            is_first: index == 0,
            requested_id: &packet.requested_id,
            policy_source: &packet.config_source,
            policy_tree: packet.policy_tree,
            trust: &trust,
            trusted: &trusted,
            changed_count,
            user_ignored: &change.user_ignored,
        };
        let mut runner = CheckRunner::new(context, &packet.config, files);
        runner.run(&packet.search, packet.located.as_ref())?;
        name_packet(&mut runner, packet, several);
        report.findings.extend(runner.findings);
        report.outcomes.extend(runner.outcomes);
        report.verdict_remarks.extend(runner.verdict_remarks);
        if let Some(info) = runner.scan {
            report.scan = Some(report.scan.take().unwrap_or_default().merged_with(info));
        }
        report.claims.extend(packet.located.iter().flat_map(|located| collect_claims(&located.packet)));
        let info = build_packet_info(packet, runner.approval, files.len());
        if index == 0 {
            report.packet = info;
        } else {
            report.other_packets.extend(info);
        }
    }
    report.sort();
    let Some(first) = packets.first() else {
        return Err(PipelineError::PacketDisappeared { id: request.packet.clone() });
    };
    report.selection = selection
        .as_ref()
        .map(|selection| build_selection_info(selection, &change, first.config_source.clone()));
    if let Some(info) = &mut report.selection {
        info.reason.extend(name_unjudged(&report.findings));
    }
    report.policy = Some(trusted.policy_info(&first.config, first.policy_tree, &first.config_source));
    report.warnings = first.config.warning_lines();
    if request.gate == Gate::PreWork {
        report.warnings.extend(packets.iter().flat_map(warn_of_unusable_plan));
    }
    let config = first.config.clone();
    Ok(GateResult {
        gate: request.gate,
        report,
        config,
        selection,
        tree,
        policy_tree: first.policy_tree,
        judged_entries,
        packets,
        fence: None,
        has_code: true,
    })
}

/// Writes the id of the packet into the results of its run; it is shown if there are several.
fn name_packet(runner: &mut CheckRunner<'_>, packet: &PacketContext, several: bool) {
    let shown_id = several.then(|| match &packet.located {
        Some(located) => located.id.as_str().to_owned(),
        None => crate::text::to_single_line(&packet.requested_id, 80),
    });
    let wp_id = packet.located.as_ref().map(|located| located.id.as_str().to_owned());
    runner.findings.iter_mut().for_each(|finding| {
        (finding.packet, finding.wp_id) = (shown_id.clone(), wp_id.clone());
    });
    runner.outcomes.iter_mut().for_each(|outcome| outcome.packet.clone_from(&shown_id));
}

/// Returns what to add to the description of a change that follows code of no packet, so
/// that a pass says what it is not about.
fn name_unjudged(findings: &[Finding]) -> Option<String> {
    let is_unjudged =
        |finding: &&Finding| finding.rule.as_str() == "change/range-start" && finding.level == Level::Note;
    findings.iter().find(is_unjudged).map(|finding| format!("; {}", finding.message))
}

/// Returns a warning for each planned command that cannot become evidence, if the packet
/// needs evidence.
fn warn_of_unusable_plan(packet: &PacketContext) -> Vec<String> {
    let Some(located) = &packet.located else { return Vec::new() };
    let is_required = located.packet.generation.is_g2() || packet.config.policy.evidence_required;
    if is_required { warn_of_refusals(&located.packet, &packet.config) } else { Vec::new() }
}

fn restrict_to_requested_task(
    repo: &dyn Repository,
    request: &GateRequest,
    packets: &mut [PacketContext],
    trees: (TreeState, TreeState),
    selection: Option<&Selection>,
) -> Result<(), PipelineError> {
    let (Some(task), [packet]) = (&request.task, packets) else { return Ok(()) };
    match &mut packet.located {
        Some(located) => restrict_to_task(repo, &packet.layout, located, task, trees, selection),
        None => Ok(()),
    }
}

/// Reads the change of a gate, without the untracked files that only the user of git ignores
/// and that matter to no packet.
fn load_relevant_change(
    repo: &dyn Repository,
    selection: Option<&Selection>,
    packets: &[PacketContext],
) -> Result<SelectedChange, PipelineError> {
    let mut change = match selection {
        Some(selection) => load_changed_files(repo, selection)?,
        None => SelectedChange::default(),
    };
    attribution::set_aside_untracked(&mut change, packets)?;
    Ok(change)
}

/// Runs the checks of a gate over any repository, without the configured steps.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub fn check_packet(repo: &dyn Repository, request: &GateRequest) -> Result<Report, PipelineError> {
    Ok(run_gate_checks(repo, request)?.report)
}

/// Fails if two of the requested ids name the same packet.
pub(crate) fn reject_duplicates(packets: &[PacketContext]) -> Result<(), PipelineError> {
    let name_of = |packet: &PacketContext| {
        packet
            .located
            .as_ref()
            .map_or_else(|| packet.requested_id.clone(), |located| located.id.as_str().to_owned())
    };
    for (index, packet) in packets.iter().enumerate() {
        let id = name_of(packet);
        if packets.iter().take(index).any(|other| name_of(other) == id) {
            return Err(PipelineError::DuplicatePacket { id: crate::text::to_single_line(&id, 80) });
        }
    }
    Ok(())
}

fn collect_claims(packet: &Packet) -> Vec<EvidenceClaim> {
    let claim = |entry: &EvidenceEntry| EvidenceClaim {
        command: entry.command.value.clone(),
        exit_code: entry.exit_code.as_ref().map(|code| code.value.clone()),
        observed: None,
    };
    packet.evidence.iter().map(claim).collect()
}

fn build_packet_info(
    packet: &PacketContext,
    approval: Option<ApprovalSummary>,
    paths: usize,
) -> Option<PacketInfo> {
    let located = packet.located.as_ref()?;
    Some(PacketInfo {
        requested: packet.requested_id.clone(),
        wp_id: located.id.as_str().to_owned(),
        path: located.path.clone(),
        sha256: sha256_hex(located.packet.source.text().as_bytes()),
        generation: located.packet.generation.to_string(),
        resolved_by: located.resolved_by.clone(),
        approval,
        paths,
    })
}
