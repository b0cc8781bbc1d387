//! Facts about history that checks are shown.

use std::collections::BTreeMap;

use crate::change::{
    ChangedFile, Commit, CommitFacts, Repository, RepositoryError, Selection, SelectionMode, Side,
};
use crate::check::input::{ContractFact, PathFact, RangeFact, WaiverOrigin};
use crate::check::waiver;
use crate::document::waiver::Waiver;
use crate::document::{Layout, Packet};
use crate::text::RepoPath;

use super::approval::ApprovalFacts;
use super::search::{Located, document};
use super::versions::Versions;

/// What checks of a change are shown beside its files.
pub(super) struct ChangeFacts {
    pub range: RangeFact,
    pub origins: Vec<WaiverOrigin>,
    pub evidence: Pointed,
    /// The packet where the work began.
    pub before: Option<Packet>,
}

impl ChangeFacts {
    pub(super) fn gather(
        repo: &dyn Repository,
        layout: &Layout,
        located: &Located,
        selection: &Selection,
        approved: &ApprovalFacts,
    ) -> Result<Self, RepositoryError> {
        let merge_base = approved.merge_base;
        let waivers = &located.packet.waivers;
        Ok(Self {
            range: range(repo, layout, located, selection, merge_base)?,
            origins: if waivers.is_empty() {
                Vec::new()
            } else {
                origins(repo, layout, located, selection, approved.began, &approved.contract)?
            },
            evidence: evidence(repo, judged_side(selection), &located.packet)?,
            before: before(repo, located, approved.began)?,
        })
    }
}

/// The packet where the work began, if it was there.
fn before(
    repo: &dyn Repository,
    located: &Located,
    began: Option<Commit>,
) -> Result<Option<Packet>, RepositoryError> {
    let Some(began) = began else { return Ok(None) };
    let found = document(repo, Side::Commit(began), &located.path)?;
    Ok(found.map(|source| Packet::read(&source).value))
}

/// Where a range starts, seen from the packet.
fn range(
    repo: &dyn Repository,
    layout: &Layout,
    located: &Located,
    selection: &Selection,
    merge_base: Option<Commit>,
) -> Result<RangeFact, RepositoryError> {
    if !selection.mode.is_committed() {
        return Ok(RangeFact::NotApplicable);
    }
    let Some(base) = selection.base else { return Ok(RangeFact::Whole) };
    match merge_base {
        Some(merge_base) if repo.is_ancestor(base, merge_base)? => Ok(RangeFact::Whole),
        Some(merge_base) => {
            let (mode, reason) = (SelectionMode::Range, String::new());
            let skipped = Selection {
                mode,
                base: Some(merge_base),
                head: Some(base),
                reason,
                asked: false,
                trusted: None,
            };
            let onward = repo.is_ancestor(merge_base, base)?;
            let changes = repo.changes(&skipped)?.changes;
            let harmless =
                onward && changes.iter().all(|change| layout.belongs_to(&located.id, &change.path));
            Ok(if harmless { RangeFact::SkipsGovernance } else { RangeFact::LeavesOut })
        }
        None => Ok(RangeFact::NotApplicable),
    }
}

/// Whether a selection goes forward in history.
pub(super) fn is_forward(repo: &dyn Repository, selection: &Selection) -> Result<bool, RepositoryError> {
    match (selection.base, selection.head) {
        (Some(base), Some(head)) if selection.mode.is_committed() => repo.is_ancestor(base, head),
        _ => Ok(true),
    }
}

/// Where each waiver of a packet came from.
fn origins(
    repo: &dyn Repository,
    layout: &Layout,
    located: &Located,
    selection: &Selection,
    began: Option<Commit>,
    contract: &ContractFact,
) -> Result<Vec<WaiverOrigin>, RepositoryError> {
    if located.packet.waivers.len() > waiver::MOST_WAIVERS {
        return Ok(Vec::new());
    }
    // A contract revision that also changes code signs nothing.
    let signed = match contract {
        ContractFact::Known { introduction, then, foreign, .. } if foreign.is_empty() => {
            Some((&**then, introduction))
        }
        _ => None,
    };
    let versions = Versions::of(&located.path);
    let at = |commit: Option<Commit>| -> Result<_, RepositoryError> {
        let bytes = repo.read(commit.map_or(Side::Empty, Side::Commit), &located.path)?;
        Ok(bytes.and_then(|bytes| versions.read(&bytes)))
    };
    // Where the work is not committed, HEAD may hold commits of it.
    let head = if selection.mode.is_committed() { selection.head } else { repo.head()? };
    let (before, last) = (at(began)?, at(head)?);
    let known =
        Known { began, before: before.as_deref(), head, last: last.as_deref(), signed, versions: &versions };
    let waivers = located.packet.waivers.iter();
    let found = waivers.map(|waiver| origin(repo, layout, located, &known, waiver)).collect();
    versions.checked()?;
    found
}

/// Where a waiver may have come from.
struct Known<'a> {
    /// Where the work began.
    began: Option<Commit>,
    /// The packet there.
    before: Option<&'a Packet>,
    /// The newest commit.
    head: Option<Commit>,
    /// The packet there.
    last: Option<&'a Packet>,
    /// The packet at the contract revision.
    signed: Option<(&'a Packet, &'a CommitFacts)>,
    versions: &'a Versions<'a>,
}

fn origin(
    repo: &dyn Repository,
    layout: &Layout,
    located: &Located,
    known: &Known<'_>,
    waiver: &Waiver,
) -> Result<WaiverOrigin, RepositoryError> {
    let words = |packet: &Packet, waiver: &Waiver| {
        packet.source.slice(waiver.span).split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let wanted = words(&located.packet, waiver);
    let holds = |packet: &Packet| packet.waivers.iter().any(|other| words(packet, other) == wanted);
    if known.before.is_some_and(holds) {
        return Ok(WaiverOrigin::AtBase);
    }
    if let Some((_, commit)) = known.signed.filter(|(packet, _)| holds(packet)) {
        return Ok(WaiverOrigin::AtContract(commit.clone()));
    }
    let Some(head) = known.head.filter(|_| known.last.is_some_and(holds)) else {
        return Ok(WaiverOrigin::Uncommitted);
    };
    let found = repo.introductions(&located.path, head, known.began, &|bytes| {
        known.versions.read(bytes).is_some_and(|packet| holds(&packet))
    })?;
    // Of several entries the one that brought code along counts: taking a
    // void waiver out and putting it in again does not mend it.
    let foreign_of = |introduction: &CommitFacts| -> Vec<RepoPath> {
        introduction.touched.iter().filter(|path| !layout.is_governance(path)).cloned().collect()
    };
    let worst = found.iter().find(|introduction| !foreign_of(introduction).is_empty());
    let Some(introduction) = worst.or(found.first()).cloned() else {
        return Ok(WaiverOrigin::Unknown("no commit brought it in".into()));
    };
    let foreign = foreign_of(&introduction);
    Ok(WaiverOrigin::Entered { introduction, foreign })
}

/// Changed files with their bytes.
pub(super) fn files(
    repo: &dyn Repository,
    selection: &Selection,
) -> Result<Vec<ChangedFile>, RepositoryError> {
    let before = selection.base.map_or(Side::Empty, Side::Commit);
    let after = judged_side(selection);
    let changes = repo.changes(selection)?.changes;
    changes
        .into_iter()
        .map(|change| {
            let pre = change.pre.map(|entry| repo.content(before, &change.path, entry)).transpose()?;
            let post = change.post.map(|entry| repo.content(after, &change.path, entry)).transpose()?;
            Ok(ChangedFile::new(change, pre, post))
        })
        .collect()
}

/// The side that holds the judged state.
pub(super) fn judged_side(selection: &Selection) -> Side {
    match (selection.mode, selection.head) {
        (SelectionMode::Range | SelectionMode::Rev, Some(head)) => Side::Commit(head),
        (SelectionMode::Range | SelectionMode::Rev, None) => Side::Empty,
        (SelectionMode::Staged, _) => Side::Index,
        (SelectionMode::Worktree, _) => Side::Worktree,
    }
}

/// Files that evidence points at, and logs by path as written.
type Pointed = (BTreeMap<RepoPath, PathFact>, BTreeMap<String, Vec<u8>>);

/// The files that evidence points at, and logs that are there.
fn evidence(repo: &dyn Repository, side: Side, packet: &Packet) -> Result<Pointed, RepositoryError> {
    let mut paths = BTreeMap::new();
    let locations = packet
        .mapping
        .iter()
        .flat_map(|requirement| &requirement.locations)
        .filter_map(|location| location.target.as_ref());
    for (path, _) in locations {
        if !paths.contains_key(path) {
            let lines = |bytes: Vec<u8>| bytes.split_inclusive(|b| *b == b'\n').count();
            let fact =
                repo.read(side, path)?.map_or(PathFact::Missing, |bytes| PathFact::Lines(lines(bytes)));
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
