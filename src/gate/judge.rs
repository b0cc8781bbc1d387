//! One gate over one packet, or over several that share a change: prepare what
//! the checks need, run them in order, apply waivers, and report every check's
//! outcome.

use crate::change::{Repository, Selection, Side};
use crate::check::input::Gate;
use crate::digest::sha256_hex;
use crate::document::Packet;
use crate::document::evidence::EvidenceEntry;
use crate::finding::{Approval, Claim, PacketInfo, Report, SelectionInfo};
use crate::text::RepoPath;

use super::bench::Bench;
use super::facts;
use super::ground::{Ground, Sides, select};
use super::request::{GateError, GateRequest, Judgement, Scene};
use super::share::Shares;

/// Judges a packet, or several together.
///
/// # Errors
/// The repository or the configuration cannot be read: nothing was judged.
pub fn judge(repo: &dyn Repository, request: &GateRequest) -> Result<Judgement, GateError> {
    let head = repo.head()?;
    let early = head.map_or(Side::Empty, Side::Commit);
    let selection = match request.gate {
        Gate::PostWork | Gate::Audit => Some(select(repo, request, early)?),
        Gate::GateCheck | Gate::PreWork => None,
    };
    let side = selection.as_ref().map_or(Side::Worktree, facts::judged_side);
    let sides = Sides::of(selection.as_ref(), head, side);
    let mut grounds: Vec<Ground> = request
        .packets()
        .map(|requested| Ground::find(repo, request, requested, sides))
        .collect::<Result<_, _>>()?;
    // A packet that does not say where its work began would be judged by the
    // rules of HEAD; beside one that does, it is judged by that one's.
    if let Some(older) = grounds.iter().map(|ground| ground.trusted).find(|side| *side != sides.trusted) {
        let renewed = grounds.into_iter().map(|ground| {
            let is_newer = ground.trusted == sides.trusted;
            if is_newer { ground.with_rules_of(repo, request, older, side) } else { Ok(ground) }
        });
        grounds = renewed.collect::<Result<_, _>>()?;
    }
    refuse_twice(&grounds)?;
    let files = match &selection {
        Some(selection) => facts::files(repo, selection)?,
        None => Vec::new(),
    };
    let changed = files.len();
    let shares = Shares::of(files, &grounds);
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
        let elsewhere = |path: &RepoPath| shares.elsewhere(index, path, &grounds);
        let scene = Scene {
            repo,
            request,
            layout: &ground.layout,
            side,
            head,
            judged_head: selection.as_ref().and_then(|s| s.head).or(head),
            selection: selection.as_ref(),
            is_judged: &is_judged,
            elsewhere: &elsewhere,
            shared: several.then(|| shares.shared(index)),
            is_first: index == 0,
            requested: &ground.requested,
            trusted: &ground.config_from,
            trusted_side: ground.trusted,
            changed,
        };
        let mut bench = Bench::new(scene, &ground.config, files);
        bench.run(&ground.search, ground.located.as_ref())?;
        let named = several.then(|| match &ground.located {
            Some(located) => located.id.as_str().to_owned(),
            None => crate::text::one_line(&ground.requested, 80),
        });
        bench.findings.iter_mut().for_each(|finding| finding.packet.clone_from(&named));
        bench.outcomes.iter_mut().for_each(|outcome| outcome.packet.clone_from(&named));
        report.findings.extend(bench.findings);
        report.outcomes.extend(bench.outcomes);
        if let Some(info) = bench.scan {
            report.scan = Some(report.scan.take().unwrap_or_default().with(info));
        }
        report.claims.extend(ground.located.iter().flat_map(|located| claims(&located.packet)));
        let info = packet_info(ground, bench.approval, files.len());
        if index == 0 {
            report.packet = info;
        } else {
            report.also.extend(info);
        }
    }
    report.sort();
    let Some(first) = grounds.into_iter().next() else {
        return Err(GateError::Twice(request.packet.clone()));
    };
    report.selection =
        selection.as_ref().map(|selection| selection_info(selection, changed, first.config_from));
    Ok(Judgement { report, config: first.config, selection, side })
}

/// Every packet is judged once, whatever ids it was asked for by.
pub(super) fn refuse_twice(grounds: &[Ground]) -> Result<(), GateError> {
    let name = |ground: &Ground| {
        ground
            .located
            .as_ref()
            .map_or_else(|| ground.requested.clone(), |located| located.id.as_str().to_owned())
    };
    for (index, ground) in grounds.iter().enumerate() {
        let id = name(ground);
        if grounds.iter().take(index).any(|other| name(other) == id) {
            return Err(GateError::Twice(crate::text::one_line(&id, 80)));
        }
    }
    Ok(())
}

fn claims(packet: &Packet) -> Vec<Claim> {
    let claim = |entry: &EvidenceEntry| Claim {
        command: entry.command.value.clone(),
        exit_code: entry.exit_code.as_ref().map(|code| code.value.clone()),
        seen: None,
    };
    packet.evidence.iter().map(claim).collect()
}

fn packet_info(ground: &Ground, approval: Option<Approval>, paths: usize) -> Option<PacketInfo> {
    let located = ground.located.as_ref()?;
    Some(PacketInfo {
        requested: ground.requested.clone(),
        wp_id: located.id.as_str().to_owned(),
        path: located.path.clone(),
        sha256: sha256_hex(located.packet.source.text().as_bytes()),
        generation: located.packet.generation.to_string(),
        resolved_by: located.resolved_by.clone(),
        approval,
        paths,
    })
}

/// What a report says of a selection.
pub(super) fn selection_info(selection: &Selection, changed: usize, trusted: String) -> SelectionInfo {
    SelectionInfo {
        mode: selection.mode.as_str(),
        base: selection.base.map(|commit| commit.0.to_string()),
        head: selection.head.map(|commit| commit.0.to_string()),
        reason: selection.reason.clone(),
        changed,
        trusted,
    }
}
