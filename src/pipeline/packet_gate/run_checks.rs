//! One gate over one packet, or over several that share a change: prepare what
//! the checks need, run them in order, apply waivers, and report every check's
//! outcome.

use crate::change::{Repository, Selection, TreeState};
use crate::check::context::Gate;
use crate::digest::sha256_hex;
use crate::document::Packet;
use crate::document::evidence::EvidenceEntry;
use crate::finding::{ApprovalSummary, EvidenceClaim, PacketInfo, Report};
use crate::text::RepoPath;

use super::attribution::FileAttribution;
use super::check_runner::CheckRunner;
use super::context::{PacketContext, SourceTrees, resolve_selection};
use super::request::{GateContext, GateRequest, GateResult};
use crate::pipeline::error::PipelineError;
use crate::pipeline::selected_change::{build_selection_info, load_changed_files};

/// Judges a packet, or several together.
///
/// # Errors
/// The repository or the configuration cannot be read: nothing was judged.
pub fn run_gate_checks(repo: &dyn Repository, request: &GateRequest) -> Result<GateResult, PipelineError> {
    let head = repo.head()?;
    let early = head.map_or(TreeState::Empty, TreeState::Commit);
    let selection = match request.gate {
        Gate::PostWork | Gate::Audit => Some(resolve_selection(repo, request, early)?),
        Gate::GateCheck | Gate::PreWork => None,
    };
    let side = selection.as_ref().map_or(TreeState::Worktree, Selection::judged_tree);
    let sides = SourceTrees::from_selection(selection.as_ref(), head, side);
    let mut grounds: Vec<PacketContext> = request
        .packets()
        .map(|requested| PacketContext::load(repo, request, requested, sides))
        .collect::<Result<_, _>>()?;
    // A packet that does not say where its work began would be judged by the
    // rules of HEAD; beside one that does, it is judged by that one's.
    if let Some(older) =
        grounds.iter().map(|ground| ground.policy_tree).find(|side| *side != sides.policy_tree)
    {
        let renewed = grounds.into_iter().map(|ground| {
            let is_newer = ground.policy_tree == sides.policy_tree;
            if is_newer { ground.with_policy_tree(repo, request, older, side) } else { Ok(ground) }
        });
        grounds = renewed.collect::<Result<_, _>>()?;
    }
    reject_duplicates(&grounds)?;
    let files = match &selection {
        Some(selection) => load_changed_files(repo, selection)?,
        None => Vec::new(),
    };
    let changed = files.len();
    let shares = FileAttribution::new(files, &grounds);
    let several = grounds.len() > 1;
    let is_committed = selection.as_ref().is_some_and(|selection| selection.mode.is_committed());
    let mut report = Report::new(request.gate.as_str());
    for (index, ground) in grounds.iter().enumerate() {
        let files = shares.files(index);
        let is_judged = |path: &RepoPath| {
            if is_committed {
                files.binary_search_by(|file| file.change.path.cmp(path)).is_ok()
            } else {
                !several || shares.belongs(index, path, &grounds)
            }
        };
        let elsewhere = |path: &RepoPath| shares.other_owner(index, path, &grounds);
        let scene = GateContext {
            repo,
            request,
            layout: &ground.layout,
            tree: side,
            head,
            judged_head: selection.as_ref().and_then(|s| s.head).or(head),
            selection: selection.as_ref(),
            is_judged: &is_judged,
            other_owner: &elsewhere,
            shared_paths: several.then(|| shares.shared(index)),
            is_first: index == 0,
            requested_id: &ground.requested_id,
            policy_source: &ground.config_source,
            policy_tree: ground.policy_tree,
            changed_count: changed,
        };
        let mut bench = CheckRunner::new(scene, &ground.config, files);
        bench.run(&ground.search, ground.located.as_ref())?;
        let named = several.then(|| match &ground.located {
            Some(located) => located.id.as_str().to_owned(),
            None => crate::text::to_single_line(&ground.requested_id, 80),
        });
        bench.findings.iter_mut().for_each(|finding| finding.packet.clone_from(&named));
        bench.outcomes.iter_mut().for_each(|outcome| outcome.packet.clone_from(&named));
        report.findings.extend(bench.findings);
        report.outcomes.extend(bench.outcomes);
        if let Some(info) = bench.scan {
            report.scan = Some(report.scan.take().unwrap_or_default().merged_with(info));
        }
        report.claims.extend(ground.located.iter().flat_map(|located| collect_claims(&located.packet)));
        let info = build_packet_info(ground, bench.approval, files.len());
        if index == 0 {
            report.packet = info;
        } else {
            report.other_packets.extend(info);
        }
    }
    report.sort();
    let Some(first) = grounds.into_iter().next() else {
        return Err(PipelineError::DuplicatePacket(request.packet.clone()));
    };
    report.selection =
        selection.as_ref().map(|selection| build_selection_info(selection, changed, first.config_source));
    Ok(GateResult { report, config: first.config, selection, tree: side })
}

/// Every packet is judged once, whatever ids it was asked for by.
pub(crate) fn reject_duplicates(grounds: &[PacketContext]) -> Result<(), PipelineError> {
    let name = |ground: &PacketContext| {
        ground
            .located
            .as_ref()
            .map_or_else(|| ground.requested_id.clone(), |located| located.id.as_str().to_owned())
    };
    for (index, ground) in grounds.iter().enumerate() {
        let id = name(ground);
        if grounds.iter().take(index).any(|other| name(other) == id) {
            return Err(PipelineError::DuplicatePacket(crate::text::to_single_line(&id, 80)));
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
    ground: &PacketContext,
    approval: Option<ApprovalSummary>,
    paths: usize,
) -> Option<PacketInfo> {
    let located = ground.located.as_ref()?;
    Some(PacketInfo {
        requested: ground.requested_id.clone(),
        wp_id: located.id.as_str().to_owned(),
        path: located.path.clone(),
        sha256: sha256_hex(located.packet.source.text().as_bytes()),
        generation: located.packet.generation.to_string(),
        resolved_by: located.resolved_by.clone(),
        approval,
        paths,
    })
}
