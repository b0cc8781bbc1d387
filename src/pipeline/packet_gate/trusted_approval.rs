//! Reads a packet's approval at trusted commits.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Commit, CommitInfo, Repository, RepositoryError, TreeState};
use crate::check::context::{Policy, TrustedApproval, TrustedDocument, TrustedRecords, TrustedState};
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::limits::limit_error;
use crate::document::packet::contract_parts;
use crate::document::registry::Registry;
use crate::document::{Layout, LayoutName, Packet, WpId};
use crate::pipeline::locate::{
    LocatedPacket, find_gone_records, is_same_record, read_document, read_record, read_second_form,
};
use crate::text::{RepoPath, Source};

use super::request::GateContext;

/// Reads the approval of a packet at the commits of the trusted revision.
pub(crate) fn read_trusted_approval(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    policy: &Policy,
) -> Result<TrustedApproval, RepositoryError> {
    let GateContext { repo, layout, tree, trusted, .. } = *context;
    let reader = RecordReader { repo, layout, judged: tree, read: RefCell::default() };
    let mut states = Vec::new();
    let mut state_commits = trusted.state_commits.clone();
    if let TreeState::Commit(first) = trusted.tree {
        state_commits.sort_by_key(|commit| *commit != first);
    }
    for commit in state_commits {
        states.push(read_state(context, located, &reader, commit)?);
    }
    let mut records = Vec::new();
    for commit in &trusted.record_commits {
        let (audit, gate_log) =
            (reader.read(*commit, &layout.audit)?, reader.read(*commit, &layout.gate_log)?);
        records.push(TrustedRecords {
            revision: commit.short(),
            audit: audit.different().map(Audit::read),
            gate_log: gate_log.different().map(GateLog::read),
            gone: find_gone_records(repo, layout, *commit, tree)?,
        });
    }
    let introductions = find_main_introductions(context, located, policy)?;
    Ok(TrustedApproval { description: trusted.describe(), states, records, introductions })
}

/// Reads the packet and its records at one trusted commit.
fn read_state(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    reader: &RecordReader<'_>,
    commit: Commit,
) -> Result<TrustedState, RepositoryError> {
    let GateContext { repo, layout, trusted, .. } = *context;
    let packet = read_packet(context, located, &located.path, commit)?;
    let other_form = match packet {
        Some(_) => None,
        None => read_other_form(context, located, commit)?.map(|(_, packet)| packet),
    };
    let is_signed = |packet: &Packet| packet.signature.is_some();
    let state = packet.as_ref().or(other_form.as_ref());
    let matters = !state.is_some_and(|packet| is_signed(packet) || !is_signed(&located.packet));
    let registry = reader.read(commit, &layout.registry)?.map(|source| Registry::read(&source));
    let is_replaced = registry.different().is_some_and(|registry| names_other(registry, &located.id));
    let (mut shared_packet, mut was_active) = (None, false);
    for shared in trusted.record_commits.iter().rev().filter(|_| matters || is_replaced) {
        if *shared == commit || !repo.is_ancestor(*shared, commit)? {
            continue;
        }
        if matters && shared_packet.is_none() {
            shared_packet = match read_packet(context, located, &located.path, *shared)? {
                Some(packet) => Some(packet),
                None => read_other_form(context, located, *shared)?.map(|(_, packet)| packet),
            };
        }
        if is_replaced && let Some(source) = read_record(repo, TreeState::Commit(*shared), &layout.registry)?
        {
            let registry = Registry::read(&source);
            let mut rows = registry.rows_of(located.id.base());
            was_active |= rows.any(|row| Registry::active_id(row).as_ref() == Some(&located.id));
        }
    }
    Ok(TrustedState {
        revision: commit.short(),
        packet,
        other_form,
        shared_packet,
        was_active,
        audit: reader.read(commit, &layout.audit)?.map(|source| Audit::read(&source)),
        gate_log: reader.read(commit, &layout.gate_log)?.map(|source| GateLog::read(&source)),
        board: reader.read(commit, &layout.board)?.map(|source| Board::read(&source)),
        registry,
        refinement: read_refinement(context, located, commit)?,
    })
}

fn names_other(registry: &Registry, id: &WpId) -> bool {
    registry.rows_of(id.base()).filter_map(Registry::active_id).any(|active| active != *id)
}

/// Reads the packet at a commit, with the typed contract beside it.
fn read_packet(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    path: &RepoPath,
    commit: Commit,
) -> Result<Option<Packet>, RepositoryError> {
    let GateContext { repo, layout, .. } = *context;
    let at = TreeState::Commit(commit);
    let Some(source) = read_document(repo, at, path)? else { return Ok(None) };
    let mut packet = Packet::read(&source.with_revision(commit.short())).value;
    packet.second_form = read_second_form(repo, at, layout, (&located.id, path), Some(commit))?.contract();
    Ok(Some(packet))
}

/// Reads the packet at a commit that has it only in another form: as a folder instead of a
/// single file, for example. Returns its path there, too.
fn read_other_form(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    commit: Commit,
) -> Result<Option<(RepoPath, Packet)>, RepositoryError> {
    for path in context.layout.packet_forms(&located.id) {
        if path != located.path
            && let Some(packet) = read_packet(context, located, &path, commit)?
        {
            return Ok(Some((path, packet)));
        }
    }
    Ok(None)
}

/// Returns whether the refinement of the judged tree is there at a commit, in any form.
fn read_refinement(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    commit: Commit,
) -> Result<TrustedDocument<()>, RepositoryError> {
    let GateContext { repo, layout, tree, .. } = *context;
    let (path, at) = (layout.refinement(&located.id), TreeState::Commit(commit));
    let (there, judged) = (repo.entry(at, &path)?, repo.entry(tree, &path)?);
    if judged.is_none() || there == judged {
        return Ok(TrustedDocument::Same);
    }
    let mut is_there = there.is_some();
    for path in layout.refinement_forms(&located.id) {
        is_there = is_there || repo.exists(at, &path)?;
    }
    Ok(if is_there { TrustedDocument::Different(()) } else { TrustedDocument::Missing })
}

/// Finds the commits that introduced the contract of the trusted revision, if the main branch
/// alone approves it and the configuration demands another person than the coder.
fn find_main_introductions(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    policy: &Policy,
) -> Result<Vec<CommitInfo>, RepositoryError> {
    let is_signed = located.packet.signature.is_some() && policy.typed_signature_approves;
    let TreeState::Commit(commit) = context.trusted.tree else { return Ok(Vec::new()) };
    if !policy.separation_of_duties || policy.requires_signature || is_signed {
        return Ok(Vec::new());
    }
    let found = match read_packet(context, located, &located.path, commit)? {
        Some(packet) => Some((located.path.clone(), packet)),
        None => read_other_form(context, located, commit)?,
    };
    let Some((path, packet)) = found else { return Ok(Vec::new()) };
    let text = |packet: &Packet| -> String {
        let parts = contract_parts(packet).into_iter();
        parts.map(|part| format!("{}\n{}", part.key, part.text())).collect()
    };
    let wanted = text(&packet);
    let has_contract = |bytes: &[u8]| {
        limit_error(&path, bytes).is_none() && {
            let source = Source::from_bytes(path.clone(), bytes.to_vec());
            text(&Packet::read(&source).value) == wanted
        }
    };
    context.repo.find_introductions(&path, commit, None, &has_contract)
}

/// Records of trusted commits that were read.
type ReadRecords = BTreeMap<(Commit, String), TrustedDocument<Arc<Source>>>;

struct RecordReader<'a> {
    repo: &'a dyn Repository,
    layout: &'a Layout,
    judged: TreeState,
    /// What was read: the same commit can be trusted for states and for records.
    read: RefCell<ReadRecords>,
}

impl RecordReader<'_> {
    /// Reads a record at a commit, and compares it with the judged one.
    fn read(&self, commit: Commit, record: &str) -> Result<TrustedDocument<Arc<Source>>, RepositoryError> {
        let key = (commit, record.to_owned());
        if let Some(known) = self.read.borrow().get(&key) {
            return Ok(known.clone());
        }
        let tree = TreeState::Commit(commit);
        let document = if is_same_record(self.repo, tree, self.judged, record)? {
            TrustedDocument::Same
        } else {
            let source = self.find(tree, record)?.map(|source| source.with_revision(commit.short()));
            source.map_or(TrustedDocument::Missing, TrustedDocument::Different)
        };
        self.read.borrow_mut().insert(key, document.clone());
        Ok(document)
    }

    /// Reads a record at its place, or at one of the places where records have been kept.
    fn find(&self, tree: TreeState, record: &str) -> Result<Option<Arc<Source>>, RepositoryError> {
        if let Some(source) = read_record(self.repo, tree, record)? {
            return Ok(Some(source));
        }
        if self.layout.name == LayoutName::Configured {
            return Ok(None);
        }
        for place in Layout::record_places(record).iter().skip(1) {
            if let Some(source) = read_record(self.repo, tree, place)? {
                return Ok(Some(source));
            }
        }
        Ok(None)
    }
}
