//! Facts about the approval of a packet: its contract revision, the records
//! there, and the commits of the work.

use std::collections::BTreeMap;

use bstr::ByteSlice as _;

use crate::change::{Commit, CommitFacts, Repository, RepositoryError, Side};
use crate::check::input::{
    CheckpointFact, CodeCommit, ContractFact, Gate, MergeBaseFact, RecordsThen, SealFact, Then,
};
use crate::digest::Hash20;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::document::{Layout, Packet, Refinement, Signature, WpId};
use crate::finding::Label;
use crate::text::{RepoPath, Source};

use super::dossier;
use super::request::Scene;
use super::search::{Located, document};
use super::versions::Versions;

/// What checks of approval are shown beside documents.
pub(super) struct ApprovalFacts {
    pub merge_base_fact: MergeBaseFact,
    pub merge_base: Option<Commit>,
    /// Where the work began.
    pub began: Option<Commit>,
    pub contract: ContractFact,
    pub then: RecordsThen,
    pub code: Vec<CodeCommit>,
    pub checkpoint: Vec<(RepoPath, CheckpointFact)>,
    pub branch: Option<String>,
    pub worktree: Option<String>,
    pub reuse: Vec<Label>,
    pub seal: SealFact,
}

impl ApprovalFacts {
    /// Asks the repository, and what only the start of work asks for only
    /// then.
    pub(super) fn gather(
        scene: &Scene<'_>,
        located: &Located,
        audit: Option<&Audit>,
    ) -> Result<Self, RepositoryError> {
        let Scene { repo, layout, side, .. } = *scene;
        let starts = scene.request.gate == Gate::PreWork;
        let (merge_base_fact, merge_base) = merge_base(repo, &located.packet, scene.judged_head)?;
        let asks_reuse = starts || scene.request.gate == Gate::Audit;
        let signature = located.packet.signature.as_ref().filter(|_| asks_reuse);
        let contract = contract(scene, located, merge_base)?;
        Ok(Self {
            merge_base_fact,
            merge_base,
            began: began(scene, merge_base)?,
            then: records_then(scene, located, &contract)?,
            code: code(scene, located, audit, merge_base, &contract)?,
            contract,
            checkpoint: if starts { checkpoint(repo, layout, located, scene.head)? } else { Vec::new() },
            branch: if starts { repo.branch()? } else { None },
            worktree: repo.worktree_name().filter(|_| starts),
            seal: seal(scene, &located.id, located.packet.signature.is_some())?,
            reuse: match signature {
                Some(signature) => dossier::reuse(repo, side, layout, &located.id, &signature.value)?,
                None => Vec::new(),
            },
        })
    }
}

/// Commits that bring one signature in; a history with more is not followed.
const MOST_INTRODUCTIONS: usize = 20;

impl ApprovalFacts {
    /// Facts that could not be found out, for a gate that does not judge by
    /// them.
    pub(super) fn unknown(why: &RepositoryError, layout: &Layout, id: &WpId) -> Self {
        Self {
            seal: no_seal(layout, id),
            merge_base_fact: MergeBaseFact::Absent,
            merge_base: None,
            began: None,
            contract: ContractFact::Unknown(why.to_string()),
            then: RecordsThen::default(),
            code: Vec::new(),
            checkpoint: Vec::new(),
            branch: None,
            worktree: None,
            reuse: Vec::new(),
        }
    }
}

fn no_seal(layout: &Layout, id: &WpId) -> SealFact {
    SealFact {
        contract_path: layout.seal(id),
        signature_path: layout.seal_signature(id),
        signers_path: RepoPath::from(layout.signers.as_str()),
        contract: None,
        signature: None,
        signers: None,
    }
}

/// What a key has signed on the judged side, and whose keys count on the
/// trusted one.
fn seal(scene: &Scene<'_>, id: &WpId, is_signed: bool) -> Result<SealFact, RepositoryError> {
    let mut fact = no_seal(scene.layout, id);
    if is_signed {
        fact.contract = document(scene.repo, scene.side, &fact.contract_path)?;
        fact.signature = document(scene.repo, scene.side, &fact.signature_path)?;
        let signers = document(scene.repo, scene.trusted_side, &fact.signers_path)?;
        fact.signers = signers.map(|source| AllowedSigners::read(&source));
    }
    Ok(fact)
}

/// Where the work began: the base of the judged commits or the packet's merge
/// base, whichever is older; neither a caller's late range nor a packet whose
/// merge base was moved leaves history out.
fn began(scene: &Scene<'_>, merge_base: Option<Commit>) -> Result<Option<Commit>, RepositoryError> {
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
pub(super) fn merge_base(
    repo: &dyn Repository,
    packet: &Packet,
    head: Option<Commit>,
) -> Result<(MergeBaseFact, Option<Commit>), RepositoryError> {
    let Some(text) = &packet.merge_base else { return Ok((MergeBaseFact::Absent, None)) };
    if Hash20::parse(&text.value).is_none() {
        return Ok((MergeBaseFact::Malformed, None));
    }
    let Some(commit) = repo.commit(&text.value)? else { return Ok((MergeBaseFact::Missing, None)) };
    match head {
        Some(head) if repo.is_ancestor(commit, head)? => Ok((MergeBaseFact::Ancestor, Some(commit))),
        _ => Ok((MergeBaseFact::NotAncestor, None)),
    }
}

/// Packet and refinement against HEAD.
fn checkpoint(
    repo: &dyn Repository,
    layout: &Layout,
    located: &Located,
    head: Option<Commit>,
) -> Result<Vec<(RepoPath, CheckpointFact)>, RepositoryError> {
    let side = head.map_or(Side::Empty, Side::Commit);
    let mut out = Vec::new();
    for path in [located.path.clone(), layout.refinement(&located.id)] {
        let Some(now) = repo.entry(Side::Worktree, &path)? else { continue };
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
fn contract(
    scene: &Scene<'_>,
    located: &Located,
    merge_base: Option<Commit>,
) -> Result<ContractFact, RepositoryError> {
    let Scene { repo, layout, judged_head: head, .. } = *scene;
    let Some(signature) = &located.packet.signature else {
        return Ok(ContractFact::Unknown("the packet is not signed".into()));
    };
    let Some(head) = head else { return Ok(ContractFact::Uncommitted) };
    let versions = Versions::of(&located.path);
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
    let began = began(scene, merge_base)?;
    // A range is trusted to start before the work, unless the packet is older
    // than that. Without one, only the packet says where the work began, and
    // that may be moved: the walk goes further back.
    let asked = scene.selection.is_some_and(|selection| selection.trusted_base().is_some());
    let stop = match began.filter(|_| asked) {
        Some(base) => {
            let before = repo.read(Side::Commit(base), &located.path)?;
            Some(base).filter(|_| !before.is_some_and(|bytes| holds(&bytes)))
        }
        None => None,
    };
    let found = repo.introductions(&located.path, head, stop, &holds)?;
    versions.checked()?;
    if found.is_empty() {
        return Ok(ContractFact::Uncommitted);
    }
    let Some(introduction) = first_of(repo, &found)? else {
        return Ok(ContractFact::Several(found));
    };
    let Some(bytes) = repo.read(Side::Commit(introduction.commit), &located.path)? else {
        return Ok(ContractFact::Unknown("the packet of the contract revision cannot be read".into()));
    };
    let inside = match began {
        Some(base) => !repo.is_ancestor(introduction.commit, base)?,
        None => false,
    };
    let revision: String = introduction.commit.0.to_string().chars().take(12).collect();
    let then = Source::from_bytes(located.path.clone(), bytes).at_revision(revision);
    let then = Box::new(Packet::read(&then).value);
    let foreign = introduction.touched.iter().filter(|path| !layout.is_governance(path)).cloned().collect();
    Ok(ContractFact::Known { then, introduction, inside, foreign })
}

/// The introduction that all others build on, if there is one.
fn first_of(repo: &dyn Repository, found: &[CommitFacts]) -> Result<Option<CommitFacts>, RepositoryError> {
    // So many are several, whatever they build on.
    if found.len() > MOST_INTRODUCTIONS {
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
fn records_then(
    scene: &Scene<'_>,
    located: &Located,
    contract: &ContractFact,
) -> Result<RecordsThen, RepositoryError> {
    let ContractFact::Known { introduction, inside, .. } = contract else {
        return Ok(RecordsThen::default());
    };
    let Scene { repo, layout, side, .. } = *scene;
    let (commit, inside) = (introduction.commit, *inside);
    let revision: String = commit.0.to_string().chars().take(12).collect();
    let source = |path: &RepoPath| -> Result<Then<std::sync::Arc<Source>>, RepositoryError> {
        if repo.entry(Side::Commit(commit), path)? == repo.entry(side, path)? {
            return Ok(Then::Same);
        }
        let found = document(repo, Side::Commit(commit), path)?;
        Ok(found.map_or(Then::Missing, |source| Then::Other(Box::new(source.at_revision(revision.clone())))))
    };
    let refinement = source(&layout.refinement(&located.id))?.map(|source| Refinement::read(&source));
    if !inside {
        return Ok(RecordsThen { refinement, ..RecordsThen::default() });
    }
    Ok(RecordsThen {
        refinement,
        audit: source(&RepoPath::from(layout.audit.as_str()))?.map(|source| Audit::read(&source)),
        gate_log: source(&RepoPath::from(layout.gate_log.as_str()))?.map(|source| GateLog::read(&source)),
    })
}

/// The commits of the work that change code, and which of them do not build
/// on the signed packet.
fn code(
    scene: &Scene<'_>,
    located: &Located,
    audit: Option<&Audit>,
    merge_base: Option<Commit>,
    contract: &ContractFact,
) -> Result<Vec<CodeCommit>, RepositoryError> {
    let Scene { repo, layout, .. } = *scene;
    let (Some(head), Some(begin)) = (scene.judged_head, began(scene, merge_base)?) else {
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
        if let Some(path) = facts.touched.iter().find(is_code) {
            out.push(CodeCommit {
                facts: facts.clone(),
                path: path.clone(),
                is_early: false,
                is_under_earlier: false,
            });
        }
    }
    let ContractFact::Known { introduction, .. } = contract else { return Ok(out) };
    mark_early(repo, &commits, &[introduction.commit], &mut out)?;
    let unsigned: Vec<bool> = out.iter().map(|commit| commit.is_early).collect();
    if unsigned.contains(&true) {
        // A packet may be signed again during the work: what was done under
        // an earlier signature, which the audit records, is not early.
        let rows = audit.map_or(&[][..], |audit| audit.rows.as_slice());
        let id = located.id.as_str();
        let recorded = |signature: &str| {
            Signature::parse(signature).is_ok()
                && rows.iter().any(|row| row.signature.value == signature && row.names(id))
        };
        let versions = Versions::of(&located.path);
        let signed = |bytes: &[u8]| {
            let packet = versions.read(bytes);
            packet.is_some_and(|packet| packet.signature.as_ref().is_some_and(|s| recorded(&s.value)))
        };
        let first = repo.introductions(&located.path, head, Some(begin), &signed)?;
        let mut first: Vec<Commit> = first.into_iter().map(|facts| facts.commit).collect();
        first.push(introduction.commit);
        if repo.read(Side::Commit(begin), &located.path)?.is_some_and(|bytes| signed(&bytes)) {
            first.push(begin);
        }
        versions.checked()?;
        mark_early(repo, &commits, &first, &mut out)?;
        for (commit, unsigned) in out.iter_mut().zip(unsigned) {
            commit.is_under_earlier = unsigned && !commit.is_early;
        }
    }
    Ok(out)
}

/// Marks commits that build on none of `firsts`.
fn mark_early(
    repo: &dyn Repository,
    all: &[CommitFacts],
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
        commit.is_early = known.get(&commit.facts.commit) != Some(&true);
    }
    Ok(())
}
