//! Facts about the approval of a packet: the commit that signed it, the records
//! at that commit, and the commits of the work.

use std::sync::Arc;

use bstr::ByteSlice as _;
use jiff::civil::DateTime;

use crate::change::{Commit, CommitInfo, Repository, RepositoryError, TreeState};
use crate::check::context::{
    ApprovalCheckContext, CheckpointFact, CodeCommit, ContractFact, Gate, KeySignatureFact, MergeBaseFact,
    PacketCheckContext, Policy, RecordAtSigning, RecordsAtSigning, SkeletonApproval, TrustedApproval,
};
use crate::digest::Hash20;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::document::{Layout, Packet, Refinement, WpId};
use crate::finding::Label;
use crate::pipeline::locate::{LocatedPacket, is_same_record, read_document, read_record, read_second_form};
use crate::text::{RepoPath, Source};

use super::code_commits::{WorkCommits, collect_code_commits, find_skeleton_approval};
use super::packet_versions::{PacketVersion, PacketVersions};
use super::related_documents::{self, RelatedDocuments};
use super::request::GateContext;
use super::trusted_approval::read_trusted_approval;

/// Facts for checks of an approval, in addition to documents.
pub(crate) struct ApprovalFacts {
    pub merge_base_fact: MergeBaseFact,
    pub merge_base: Option<Commit>,
    /// The start of the work.
    pub work_start: Option<Commit>,
    pub contract: ContractFact,
    pub records_at_contract: RecordsAtSigning,
    pub code_commits: Vec<CodeCommit>,
    pub skeleton_approval: Option<SkeletonApproval>,
    pub checkpoint: Vec<(RepoPath, CheckpointFact)>,
    pub branch: Option<String>,
    pub worktree: Option<String>,
    pub signature_reuse: Vec<Label>,
    pub signed_contract: KeySignatureFact,
    pub trusted: TrustedApproval,
    pub judges_change: bool,
}

impl ApprovalFacts {
    /// Builds the input for checks of the approval.
    pub(crate) fn check_context<'a>(
        &'a self,
        packet: PacketCheckContext<'a>,
        documents: &'a RelatedDocuments,
        now: DateTime,
    ) -> ApprovalCheckContext<'a> {
        ApprovalCheckContext {
            packet,
            refinement: documents.refinement.as_ref().map_err(Clone::clone),
            audit: documents.records.audit.as_ref().map_err(Clone::clone),
            gate_log: documents.records.gate_log.as_ref().map_err(Clone::clone),
            merge_base: self.merge_base_fact.clone(),
            checkpoint: &self.checkpoint,
            contract: &self.contract,
            records_at_signing: &self.records_at_contract,
            code_commits: &self.code_commits,
            branch: self.branch.as_deref(),
            worktree_name: self.worktree.as_deref(),
            reused_in: &self.signature_reuse,
            key_signature: &self.signed_contract,
            trusted: &self.trusted,
            judges_change: self.judges_change,
            now,
        }
    }

    /// Gathers the facts from the repository. Facts that only `pre-work` or
    /// `audit` need are gathered only for these gates.
    pub(crate) fn gather(
        context: &GateContext<'_>,
        located: &LocatedPacket,
        (policy, audit): (&Policy, Option<&Audit>),
    ) -> Result<Self, RepositoryError> {
        let GateContext { repo, layout, tree, .. } = *context;
        let is_pre_work = context.request.gate == Gate::PreWork;
        let signed_contract = read_signed_contract(context, &located.id, located.packet.signature.is_some())?;
        require_history(context, located, &signed_contract)?;
        let (merge_base_fact, merge_base) = resolve_merge_base(repo, &located.packet, context.judged_head)?;
        let work_start = find_work_start(context, merge_base)?;
        let needs_reuse = is_pre_work || context.request.gate == Gate::Audit;
        let signature = located.packet.signature.as_ref().filter(|_| needs_reuse);
        let contract = find_contract(context, located, work_start)?;
        let work = WorkCommits::read(context, work_start)?;
        let code_commits = collect_code_commits(context, located, audit, work.as_ref(), &contract)?;
        Ok(Self {
            skeleton_approval: find_skeleton_approval(context, &located.id, work.as_ref(), &code_commits)?,
            merge_base_fact,
            merge_base,
            work_start,
            records_at_contract: read_records_at_contract(context, located, &contract)?,
            code_commits,
            contract,
            trusted: read_trusted_approval(context, located, policy)?,
            judges_change: context.selection.is_some(),
            checkpoint: if is_pre_work {
                gather_checkpoint(repo, layout, located, context.head)?
            } else {
                Vec::new()
            },
            branch: if is_pre_work { repo.current_branch()? } else { None },
            worktree: repo.worktree_name().filter(|_| is_pre_work),
            signed_contract,
            signature_reuse: match signature {
                Some(signature) => related_documents::find_signature_reuse(
                    repo,
                    tree,
                    layout,
                    &located.id,
                    &signature.value,
                )?,
                None => Vec::new(),
            },
        })
    }
}

/// Maximum number of commits that add a signature and are compared with each
/// other.
const MAX_INTRODUCTIONS: usize = 20;

impl ApprovalFacts {
    /// Returns unknown facts after an error, for a gate that does not check
    /// them.
    pub(crate) fn unknown(error: &RepositoryError, layout: &Layout, id: &WpId) -> Self {
        Self {
            signed_contract: empty_signed_contract(layout, id),
            trusted: TrustedApproval::default(),
            judges_change: false,
            merge_base_fact: MergeBaseFact::Absent,
            merge_base: None,
            work_start: None,
            contract: ContractFact::Unknown(error.to_string()),
            records_at_contract: RecordsAtSigning::default(),
            code_commits: Vec::new(),
            skeleton_approval: None,
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

/// Reads the signed contract and its signature from the judged tree, and the
/// list of accepted keys from the policy tree.
fn read_signed_contract(
    context: &GateContext<'_>,
    id: &WpId,
    is_signed: bool,
) -> Result<KeySignatureFact, RepositoryError> {
    let mut fact = empty_signed_contract(context.layout, id);
    if is_signed {
        fact.contract = read_document(context.repo, context.tree, &fact.contract_path)?;
        fact.signature = read_document(context.repo, context.tree, &fact.signature_path)?;
        let signers = read_document(context.repo, context.policy_tree, &fact.signers_path)?;
        fact.signers = signers.map(|source| AllowedSigners::read(&source));
    }
    Ok(fact)
}

/// Fails if the history of the work is cut and the approval needs it: that a typed signature
/// is older than the work can only be seen there. A signature by a key proves itself.
fn require_history(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    signed_contract: &KeySignatureFact,
) -> Result<(), RepositoryError> {
    // Without a list of keys, nothing would judge the signature by a key.
    let is_by_key = signed_contract.signature.is_some()
        && signed_contract.contract.is_some()
        && signed_contract.signers.as_ref().is_some_and(|signers| !signers.signers.is_empty());
    let is_typed = located.packet.signature.is_some() && !is_by_key;
    match context.repo.history_cut() {
        Some((base, _)) if is_typed => Err(RepositoryError::Git {
            operation: format!("reading the history of {} before commit {}", located.path, base.short()),
            reason: "missing from this shallow clone, and the packet is not signed by a key: run `git fetch \
                     --unshallow` to fetch the whole history"
                .to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Returns the start of the work: the base of the judged commits or the packet's
/// merge base, whichever is older. Neither a range that starts too late nor a
/// packet whose merge base was moved can leave out history.
fn find_work_start(
    context: &GateContext<'_>,
    merge_base: Option<Commit>,
) -> Result<Option<Commit>, RepositoryError> {
    let base = context.selection.and_then(|selection| selection.base);
    let is_committed = context.selection.is_some_and(|selection| selection.mode.is_committed());
    Ok(match (base.filter(|_| is_committed), merge_base) {
        (Some(base), Some(merge_base)) if context.repo.is_ancestor(base, merge_base)? => Some(base),
        (Some(base), None) => Some(base),
        (_, Some(merge_base)) => Some(merge_base),
        (None, None) => base,
    })
}

/// Resolves `MERGE_BASE_SHA` and compares it with the judged head. The commit
/// is `None` unless it is an ancestor.
pub(crate) fn resolve_merge_base(
    repo: &dyn Repository,
    packet: &Packet,
    head: Option<Commit>,
) -> Result<(MergeBaseFact, Option<Commit>), RepositoryError> {
    let Some(text) = &packet.merge_base else { return Ok((MergeBaseFact::Absent, None)) };
    if Hash20::parse(&text.value).is_none() {
        return Ok((MergeBaseFact::Malformed, None));
    }
    let Some(commit) = repo.find_commit(&text.value)? else {
        // The contract that a key signed names it, and the base of the change is known.
        let is_cut = repo.history_cut().is_some();
        return Ok((if is_cut { MergeBaseFact::Ancestor } else { MergeBaseFact::Missing }, None));
    };
    match head {
        Some(head) if repo.is_ancestor(commit, head)? => Ok((MergeBaseFact::Ancestor, Some(commit))),
        _ => Ok((MergeBaseFact::NotAncestor, None)),
    }
}

/// Compares packet and refinement on disk with HEAD.
fn gather_checkpoint(
    repo: &dyn Repository,
    layout: &Layout,
    located: &LocatedPacket,
    head: Option<Commit>,
) -> Result<Vec<(RepoPath, CheckpointFact)>, RepositoryError> {
    let head_tree = head.map_or(TreeState::Empty, TreeState::Commit);
    let mut out = Vec::new();
    for path in [located.path.clone(), layout.refinement(&located.id)] {
        let Some(on_disk) = repo.entry(TreeState::Worktree, &path)? else { continue };
        let fact = match repo.entry(head_tree, &path)? {
            None => CheckpointFact::Uncommitted,
            Some(committed) if committed.id == on_disk.id => CheckpointFact::Committed,
            Some(_) => CheckpointFact::Changed,
        };
        out.push((path, fact));
    }
    Ok(out)
}

/// Finds the commit that added the packet's signature, and reads the packet at
/// that commit.
fn find_contract(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    work_start: Option<Commit>,
) -> Result<ContractFact, RepositoryError> {
    let GateContext { repo, layout, judged_head, .. } = *context;
    let Some(signature) = &located.packet.signature else {
        return Ok(ContractFact::Unknown("the packet is not signed".into()));
    };
    let Some(head) = judged_head else { return Ok(ContractFact::Uncommitted) };
    let versions = PacketVersions::new(&located.path);
    let is_signed =
        |version: &PacketVersion| version.signature.as_ref().is_some_and(|other| *other == signature.value);
    // The judged version is parsed already. A version without the text of the
    // signature cannot be signed, so it is not parsed.
    let judged = located.packet.source.text().as_bytes();
    let has_signature = |bytes: &[u8]| {
        bytes == judged
            || (bytes.contains_str(&signature.value)
                && versions.read(bytes).is_some_and(|version| is_signed(&version)))
    };
    // An explicit range is trusted to start before the work, unless the packet
    // is older than the range. Without a range, only the packet names the start
    // of the work, and the coder can change that: the walk goes further back.
    let has_explicit_base = context.selection.is_some_and(|selection| selection.explicit_base().is_some());
    let stop = match work_start.filter(|_| has_explicit_base) {
        Some(base) => {
            let before = repo.read(TreeState::Commit(base), &located.path)?;
            Some(base).filter(|_| !before.is_some_and(|bytes| has_signature(&bytes)))
        }
        None => None,
    };
    let found = repo.find_introductions(&located.path, head, stop, &has_signature)?;
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
    let is_in_range = match work_start {
        Some(base) => !repo.is_ancestor(introduction.commit, base)?,
        None => false,
    };
    let source = Source::from_bytes(located.path.clone(), bytes).with_revision(introduction.commit.short());
    let mut packet_at_signing = Box::new(Packet::read(&source).value);
    let (signing, names) = (introduction.commit, (&located.id, &located.path));
    packet_at_signing.second_form =
        read_second_form(repo, TreeState::Commit(signing), layout, names, Some(signing))?.contract();
    let code_paths =
        introduction.changed_paths.iter().filter(|path| !layout.is_governance(path)).cloned().collect();
    let earliest_time = earliest_time(context, &introduction)?;
    Ok(ContractFact::Known { packet_at_signing, introduction, is_in_range, earliest_time, code_paths })
}

/// Returns the greatest time of a commit and of its ancestors since the trusted commit.
/// A commit that the trusted commit contains keeps its own time.
fn earliest_time(context: &GateContext<'_>, introduction: &CommitInfo) -> Result<i64, RepositoryError> {
    let base = context.trusted.time_base;
    if let Some(base) = base
        && context.repo.is_ancestor(introduction.commit, base)?
    {
        return Ok(introduction.time);
    }
    let newest = context.repo.newest_time(base, introduction.commit)?;
    Ok(newest.map_or(introduction.time, |newest| newest.max(introduction.time)))
}

/// Returns the introduction that is an ancestor of all others, if there is one.
fn find_first_introduction(
    repo: &dyn Repository,
    found: &[CommitInfo],
) -> Result<Option<CommitInfo>, RepositoryError> {
    // Above this number the result is "several", without comparing ancestry.
    if found.len() > MAX_INTRODUCTIONS {
        return Ok(None);
    }
    for candidate in found.iter().rev() {
        let mut is_first = true;
        for other in found {
            is_first = is_first && repo.is_ancestor(candidate.commit, other.commit)?;
        }
        if is_first {
            return Ok(Some(candidate.clone()));
        }
    }
    Ok(None)
}

/// Reads the other records at the commit that signed the packet. If that commit
/// is not part of the work, only the refinement is read.
fn read_records_at_contract(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    contract: &ContractFact,
) -> Result<RecordsAtSigning, RepositoryError> {
    let ContractFact::Known { introduction, is_in_range, .. } = contract else {
        return Ok(RecordsAtSigning::default());
    };
    let GateContext { repo, layout, tree, .. } = *context;
    let commit = introduction.commit;
    let revision = commit.short();
    let then = TreeState::Commit(commit);
    let found = |found: Option<Arc<Source>>| {
        found.map_or(RecordAtSigning::Missing, |source| {
            RecordAtSigning::Changed(Box::new(source.with_revision(revision.clone())))
        })
    };
    let document = |path: &RepoPath| -> Result<RecordAtSigning<Arc<Source>>, RepositoryError> {
        if repo.entry(then, path)? == repo.entry(tree, path)? {
            return Ok(RecordAtSigning::Unchanged);
        }
        Ok(found(read_document(repo, then, path)?))
    };
    let record = |name: &str| -> Result<RecordAtSigning<Arc<Source>>, RepositoryError> {
        if is_same_record(repo, then, tree, name)? {
            return Ok(RecordAtSigning::Unchanged);
        }
        Ok(found(read_record(repo, then, name)?))
    };
    let refinement = document(&layout.refinement(&located.id))?.map(|source| Refinement::read(&source));
    if !is_in_range {
        return Ok(RecordsAtSigning { refinement, ..RecordsAtSigning::default() });
    }
    Ok(RecordsAtSigning {
        refinement,
        audit: record(&layout.audit)?.map(|source| Audit::read(&source)),
        gate_log: record(&layout.gate_log)?.map(|source| GateLog::read(&source)),
    })
}
