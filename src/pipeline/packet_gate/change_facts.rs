//! Facts about the history of a change, for its checks.

use std::collections::BTreeMap;

use crate::change::{
    ChangedFile, Commit, CommitInfo, Repository, RepositoryError, Selection, SelectionMode, SelectionRequest,
    TreeState,
};
use crate::check::context::{
    ContractFact, EarlierRecords, EvidencePathFact, PacketCheckContext, Policy, RangeFact, WaiverOrigin,
    WaiverSource,
};
use crate::check::waiver;
use crate::document::waiver::Waiver;
use crate::document::{Layout, Packet, WpId};
use crate::pipeline::locate::{LocatedPacket, read_document};
use crate::text::RepoPath;

use super::approval_facts::ApprovalFacts;
use super::earlier_records::read_earlier_records;
use super::earlier_work::{EarlierCode, EarlierWork, is_on_main_line};
use super::packet_versions::{PacketVersion, PacketVersions};
use super::request::GateContext;

/// Facts for checks of a change, in addition to its files.
pub(crate) struct ChangeFacts {
    pub range: RangeFact,
    pub waiver_origins: Vec<WaiverOrigin>,
    pub evidence_facts: EvidenceFacts,
    /// The packet at the start of the work.
    pub packet_before: Option<Packet>,
    pub earlier_records: Vec<EarlierRecords>,
    /// The packets that are judged together.
    pub judged_ids: Vec<WpId>,
}

impl ChangeFacts {
    pub(crate) fn gather(
        context: &GateContext<'_>,
        located: &LocatedPacket,
        (selection, files): (&Selection, &[ChangedFile]),
        (approval, packet): (&ApprovalFacts, PacketCheckContext<'_>),
    ) -> Result<Self, RepositoryError> {
        let GateContext { repo, layout, .. } = *context;
        let (waivers, policy) = (&located.packet.waivers, packet.policy);
        Ok(Self {
            range: classify_range(context, packet, selection, approval.merge_base)?,
            waiver_origins: if waivers.is_empty() {
                Vec::new()
            } else {
                let origins = find_waiver_origins(
                    repo,
                    layout,
                    located,
                    selection,
                    approval.work_start,
                    &approval.contract,
                )?;
                compare_with_trusted(context, policy, located, (approval, origins))?
            },
            evidence_facts: gather_evidence(repo, selection.judged_tree(), &located.packet)?,
            earlier_records: read_earlier_records(context, files)?,
            judged_ids: context.request.packets().filter_map(|id| WpId::parse(id).ok()).collect(),
            packet_before: read_packet_before(repo, located, approval.work_start)?,
        })
    }
}

/// Reads the packet at the start of the work; `None` if it did not exist.
fn read_packet_before(
    repo: &dyn Repository,
    located: &LocatedPacket,
    work_start: Option<Commit>,
) -> Result<Option<Packet>, RepositoryError> {
    let Some(work_start) = work_start else { return Ok(None) };
    let source = read_document(repo, TreeState::Commit(work_start), &located.path)?;
    Ok(source.map(|source| Packet::read(&source).value))
}

/// Compares the start of a range with the packet's merge base.
fn classify_range(
    context: &GateContext<'_>,
    packet: PacketCheckContext<'_>,
    selection: &Selection,
    merge_base: Option<Commit>,
) -> Result<RangeFact, RepositoryError> {
    let GateContext { repo, layout, trusted, .. } = *context;
    if !selection.mode.is_committed() {
        return Ok(RangeFact::NotApplicable);
    }
    let Some(base) = selection.base else { return Ok(RangeFact::Complete) };
    // What lies before a commit of the main branch was judged on its way there.
    for tip in &trusted.open_tips {
        if merge_base.is_some() && repo.is_ancestor(base, *tip)? {
            return Ok(RangeFact::Complete);
        }
    }
    let Some(merge_base) = merge_base else { return Ok(RangeFact::NotApplicable) };
    if repo.is_ancestor(base, merge_base)? {
        return Ok(RangeFact::Complete);
    }
    if !repo.is_ancestor(merge_base, base)? {
        return Ok(RangeFact::OmitsWork(None));
    }
    if let Some(head) = selection.head {
        // With two dots, an automatic range starts where the host says that main was.
        let is_start_of_host = matches!(&context.request.selection,
            SelectionRequest::Auto { range, .. } if !range.contains("..."));
        for tip in &trusted.main_tips {
            let is_on_main = repo.is_ancestor(base, *tip)?
                && (is_start_of_host || is_on_main_line(repo, *tip, base, merge_base)?);
            if is_on_main {
                let work = EarlierWork { repo, packet, merge_base, start: base, head, is_start_of_host };
                return Ok(match work.find()? {
                    EarlierCode::Accounted => RangeFact::Complete,
                    EarlierCode::Unaccounted { count, first } => {
                        RangeFact::FollowsUnaccounted { count, first }
                    }
                    EarlierCode::OfPacket(why) => RangeFact::OmitsWork(Some(why)),
                });
            }
        }
    }
    let skipped = Selection {
        mode: SelectionMode::Range,
        base: Some(merge_base),
        head: Some(base),
        reason: String::new(),
        is_explicit: false,
        left_end: None,
    };
    let changes = repo.changes(&skipped)?.changes;
    let only_records = changes.iter().all(|change| layout.is_packet_record(packet.id, &change.path));
    Ok(if only_records { RangeFact::SkipsGovernance } else { RangeFact::OmitsWork(None) })
}

/// Returns true if the base of a selection is an ancestor of its head, and for
/// every selection that is not committed.
pub(crate) fn is_ancestor_range(
    repo: &dyn Repository,
    selection: &Selection,
) -> Result<bool, RepositoryError> {
    match (selection.base, selection.head) {
        (Some(base), Some(head)) if selection.mode.is_committed() => repo.is_ancestor(base, head),
        _ => Ok(true),
    }
}

/// Finds the origin of each waiver of a packet.
fn find_waiver_origins(
    repo: &dyn Repository,
    layout: &Layout,
    located: &LocatedPacket,
    selection: &Selection,
    work_start: Option<Commit>,
    contract: &ContractFact,
) -> Result<Vec<WaiverOrigin>, RepositoryError> {
    if located.packet.waivers.len() > waiver::MAX_WAIVERS {
        return Ok(Vec::new());
    }
    // A signature is not valid for waivers if its commit also changes code.
    let packet_at_contract = match contract {
        ContractFact::Known { introduction, packet_at_signing, code_paths, .. } if code_paths.is_empty() => {
            Some((PacketVersion::of(packet_at_signing), introduction))
        }
        _ => None,
    };
    let versions = PacketVersions::new(&located.path);
    let packet_at = |commit: Option<Commit>| -> Result<_, RepositoryError> {
        let bytes = repo.read(commit.map_or(TreeState::Empty, TreeState::Commit), &located.path)?;
        Ok(bytes.and_then(|bytes| versions.read(&bytes)))
    };
    // HEAD may contain earlier commits of work that is not committed yet.
    let head = if selection.mode.is_committed() { selection.head } else { repo.head()? };
    let (packet_at_start, packet_at_head) = (packet_at(work_start)?, packet_at(head)?);
    let history = WaiverHistory {
        work_start,
        packet_at_start: packet_at_start.as_deref(),
        head,
        packet_at_head: packet_at_head.as_deref(),
        packet_at_contract,
        versions: &versions,
    };
    let waivers = located.packet.waivers.iter();
    let origins = waivers.map(|waiver| find_waiver_origin(repo, layout, located, &history, waiver)).collect();
    versions.ensure_all_read()?;
    origins
}

/// Compares the waivers of a packet with the trusted revision: one that the main branch had
/// and has no more is withdrawn, and one that it has counts as if it were older than the work.
fn compare_with_trusted(
    context: &GateContext<'_>,
    policy: &Policy,
    located: &LocatedPacket,
    (approval, origins): (&ApprovalFacts, Vec<WaiverOrigin>),
) -> Result<Vec<WaiverOrigin>, RepositoryError> {
    let packet = &located.packet;
    let signature = |packet: &Packet| packet.signature.as_ref().map(|signature| signature.value.clone());
    let mut states = Vec::new();
    for state in &approval.trusted.states {
        let Some(trusted) = state.any_packet() else { continue };
        let commit = context.trusted.state_commits.iter().find(|commit| commit.short() == state.revision);
        let has_start = match (approval.work_start, commit) {
            (Some(start), Some(commit)) => context.repo.is_ancestor(start, *commit)?,
            _ => true,
        };
        states.push(TrustedWaivers {
            revision: &state.revision,
            version: PacketVersion::of(trusted),
            is_signed_alike: signature(trusted) == signature(packet),
            had_base: has_start || policy.waivers_from != WaiverSource::Work,
        });
    }
    // Work on the main branch without a remote moves the trusted revision.
    let first = approval.trusted.states.first().filter(|_| !context.trusted.row.is_soft());
    let trusted = first.and_then(|first| states.iter().find(|state| *state.revision == first.revision));
    let compare = |(waiver, origin): (&Waiver, WaiverOrigin)| {
        let lacking = states.iter().filter(|state| !state.version.has_waiver(packet, waiver));
        let withdrawn = lacking.into_iter().find(|state| match &origin {
            WaiverOrigin::AtBase => state.had_base,
            WaiverOrigin::AtContract(_) => state.is_signed_alike,
            _ => false,
        });
        if let Some(state) = withdrawn {
            return WaiverOrigin::Withdrawn { revision: state.revision.to_owned() };
        }
        let is_late = matches!(&origin, WaiverOrigin::Entered { .. } | WaiverOrigin::Uncommitted);
        let is_trusted = trusted.is_some_and(|state| state.version.has_waiver(packet, waiver));
        if is_late && is_trusted { WaiverOrigin::AtBase } else { origin }
    };
    Ok(packet.waivers.iter().zip(origins).map(compare).collect())
}

/// The waivers of a packet at a trusted commit.
struct TrustedWaivers<'a> {
    revision: &'a str,
    version: PacketVersion,
    /// Whether the packet has the judged signature there.
    is_signed_alike: bool,
    /// Whether it must have the waivers of the start of the work: it contains that commit, or
    /// the work may grant none.
    had_base: bool,
}

/// Commits that may have added a waiver.
struct WaiverHistory<'a> {
    /// The start of the work.
    work_start: Option<Commit>,
    /// The packet at the start of the work.
    packet_at_start: Option<&'a PacketVersion>,
    /// The newest commit.
    head: Option<Commit>,
    /// The packet at that commit.
    packet_at_head: Option<&'a PacketVersion>,
    /// The packet at the commit that signed it, and that commit.
    packet_at_contract: Option<(PacketVersion, &'a CommitInfo)>,
    versions: &'a PacketVersions<'a>,
}

fn find_waiver_origin(
    repo: &dyn Repository,
    layout: &Layout,
    located: &LocatedPacket,
    history: &WaiverHistory<'_>,
    waiver: &Waiver,
) -> Result<WaiverOrigin, RepositoryError> {
    let holds = |version: &PacketVersion| version.has_waiver(&located.packet, waiver);
    if history.packet_at_start.is_some_and(holds) {
        return Ok(WaiverOrigin::AtBase);
    }
    if let Some((_, commit)) = history.packet_at_contract.as_ref().filter(|(version, _)| holds(version)) {
        return Ok(WaiverOrigin::AtContract((*commit).clone()));
    }
    let Some(head) = history.head.filter(|_| history.packet_at_head.is_some_and(holds)) else {
        return Ok(WaiverOrigin::Uncommitted);
    };
    let found = repo.find_introductions(&located.path, head, history.work_start, &|bytes| {
        history.versions.read(bytes).is_some_and(|version| holds(&version))
    })?;
    // If the waiver was added several times, an addition together with code
    // counts: to remove an invalid waiver and add it again must not make it
    // valid.
    let code_paths_of = |introduction: &CommitInfo| -> Vec<RepoPath> {
        introduction.changed_paths.iter().filter(|path| !layout.is_governance(path)).cloned().collect()
    };
    let with_code = found.iter().find(|introduction| !code_paths_of(introduction).is_empty());
    let Some(introduction) = with_code.or(found.first()).cloned() else {
        return Ok(WaiverOrigin::Unknown("no commit added it".into()));
    };
    let code_paths = code_paths_of(&introduction);
    Ok(WaiverOrigin::Entered { introduction, code_paths })
}

/// Files that evidence refers to, and the bytes of logs by their path as written.
type EvidenceFacts = (BTreeMap<RepoPath, EvidencePathFact>, BTreeMap<String, Vec<u8>>);

/// Reads the files that evidence refers to, and existing logs.
fn gather_evidence(
    repo: &dyn Repository,
    tree: TreeState,
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
            let count_lines = |bytes: Vec<u8>| bytes.split_inclusive(|b| *b == b'\n').count();
            let fact = repo
                .read(tree, path)?
                .map_or(EvidencePathFact::Missing, |bytes| EvidencePathFact::Lines(count_lines(bytes)));
            paths.insert(path.clone(), fact);
        }
    }
    let mut logs = BTreeMap::new();
    for log in packet.evidence.iter().filter_map(|entry| entry.log_path.as_ref()) {
        let is_inside =
            !log.value.starts_with('/') && !log.value.split('/').any(|name| matches!(name, "" | "." | ".."));
        if is_inside
            && !logs.contains_key(&log.value)
            && let Some(bytes) = repo.read(tree, &RepoPath::from(log.value.as_str()))?
        {
            logs.insert(log.value.clone(), bytes);
        }
    }
    Ok((paths, logs))
}
