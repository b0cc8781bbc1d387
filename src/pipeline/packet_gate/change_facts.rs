//! Facts about history that checks are shown.

use std::collections::BTreeMap;

use crate::change::{Commit, CommitInfo, Repository, RepositoryError, Selection, SelectionMode, TreeState};
use crate::check::context::{ContractFact, EvidencePathFact, RangeFact, WaiverOrigin};
use crate::check::waiver;
use crate::document::waiver::Waiver;
use crate::document::{Layout, Packet};
use crate::pipeline::locate::{LocatedPacket, read_document};
use crate::text::RepoPath;

use super::approval_facts::ApprovalFacts;
use super::packet_versions::PacketVersions;

/// What checks of a change are shown beside its files.
pub(crate) struct ChangeFacts {
    pub range: RangeFact,
    pub waiver_origins: Vec<WaiverOrigin>,
    pub evidence_facts: EvidenceFacts,
    /// The packet where the work began.
    pub packet_before: Option<Packet>,
}

impl ChangeFacts {
    pub(crate) fn gather(
        repo: &dyn Repository,
        layout: &Layout,
        located: &LocatedPacket,
        selection: &Selection,
        approved: &ApprovalFacts,
    ) -> Result<Self, RepositoryError> {
        let merge_base = approved.merge_base;
        let waivers = &located.packet.waivers;
        Ok(Self {
            range: classify_range(repo, layout, located, selection, merge_base)?,
            waiver_origins: if waivers.is_empty() {
                Vec::new()
            } else {
                find_waiver_origins(
                    repo,
                    layout,
                    located,
                    selection,
                    approved.work_start,
                    &approved.contract,
                )?
            },
            evidence_facts: gather_evidence(repo, selection.judged_tree(), &located.packet)?,
            packet_before: read_packet_before(repo, located, approved.work_start)?,
        })
    }
}

/// The packet where the work began, if it was there.
fn read_packet_before(
    repo: &dyn Repository,
    located: &LocatedPacket,
    began: Option<Commit>,
) -> Result<Option<Packet>, RepositoryError> {
    let Some(began) = began else { return Ok(None) };
    let found = read_document(repo, TreeState::Commit(began), &located.path)?;
    Ok(found.map(|source| Packet::read(&source).value))
}

/// Where a range starts, seen from the packet.
fn classify_range(
    repo: &dyn Repository,
    layout: &Layout,
    located: &LocatedPacket,
    selection: &Selection,
    merge_base: Option<Commit>,
) -> Result<RangeFact, RepositoryError> {
    if !selection.mode.is_committed() {
        return Ok(RangeFact::NotApplicable);
    }
    let Some(base) = selection.base else { return Ok(RangeFact::Complete) };
    match merge_base {
        Some(merge_base) if repo.is_ancestor(base, merge_base)? => Ok(RangeFact::Complete),
        Some(merge_base) => {
            let (mode, reason) = (SelectionMode::Range, String::new());
            let skipped = Selection {
                mode,
                base: Some(merge_base),
                head: Some(base),
                reason,
                is_explicit: false,
                policy_source: None,
            };
            let onward = repo.is_ancestor(merge_base, base)?;
            let changes = repo.changes(&skipped)?.changes;
            let harmless =
                onward && changes.iter().all(|change| layout.is_packet_record(&located.id, &change.path));
            Ok(if harmless { RangeFact::SkipsGovernance } else { RangeFact::OmitsWork })
        }
        None => Ok(RangeFact::NotApplicable),
    }
}

/// Whether a selection goes forward in history.
pub(crate) fn is_ancestor_range(
    repo: &dyn Repository,
    selection: &Selection,
) -> Result<bool, RepositoryError> {
    match (selection.base, selection.head) {
        (Some(base), Some(head)) if selection.mode.is_committed() => repo.is_ancestor(base, head),
        _ => Ok(true),
    }
}

/// Where each waiver of a packet came from.
fn find_waiver_origins(
    repo: &dyn Repository,
    layout: &Layout,
    located: &LocatedPacket,
    selection: &Selection,
    began: Option<Commit>,
    contract: &ContractFact,
) -> Result<Vec<WaiverOrigin>, RepositoryError> {
    if located.packet.waivers.len() > waiver::MAX_WAIVERS {
        return Ok(Vec::new());
    }
    // A contract revision that also changes code signs nothing.
    let signed = match contract {
        ContractFact::Known { introduction, packet_at_signing: then, code_paths: foreign, .. }
            if foreign.is_empty() =>
        {
            Some((&**then, introduction))
        }
        _ => None,
    };
    let versions = PacketVersions::new(&located.path);
    let at = |commit: Option<Commit>| -> Result<_, RepositoryError> {
        let bytes = repo.read(commit.map_or(TreeState::Empty, TreeState::Commit), &located.path)?;
        Ok(bytes.and_then(|bytes| versions.read(&bytes)))
    };
    // Where the work is not committed, HEAD may hold commits of it.
    let head = if selection.mode.is_committed() { selection.head } else { repo.head()? };
    let (before, last) = (at(began)?, at(head)?);
    let known = WaiverHistory {
        work_start: began,
        packet_at_start: before.as_deref(),
        head,
        packet_at_head: last.as_deref(),
        packet_at_contract: signed,
        versions: &versions,
    };
    let waivers = located.packet.waivers.iter();
    let found = waivers.map(|waiver| find_waiver_origin(repo, layout, located, &known, waiver)).collect();
    versions.ensure_all_read()?;
    found
}

/// Where a waiver may have come from.
struct WaiverHistory<'a> {
    /// Where the work began.
    work_start: Option<Commit>,
    /// The packet there.
    packet_at_start: Option<&'a Packet>,
    /// The newest commit.
    head: Option<Commit>,
    /// The packet there.
    packet_at_head: Option<&'a Packet>,
    /// The packet at the contract revision.
    packet_at_contract: Option<(&'a Packet, &'a CommitInfo)>,
    versions: &'a PacketVersions<'a>,
}

fn find_waiver_origin(
    repo: &dyn Repository,
    layout: &Layout,
    located: &LocatedPacket,
    known: &WaiverHistory<'_>,
    waiver: &Waiver,
) -> Result<WaiverOrigin, RepositoryError> {
    let words = |packet: &Packet, waiver: &Waiver| {
        packet.source.slice(waiver.span).split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let wanted = words(&located.packet, waiver);
    let holds = |packet: &Packet| packet.waivers.iter().any(|other| words(packet, other) == wanted);
    if known.packet_at_start.is_some_and(holds) {
        return Ok(WaiverOrigin::AtBase);
    }
    if let Some((_, commit)) = known.packet_at_contract.filter(|(packet, _)| holds(packet)) {
        return Ok(WaiverOrigin::AtContract(commit.clone()));
    }
    let Some(head) = known.head.filter(|_| known.packet_at_head.is_some_and(holds)) else {
        return Ok(WaiverOrigin::Uncommitted);
    };
    let found = repo.find_introductions(&located.path, head, known.work_start, &|bytes| {
        known.versions.read(bytes).is_some_and(|packet| holds(&packet))
    })?;
    // Of several entries the one that brought code along counts: taking a
    // void waiver out and putting it in again does not mend it.
    let foreign_of = |introduction: &CommitInfo| -> Vec<RepoPath> {
        introduction.changed_paths.iter().filter(|path| !layout.is_governance(path)).cloned().collect()
    };
    let worst = found.iter().find(|introduction| !foreign_of(introduction).is_empty());
    let Some(introduction) = worst.or(found.first()).cloned() else {
        return Ok(WaiverOrigin::Unknown("no commit brought it in".into()));
    };
    let foreign = foreign_of(&introduction);
    Ok(WaiverOrigin::Entered { introduction, code_paths: foreign })
}

/// Files that evidence points at, and logs by path as written.
type EvidenceFacts = (BTreeMap<RepoPath, EvidencePathFact>, BTreeMap<String, Vec<u8>>);

/// The files that evidence points at, and logs that are there.
fn gather_evidence(
    repo: &dyn Repository,
    side: TreeState,
    packet: &Packet,
) -> Result<EvidenceFacts, RepositoryError> {
    let mut paths = BTreeMap::new();
    let locations = packet
        .mapping
        .iter()
        .flat_map(|requirement| &requirement.locations)
        .filter_map(|location| location.target.as_ref());
    for (path, _) in locations {
        if !paths.contains_key(path) {
            let lines = |bytes: Vec<u8>| bytes.split_inclusive(|b| *b == b'\n').count();
            let fact = repo
                .read(side, path)?
                .map_or(EvidencePathFact::Missing, |bytes| EvidencePathFact::Lines(lines(bytes)));
            paths.insert(path.clone(), fact);
        }
    }
    let mut logs = BTreeMap::new();
    for log in packet.evidence.iter().filter_map(|entry| entry.log_path.as_ref()) {
        let inside =
            !log.value.starts_with('/') && !log.value.split('/').any(|name| matches!(name, "" | "." | ".."));
        if inside
            && !logs.contains_key(&log.value)
            && let Some(bytes) = repo.read(side, &RepoPath::from(log.value.as_str()))?
        {
            logs.insert(log.value.clone(), bytes);
        }
    }
    Ok((paths, logs))
}
