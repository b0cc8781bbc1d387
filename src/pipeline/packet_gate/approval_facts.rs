//! Facts about the approval of a packet: its contract revision, the records
//! there, and the commits of the work.

use std::collections::BTreeMap;

use bstr::ByteSlice as _;

use crate::change::{Commit, CommitInfo, Repository, RepositoryError, TreeState};
use crate::check::context::{
    CheckpointFact, CodeCommit, ContractFact, Gate, KeySignatureFact, MergeBaseFact, RecordAtSigning,
    RecordsAtSigning,
};
use crate::digest::Hash20;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::document::{Layout, Packet, Refinement, Signature, WpId};
use crate::finding::Label;
use crate::pipeline::locate::{LocatedPacket, read_document};
use crate::text::{RepoPath, Source};

use super::packet_versions::PacketVersions;
use super::related_documents;
use super::request::GateContext;

/// What checks of approval are shown beside documents.
pub(crate) struct ApprovalFacts {
    pub merge_base_fact: MergeBaseFact,
    pub merge_base: Option<Commit>,
    /// Where the work began.
    pub work_start: Option<Commit>,
    pub contract: ContractFact,
    pub records_at_contract: RecordsAtSigning,
    pub code_commits: Vec<CodeCommit>,
    pub checkpoint: Vec<(RepoPath, CheckpointFact)>,
    pub branch: Option<String>,
    pub worktree: Option<String>,
    pub signature_reuse: Vec<Label>,
    pub signed_contract: KeySignatureFact,
}

impl ApprovalFacts {
    /// Asks the repository, and what only the start of work asks for only
    /// then.
    pub(crate) fn gather(
        scene: &GateContext<'_>,
        located: &LocatedPacket,
        audit: Option<&Audit>,
    ) -> Result<Self, RepositoryError> {
        let GateContext { repo, layout, tree: side, .. } = *scene;
        let starts = scene.request.gate == Gate::PreWork;
        let (merge_base_fact, merge_base) = resolve_merge_base(repo, &located.packet, scene.judged_head)?;
        let asks_reuse = starts || scene.request.gate == Gate::Audit;
        let signature = located.packet.signature.as_ref().filter(|_| asks_reuse);
        let contract = find_contract(scene, located, merge_base)?;
        Ok(Self {
            merge_base_fact,
            merge_base,
            work_start: find_work_start(scene, merge_base)?,
            records_at_contract: read_records_at_contract(scene, located, &contract)?,
            code_commits: collect_code_commits(scene, located, audit, merge_base, &contract)?,
            contract,
            checkpoint: if starts {
                gather_checkpoint(repo, layout, located, scene.head)?
            } else {
                Vec::new()
            },
            branch: if starts { repo.current_branch()? } else { None },
            worktree: repo.worktree_name().filter(|_| starts),
            signed_contract: read_signed_contract(scene, &located.id, located.packet.signature.is_some())?,
            signature_reuse: match signature {
                Some(signature) => related_documents::find_signature_reuse(
                    repo,
                    side,
                    layout,
                    &located.id,
                    &signature.value,
                )?,
                None => Vec::new(),
            },
        })
    }
}

/// Commits that bring one signature in; a history with more is not followed.
const MAX_INTRODUCTIONS: usize = 20;

impl ApprovalFacts {
    /// Facts that could not be found out, for a gate that does not judge by
    /// them.
    pub(crate) fn unknown(why: &RepositoryError, layout: &Layout, id: &WpId) -> Self {
        Self {
            signed_contract: empty_signed_contract(layout, id),
            merge_base_fact: MergeBaseFact::Absent,
            merge_base: None,
            work_start: None,
            contract: ContractFact::Unknown(why.to_string()),
            records_at_contract: RecordsAtSigning::default(),
            code_commits: Vec::new(),
            checkpoint: Vec::new(),
            branch: None,
            worktree: None,
            signature_reuse: Vec::new(),
        }
    }
}

fn empty_signed_contract(layout: &Layout, id: &WpId) -> KeySignatureFact {
    KeySignatureFact {
        contract_path: layout.signed_contract(id),
        signature_path: layout.contract_signature(id),
        signers_path: RepoPath::from(layout.allowed_signers.as_str()),
        contract: None,
        signature: None,
        signers: None,
    }
}

/// What a key has signed on the judged side, and whose keys count on the
/// trusted one.
fn read_signed_contract(
    scene: &GateContext<'_>,
    id: &WpId,
    is_signed: bool,
) -> Result<KeySignatureFact, RepositoryError> {
    let mut fact = empty_signed_contract(scene.layout, id);
    if is_signed {
        fact.contract = read_document(scene.repo, scene.tree, &fact.contract_path)?;
        fact.signature = read_document(scene.repo, scene.tree, &fact.signature_path)?;
        let signers = read_document(scene.repo, scene.policy_tree, &fact.signers_path)?;
        fact.signers = signers.map(|source| AllowedSigners::read(&source));
    }
    Ok(fact)
}

/// Where the work began: the base of the judged commits or the packet's merge
/// base, whichever is older; neither a caller's late range nor a packet whose
/// merge base was moved leaves history out.
fn find_work_start(
    scene: &GateContext<'_>,
    merge_base: Option<Commit>,
) -> Result<Option<Commit>, RepositoryError> {
    let base = scene.selection.and_then(|selection| selection.base);
    let committed = scene.selection.is_some_and(|selection| selection.mode.is_committed());
    Ok(match (base.filter(|_| committed), merge_base) {
        (Some(base), Some(merge_base)) if scene.repo.is_ancestor(base, merge_base)? => Some(base),
        (Some(base), None) => Some(base),
        (_, Some(merge_base)) => Some(merge_base),
        (None, None) => base,
    })
}

/// `MERGE_BASE_SHA` against the judged head.
pub(crate) fn resolve_merge_base(
    repo: &dyn Repository,
    packet: &Packet,
    head: Option<Commit>,
) -> Result<(MergeBaseFact, Option<Commit>), RepositoryError> {
    let Some(text) = &packet.merge_base else { return Ok((MergeBaseFact::Absent, None)) };
    if Hash20::parse(&text.value).is_none() {
        return Ok((MergeBaseFact::Malformed, None));
    }
    let Some(commit) = repo.find_commit(&text.value)? else { return Ok((MergeBaseFact::Missing, None)) };
    match head {
        Some(head) if repo.is_ancestor(commit, head)? => Ok((MergeBaseFact::Ancestor, Some(commit))),
        _ => Ok((MergeBaseFact::NotAncestor, None)),
    }
}

/// Packet and refinement against HEAD.
fn gather_checkpoint(
    repo: &dyn Repository,
    layout: &Layout,
    located: &LocatedPacket,
    head: Option<Commit>,
) -> Result<Vec<(RepoPath, CheckpointFact)>, RepositoryError> {
    let side = head.map_or(TreeState::Empty, TreeState::Commit);
    let mut out = Vec::new();
    for path in [located.path.clone(), layout.refinement(&located.id)] {
        let Some(now) = repo.entry(TreeState::Worktree, &path)? else { continue };
        let fact = match repo.entry(side, &path)? {
            None => CheckpointFact::Uncommitted,
            Some(then) if then.id == now.id => CheckpointFact::Committed,
            Some(_) => CheckpointFact::Changed,
        };
        out.push((path, fact));
    }
    Ok(out)
}

/// The packet at the commit that introduced its signature.
fn find_contract(
    scene: &GateContext<'_>,
    located: &LocatedPacket,
    merge_base: Option<Commit>,
) -> Result<ContractFact, RepositoryError> {
    let GateContext { repo, layout, judged_head: head, .. } = *scene;
    let Some(signature) = &located.packet.signature else {
        return Ok(ContractFact::Unknown("the packet is not signed".into()));
    };
    let Some(head) = head else { return Ok(ContractFact::Uncommitted) };
    let versions = PacketVersions::new(&located.path);
    let carries =
        |packet: &Packet| packet.signature.as_ref().is_some_and(|other| other.value == signature.value);
    // The judged text is read already, and text without the signature's
    // letters does not carry it.
    let judged = located.packet.source.text().as_bytes();
    let holds = |bytes: &[u8]| {
        bytes == judged
            || (bytes.contains_str(&signature.value)
                && versions.read(bytes).is_some_and(|packet| carries(&packet)))
    };
    let began = find_work_start(scene, merge_base)?;
    // A range is trusted to start before the work, unless the packet is older
    // than that. Without one, only the packet says where the work began, and
    // that may be moved: the walk goes further back.
    let asked = scene.selection.is_some_and(|selection| selection.explicit_base().is_some());
    let stop = match began.filter(|_| asked) {
        Some(base) => {
            let before = repo.read(TreeState::Commit(base), &located.path)?;
            Some(base).filter(|_| !before.is_some_and(|bytes| holds(&bytes)))
        }
        None => None,
    };
    let found = repo.find_introductions(&located.path, head, stop, &holds)?;
    versions.ensure_all_read()?;
    if found.is_empty() {
        return Ok(ContractFact::Uncommitted);
    }
    let Some(introduction) = find_first_introduction(repo, &found)? else {
        return Ok(ContractFact::Several(found));
    };
    let Some(bytes) = repo.read(TreeState::Commit(introduction.commit), &located.path)? else {
        return Ok(ContractFact::Unknown("the packet of the contract revision cannot be read".into()));
    };
    let inside = match began {
        Some(base) => !repo.is_ancestor(introduction.commit, base)?,
        None => false,
    };
    let revision: String = introduction.commit.short();
    let then = Source::from_bytes(located.path.clone(), bytes).with_revision(revision);
    let then = Box::new(Packet::read(&then).value);
    let foreign =
        introduction.changed_paths.iter().filter(|path| !layout.is_governance(path)).cloned().collect();
    Ok(ContractFact::Known {
        packet_at_signing: then,
        introduction,
        is_in_range: inside,
        code_paths: foreign,
    })
}

/// The introduction that all others build on, if there is one.
fn find_first_introduction(
    repo: &dyn Repository,
    found: &[CommitInfo],
) -> Result<Option<CommitInfo>, RepositoryError> {
    // So many are several, whatever they build on.
    if found.len() > MAX_INTRODUCTIONS {
        return Ok(None);
    }
    for candidate in found.iter().rev() {
        let mut first = true;
        for other in found {
            first = first && repo.is_ancestor(candidate.commit, other.commit)?;
        }
        if first {
            return Ok(Some(candidate.clone()));
        }
    }
    Ok(None)
}

/// The other records at the contract revision, where that is part of the
/// work: refinement, signature and preparation come before the packet.
fn read_records_at_contract(
    scene: &GateContext<'_>,
    located: &LocatedPacket,
    contract: &ContractFact,
) -> Result<RecordsAtSigning, RepositoryError> {
    let ContractFact::Known { introduction, is_in_range: inside, .. } = contract else {
        return Ok(RecordsAtSigning::default());
    };
    let GateContext { repo, layout, tree: side, .. } = *scene;
    let (commit, inside) = (introduction.commit, *inside);
    let revision: String = commit.short();
    let source = |path: &RepoPath| -> Result<RecordAtSigning<std::sync::Arc<Source>>, RepositoryError> {
        if repo.entry(TreeState::Commit(commit), path)? == repo.entry(side, path)? {
            return Ok(RecordAtSigning::Unchanged);
        }
        let found = read_document(repo, TreeState::Commit(commit), path)?;
        Ok(found.map_or(RecordAtSigning::Missing, |source| {
            RecordAtSigning::Changed(Box::new(source.with_revision(revision.clone())))
        }))
    };
    let refinement = source(&layout.refinement(&located.id))?.map(|source| Refinement::read(&source));
    if !inside {
        return Ok(RecordsAtSigning { refinement, ..RecordsAtSigning::default() });
    }
    Ok(RecordsAtSigning {
        refinement,
        audit: source(&RepoPath::from(layout.audit.as_str()))?.map(|source| Audit::read(&source)),
        gate_log: source(&RepoPath::from(layout.gate_log.as_str()))?.map(|source| GateLog::read(&source)),
    })
}

/// The commits of the work that change code, and which of them do not build
/// on the signed packet.
fn collect_code_commits(
    scene: &GateContext<'_>,
    located: &LocatedPacket,
    audit: Option<&Audit>,
    merge_base: Option<Commit>,
    contract: &ContractFact,
) -> Result<Vec<CodeCommit>, RepositoryError> {
    let GateContext { repo, layout, .. } = *scene;
    let (Some(head), Some(begin)) = (scene.judged_head, find_work_start(scene, merge_base)?) else {
        return Ok(Vec::new());
    };
    if begin == head {
        return Ok(Vec::new());
    }
    let commits = repo.commits_between(Some(begin), head)?;
    let mut out = Vec::new();
    for facts in &commits {
        // What a merge merged is told by its commits; its own edits by itself.
        let is_code = |path: &&RepoPath| !layout.is_governance(path) && (scene.is_judged)(path);
        if let Some(path) = facts.changed_paths.iter().find(is_code) {
            out.push(CodeCommit {
                facts: facts.clone(),
                path: path.clone(),
                precedes_signing: false,
                is_under_earlier_signature: false,
            });
        }
    }
    let ContractFact::Known { introduction, .. } = contract else { return Ok(out) };
    mark_early(repo, &commits, &[introduction.commit], &mut out)?;
    let unsigned: Vec<bool> = out.iter().map(|commit| commit.precedes_signing).collect();
    if unsigned.contains(&true) {
        // A packet may be signed again during the work: what was done under
        // an earlier signature, which the audit records, is not early.
        let rows = audit.map_or(&[][..], |audit| audit.rows.as_slice());
        let id = located.id.as_str();
        let recorded = |signature: &str| {
            Signature::parse(signature).is_ok()
                && rows.iter().any(|row| row.signature.value == signature && row.names_packet(id))
        };
        let versions = PacketVersions::new(&located.path);
        let signed = |bytes: &[u8]| {
            let packet = versions.read(bytes);
            packet.is_some_and(|packet| packet.signature.as_ref().is_some_and(|s| recorded(&s.value)))
        };
        let first = repo.find_introductions(&located.path, head, Some(begin), &signed)?;
        let mut first: Vec<Commit> = first.into_iter().map(|facts| facts.commit).collect();
        first.push(introduction.commit);
        if repo.read(TreeState::Commit(begin), &located.path)?.is_some_and(|bytes| signed(&bytes)) {
            first.push(begin);
        }
        versions.ensure_all_read()?;
        mark_early(repo, &commits, &first, &mut out)?;
        for (commit, unsigned) in out.iter_mut().zip(unsigned) {
            commit.is_under_earlier_signature = unsigned && !commit.precedes_signing;
        }
    }
    Ok(out)
}

/// Marks commits that build on none of `firsts`.
fn mark_early(
    repo: &dyn Repository,
    all: &[CommitInfo],
    firsts: &[Commit],
    code: &mut [CodeCommit],
) -> Result<(), RepositoryError> {
    let parents: BTreeMap<Commit, &[Commit]> =
        all.iter().map(|facts| (facts.commit, facts.parents.as_slice())).collect();
    let mut known: BTreeMap<Commit, bool> = firsts.iter().map(|first| (*first, true)).collect();
    for commit in code {
        let mut open = vec![commit.facts.commit];
        while let Some(at) = open.last().copied() {
            let Some(before) = parents.get(&at) else {
                let mut builds = false;
                for first in firsts {
                    builds |= repo.is_ancestor(*first, at)?;
                }
                known.insert(at, builds);
                open.pop();
                continue;
            };
            match before.iter().find(|parent| !known.contains_key(parent)) {
                Some(parent) if !known.contains_key(&at) => open.push(*parent),
                _ => {
                    let builds = before.iter().any(|parent| known.get(parent) == Some(&true));
                    known.entry(at).or_insert(builds);
                    open.pop();
                }
            }
        }
        commit.precedes_signing = known.get(&commit.facts.commit) != Some(&true);
    }
    Ok(())
}
