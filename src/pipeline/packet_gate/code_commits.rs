//! The commits of the work that change code, and their order with respect to
//! the packet's signature.

use std::collections::BTreeMap;

use crate::change::{Commit, CommitInfo, Repository, RepositoryError, TreeState};
use crate::check::approval::may_be_same_person;
use crate::check::context::{CodeCommit, ContractFact, SkeletonApproval};
use crate::document::audit::Audit;
use crate::document::{Signature, WpId};
use crate::pipeline::locate::LocatedPacket;
use crate::text::RepoPath;

use super::packet_versions::PacketVersions;
use super::request::GateContext;

/// The commits of the work, newest first, and the commit before them.
pub(crate) struct WorkCommits {
    start: Commit,
    head: Commit,
    commits: Vec<CommitInfo>,
}

impl WorkCommits {
    /// Reads the commits between the start of the work and the judged one; `None` if there
    /// are none, or if one of both is not known.
    pub(crate) fn read(
        context: &GateContext<'_>,
        work_start: Option<Commit>,
    ) -> Result<Option<Self>, RepositoryError> {
        let Some((start, head)) = work_start.zip(context.judged_head).filter(|(start, head)| start != head)
        else {
            return Ok(None);
        };
        Ok(Some(Self { start, head, commits: context.repo.commits_between(Some(start), head)? }))
    }
}

/// Returns the commits of the work that change code. Commits that do not have
/// the signed packet in their history are marked.
pub(crate) fn collect_code_commits(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    audit: Option<&Audit>,
    work: Option<&WorkCommits>,
    contract: &ContractFact,
) -> Result<Vec<CodeCommit>, RepositoryError> {
    let GateContext { repo, layout, .. } = *context;
    let Some(WorkCommits { start, head, commits }) = work else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for facts in commits {
        // A merge commit counts only for edits that none of its parents
        // contains.
        let is_code = |path: &&RepoPath| !layout.is_governance(path) && (context.is_judged)(path);
        if let Some(path) = facts.changed_paths.iter().find(is_code) {
            let (subject, author) = (facts.subject.clone(), facts.author.clone());
            out.push(CodeCommit {
                facts: CommitInfo {
                    commit: facts.commit,
                    subject,
                    author,
                    committer: facts.committer.clone(),
                    time: facts.time,
                    parents: facts.parents.clone(),
                    // The other paths can be many.
                    changed_paths: vec![path.clone()],
                },
                path: path.clone(),
                precedes_signing: false,
                is_under_earlier_signature: false,
            });
        }
    }
    let ContractFact::Known { introduction, .. } = contract else { return Ok(out) };
    mark_unsigned_commits(repo, commits, &[introduction.commit], &mut out)?;
    let was_unsigned: Vec<bool> = out.iter().map(|commit| commit.precedes_signing).collect();
    if was_unsigned.contains(&true) {
        // A packet may be signed again during the work. Commits under an
        // earlier signature that the audit records do not precede signing.
        let mut signing_commits = find_earlier_signatures(context, located, audit, *start, *head)?;
        signing_commits.push(introduction.commit);
        mark_unsigned_commits(repo, commits, &signing_commits, &mut out)?;
        for (commit, was_unsigned) in out.iter_mut().zip(was_unsigned) {
            commit.is_under_earlier_signature = was_unsigned && !commit.precedes_signing;
        }
    }
    Ok(out)
}

/// Maximum number of approvals of a skeleton that are looked at, the oldest ones.
const MAX_APPROVALS: usize = 10;
/// Maximum number of commits that are searched in the history outside of a range. A commit
/// that is not searched for was not found: its work counts as unsigned.
const MAX_ANCESTORS: usize = 200;

/// Returns the commit that approves the packet's skeleton: it names exactly this id,
/// changes only the packet's own records or nothing, and every commit of code has it in
/// its history.
pub(crate) fn find_skeleton_approval(
    context: &GateContext<'_>,
    id: &WpId,
    work: Option<&WorkCommits>,
    code_commits: &[CodeCommit],
) -> Result<Option<SkeletonApproval>, RepositoryError> {
    let GateContext { repo, layout, .. } = *context;
    let Some(WorkCommits { commits, .. }) = work else { return Ok(None) };
    let wanted = SkeletonApproval::subject(id.as_str());
    let is_own = |path: &RepoPath| layout.is_packet_record(id, path);
    let approvals: Vec<&CommitInfo> = commits
        .iter()
        .filter(|facts| facts.subject == wanted && facts.changed_paths.iter().all(is_own))
        .collect();
    let mut out = None;
    // The commits are listed newest first. An approval that counts is older than all code.
    for approval in approvals.iter().skip(approvals.len().saturating_sub(MAX_APPROVALS)) {
        let own = [approval.commit];
        let mut descendants = Descendants::new(repo, commits, &own);
        let mut is_first = true;
        for code in code_commits {
            is_first = is_first
                && code.facts.commit != approval.commit
                && descendants.contains(code.facts.commit)?;
        }
        if is_first {
            let is_by_coder = code_commits.iter().any(|code| may_be_same_person(approval, code));
            let (commit, committer) = (approval.commit.short(), approval.committer.clone());
            out = Some(SkeletonApproval { commit, committer, is_by_coder });
        }
    }
    Ok(out)
}

/// Returns the commits at which the packet received a signature that the audit
/// records, and the start of the work if the packet was signed there already.
fn find_earlier_signatures(
    context: &GateContext<'_>,
    located: &LocatedPacket,
    audit: Option<&Audit>,
    start: Commit,
    head: Commit,
) -> Result<Vec<Commit>, RepositoryError> {
    let repo = context.repo;
    let rows = audit.map_or(&[][..], |audit| audit.rows.as_slice());
    let id = located.id.as_str();
    let is_recorded = |signature: &str| {
        Signature::parse(signature).is_ok()
            && rows.iter().any(|row| row.signature.value == signature && row.names_packet(id))
    };
    let versions = PacketVersions::new(&located.path);
    let is_signed = |bytes: &[u8]| {
        let packet = versions.read(bytes);
        packet.is_some_and(|packet| packet.signature.as_ref().is_some_and(|value| is_recorded(value)))
    };
    let found = repo.find_introductions(&located.path, head, Some(start), &is_signed)?;
    let mut out: Vec<Commit> = found.into_iter().map(|facts| facts.commit).collect();
    if repo.read(TreeState::Commit(start), &located.path)?.is_some_and(|bytes| is_signed(&bytes)) {
        out.push(start);
    }
    versions.ensure_all_read()?;
    Ok(out)
}

/// Sets `precedes_signing` of commits that have none of `signing_commits` in
/// their history.
fn mark_unsigned_commits(
    repo: &dyn Repository,
    all: &[CommitInfo],
    signing_commits: &[Commit],
    code_commits: &mut [CodeCommit],
) -> Result<(), RepositoryError> {
    let mut signed = Descendants::new(repo, all, signing_commits);
    for code_commit in code_commits {
        code_commit.precedes_signing = !signed.contains(code_commit.facts.commit)?;
    }
    Ok(())
}

/// The commits of a range that have one of some commits in their history, or are one.
struct Descendants<'a> {
    repo: &'a dyn Repository,
    ancestors: &'a [Commit],
    parents_of: BTreeMap<Commit, &'a [Commit]>,
    known: BTreeMap<Commit, bool>,
}

impl<'a> Descendants<'a> {
    fn new(repo: &'a dyn Repository, all: &'a [CommitInfo], ancestors: &'a [Commit]) -> Self {
        let parents_of = all.iter().map(|facts| (facts.commit, facts.parents.as_slice())).collect();
        let known = ancestors.iter().map(|commit| (*commit, true)).collect();
        Self { repo, ancestors, parents_of, known }
    }

    fn contains(&mut self, wanted: Commit) -> Result<bool, RepositoryError> {
        // The stack holds commits whose parents have to be resolved first.
        let mut stack = vec![wanted];
        while let Some(commit) = stack.last().copied() {
            let Some(parents) = self.parents_of.get(&commit) else {
                let mut has_ancestor = self.known.get(&commit).copied().unwrap_or_default();
                for ancestor in self.ancestors.iter().take(MAX_ANCESTORS) {
                    has_ancestor = has_ancestor || self.repo.is_ancestor(*ancestor, commit)?;
                }
                self.known.insert(commit, has_ancestor);
                stack.pop();
                continue;
            };
            match parents.iter().find(|parent| !self.known.contains_key(parent)) {
                Some(parent) if !self.known.contains_key(&commit) => stack.push(*parent),
                _ => {
                    let has_parent = parents.iter().any(|parent| self.known.get(parent) == Some(&true));
                    self.known.entry(commit).or_insert(has_parent);
                    stack.pop();
                }
            }
        }
        Ok(self.known.get(&wanted) == Some(&true))
    }
}
