//! Which packets a branch works on.

use std::collections::BTreeMap;

use crate::change::{RepositoryError, TreeState};
use crate::config::resolve_layout;
use crate::document::gate_log::{GateLog, text_or_empty};
use crate::document::{Layout, Packet, WpId};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{list_packet_ids, read_document, read_record};
use crate::text::RepoPath;
#[cfg(feature = "ledger")]
use crate::usage::PreparedWork;

use super::VerifyContext;
use super::signed_packets::find_signed_packets;

/// Maximum number of packets that a message proposes.
const MAX_CANDIDATES: usize = 5;

/// Finds the packets of the branch: the named one, those whose PREPARE record names the
/// branch, or the open one whose scope has all changed paths. In continuous integration only records of the trusted revision decide,
/// because the coder can choose the name of a branch.
///
/// # Errors
/// No packet is known, with the candidates.
pub(super) fn find(context: &VerifyContext<'_>) -> Result<Vec<String>, PipelineError> {
    if !context.request.packets.is_empty() {
        return Ok(context.request.packets.clone());
    }
    let judged = context.selection.judged_tree();
    let layout = resolve_layout(context.repo, &context.loaded.config, context.trusted.tree, judged)?;
    let checked_out = context.repo.current_branch()?;
    let branch = context.request.branch.clone().or(checked_out);
    let prepared = |tree: TreeState| match &branch {
        Some(branch) => prepared_for(context, &layout, tree, branch),
        None => Ok(Vec::new()),
    };
    let trusted = prepared(context.trusted.tree)?;
    if !trusted.is_empty() {
        return Ok(trusted);
    }
    if is_nothing_set_up(context, &layout)? {
        return Err(PipelineError::NothingSetUp);
    }
    let mut candidates = prepared(judged)?;
    let named = |branch: &String| {
        let ids = list_packet_ids(context.repo, judged, &layout)?;
        Ok::<_, RepositoryError>(
            ids.into_iter().filter(|id| branch.split('/').any(|part| part == id)).collect(),
        )
    };
    let named: Vec<String> = branch.as_ref().map(named).transpose()?.unwrap_or_default();
    // In continuous integration, neither the judged records nor the branch's name decide.
    let is_undecided = context.request.is_ci || (candidates.is_empty() && named.is_empty());
    if is_undecided {
        let open = open_packets(context, &layout)?;
        match packets_of_paths(context, &layout, &open) {
            Ok(packets) => return Ok(packets),
            Err(found) => candidates.extend(found),
        }
    }
    if candidates.is_empty() {
        candidates = named;
    }
    if context.request.is_ci && candidates.is_empty() {
        // Nothing on the main branch approves them; the gate over one says what is missing.
        let ids = list_packet_ids(context.repo, judged, &layout)?;
        let is_changed = |path: RepoPath| context.change.files.iter().any(|file| file.change.path == path);
        candidates = ids
            .into_iter()
            .filter(|id| WpId::parse(id).is_ok_and(|id| is_changed(layout.packet(&id))))
            .collect();
    }
    if is_undecided || candidates.is_empty() {
        candidates.truncate(MAX_CANDIDATES);
        let options = context.request.selection_option();
        return Err(PipelineError::NoPacketOfBranch { branch, candidates, options });
    }
    Ok(candidates)
}

/// Returns whether neither the trusted nor the judged revision has a configuration or
/// documents of governance.
fn is_nothing_set_up(context: &VerifyContext<'_>, layout: &Layout) -> Result<bool, RepositoryError> {
    if context.loaded.is_file {
        return Ok(false);
    }
    for tree in [context.trusted.tree, context.selection.judged_tree()] {
        for folder in &layout.governance_folders {
            if !context.repo.list_below(tree, folder)?.is_empty() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A packet that allows work.
struct OpenPacket {
    id: WpId,
    packet: Packet,
    /// Whether the change edits the packet's own file, or its file of manifests.
    is_edited: bool,
}

/// Returns the packets that allow work: those of the trusted revision, and those that an
/// allowed key signs inside of the change.
fn open_packets(context: &VerifyContext<'_>, layout: &Layout) -> Result<Vec<OpenPacket>, RepositoryError> {
    // In the profile `standard`, a packet without a status is open.
    let without_status = context.loaded.config.policy.minimal_packets;
    let is_open =
        |packet: &Packet| packet.status.as_ref().map_or(without_status, |status| status.value.allows_work());
    let mut signed: BTreeMap<WpId, Packet> = find_signed_packets(context, layout)?.into_iter().collect();
    let mut out = Vec::new();
    for id in list_packet_ids(context.repo, context.trusted.tree, layout)? {
        let Ok(id) = WpId::parse(&id) else { continue };
        let path = layout.packet(&id);
        let Some(source) = read_document(context.repo, context.trusted.tree, &path)? else { continue };
        let packet = Packet::read(&source).value;
        let signed_again = signed.remove(&id);
        if !is_open(&packet) {
            continue;
        }
        let manifests = Layout::manifest_file(&id, &path);
        let is_edited =
            context.change.files.iter().any(|file| file.change.path == path || file.change.path == manifests);
        out.push(OpenPacket { id, packet: signed_again.unwrap_or(packet), is_edited });
    }
    let new = signed.into_iter().filter(|(_, packet)| is_open(packet));
    out.extend(new.map(|(id, packet)| OpenPacket { id, packet, is_edited: true }));
    Ok(out)
}

/// Returns the open packets that the changed paths belong to: the one whose scope has all
/// of them, and of several the one whose own file the change edits. Otherwise those whose own
/// files the change edits, as in a merge queue, if together they have all paths; each of them
/// is judged. If that does not decide, returns the candidates.
fn packets_of_paths(
    context: &VerifyContext<'_>,
    layout: &Layout,
    open: &[OpenPacket],
) -> Result<Vec<String>, Vec<String>> {
    let paths: Vec<&RepoPath> = context
        .change
        .files
        .iter()
        .map(|file| &file.change.path)
        .filter(|path| !layout.is_governance(path) && !context.loaded.config.policy.exempts(path))
        .collect();
    let names = |packets: &[&OpenPacket]| packets.iter().map(|open| open.id.as_str().to_owned()).collect();
    if paths.is_empty() {
        return Err(Vec::new());
    }
    let covers_all = |open: &&OpenPacket| paths.iter().all(|path| open.packet.scope.allows(path));
    let mut covering: Vec<&OpenPacket> = open.iter().filter(covers_all).collect();
    if covering.len() > 1 {
        let edited: Vec<&OpenPacket> = covering.iter().copied().filter(|open| open.is_edited).collect();
        if edited.len() == 1 {
            covering = edited;
        }
    }
    let has_path = |open: &&OpenPacket| paths.iter().any(|path| open.packet.scope.allows(path));
    let edited: Vec<&OpenPacket> = open.iter().filter(|open| open.is_edited).filter(has_path).collect();
    // A second packet that the change accounts for is judged, too.
    if covering.len() == 1 && edited.iter().all(|open| covering.iter().any(|own| own.id == open.id)) {
        return Ok(names(&covering));
    }
    if !edited.is_empty() && paths.iter().all(|path| edited.iter().any(|open| open.packet.scope.allows(path)))
    {
        return Ok(names(&edited));
    }
    let candidates = if edited.is_empty() { open.iter().filter(has_path).collect() } else { edited };
    Err(names(&candidates))
}

/// Returns the packets whose last PREPARE record in a tree names a branch.
fn prepared_for(
    context: &VerifyContext<'_>,
    layout: &Layout,
    tree: TreeState,
    branch: &str,
) -> Result<Vec<String>, RepositoryError> {
    let Some(source) = read_record(context.repo, tree, &layout.gate_log)? else { return Ok(Vec::new()) };
    let log = GateLog::read(&source);
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in &log.entries {
        if text_or_empty(entry.kind.as_ref()) == "PREPARE" {
            last.insert(text_or_empty(entry.wp_id.as_ref()), text_or_empty(entry.branch.as_ref()));
        }
    }
    Ok(last.into_iter().filter(|(_, named)| *named == branch).map(|(id, _)| id.to_owned()).collect())
}

/// Returns all packets with a PREPARE record in a tree, with the branch of the last one:
/// branch first.
///
/// # Errors
/// The repository cannot be read.
#[cfg(feature = "ledger")]
pub(crate) fn prepared_branches(
    repo: &dyn crate::change::Repository,
    tree: TreeState,
) -> Result<Vec<PreparedWork>, RepositoryError> {
    let Some(layout) = crate::config::detect_layout(repo, tree)? else { return Ok(Vec::new()) };
    let Some(source) = read_record(repo, tree, &layout.gate_log)? else { return Ok(Vec::new()) };
    let mut last: BTreeMap<String, PreparedWork> = BTreeMap::new();
    for entry in &GateLog::read(&source).entries {
        if text_or_empty(entry.kind.as_ref()) == "PREPARE" {
            let packet = text_or_empty(entry.wp_id.as_ref()).to_owned();
            let branch = text_or_empty(entry.branch.as_ref()).to_owned();
            let at = entry.timestamp.as_ref().map(|at| at.value.clone());
            last.insert(packet.clone(), PreparedWork { branch, packet, at });
        }
    }
    Ok(last.into_values().filter(|work| !work.branch.is_empty()).collect())
}
