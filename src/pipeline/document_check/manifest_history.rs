//! The versions of the files that manifests of packets describe.

use std::collections::BTreeMap;

use crate::change::{Commit, Repository, TreeState};
use crate::check::repository_documents::{GovernanceDocuments, MergedCommitFact};
use crate::check::{ManifestHistory, merged_commit};
use crate::document::Document;
use crate::text::RepoPath;

/// Compares the manifests of some packets with all versions of their files, in one walk
/// through the history. The result has no entry for a packet that cannot be judged: the
/// history is not complete, or the work is not in it.
pub(super) fn gather_manifest_histories<'a>(
    repo: &dyn Repository,
    tree: TreeState,
    governance: &GovernanceDocuments<'_>,
    documents: impl Iterator<Item = &'a Document>,
    merged_commits: Option<&BTreeMap<String, MergedCommitFact>>,
) -> BTreeMap<RepoPath, ManifestHistory> {
    let is_cut = repo.is_shallow() || repo.history_cut().is_some();
    let head = match tree {
        TreeState::Commit(commit) => Some(commit),
        _ => repo.head().ok().flatten(),
    };
    let Some(head) = head.filter(|_| !is_cut) else { return BTreeMap::new() };
    let mut all: Vec<(RepoPath, ManifestHistory)> = documents
        .filter(|document| is_over(governance, document) && is_merged(document, merged_commits))
        .filter_map(|document| {
            let history = ManifestHistory::of(document.packet()?, governance.layout)?;
            Some((document.path().clone(), history))
        })
        .collect();
    for (_, history) in &mut all {
        // What is not committed is a version, too.
        for (at, path) in history.paths().to_vec().iter().enumerate() {
            if let Ok(Some(bytes)) = repo.read(tree, path) {
                history.add_uncommitted(at, &bytes);
            }
        }
    }
    if visit_all(repo, head, &mut all).is_some() { all.into_iter().collect() } else { BTreeMap::new() }
}

/// Gives the versions of all files to the packets that describe them; `None` if the history
/// cannot be read.
fn visit_all(repo: &dyn Repository, head: Commit, all: &mut [(RepoPath, ManifestHistory)]) -> Option<()> {
    // For each file, the packets with their positions of it.
    let mut users: BTreeMap<RepoPath, Vec<(usize, usize)>> = BTreeMap::new();
    for (packet, (_, history)) in all.iter().enumerate() {
        for (at, path) in history.paths().iter().enumerate() {
            users.entry(path.clone()).or_default().push((packet, at));
        }
    }
    let (paths, mut users): (Vec<RepoPath>, Vec<Vec<(usize, usize)>>) = users.into_iter().unzip();
    let visited = repo.visit_versions(head, &paths, &mut |path, bytes| {
        let Some(users) = users.get_mut(path) else { return false };
        users.retain(|(packet, at)| all.get_mut(*packet).is_some_and(|(_, history)| history.add(*at, bytes)));
        !users.is_empty()
    });
    let oldest = visited.ok()?;
    for ((path, users), oldest) in paths.iter().zip(&users).zip(oldest) {
        // Without users, everything that is recorded of the file was found.
        if users.is_empty() || !oldest.is_some_and(|oldest| came_from_elsewhere(repo, path, oldest)) {
            continue;
        }
        for (packet, at) in users {
            all.get_mut(*packet).into_iter().for_each(|(_, history)| history.doubt(*at));
        }
    }
    Some(())
}

/// Returns whether the first commit of a file removed a file of this name from another folder:
/// the history of the file goes on there.
fn came_from_elsewhere(repo: &dyn Repository, path: &RepoPath, first: Commit) -> bool {
    let Ok(parents) = repo.parents(first) else { return true };
    let Some(parent) = parents.first().copied() else { return false };
    let Ok(commits) = repo.commits_between(Some(parent), first) else { return true };
    let own = commits.iter().find(|info| info.commit == first);
    let is_removed = |other: &RepoPath| {
        other != path
            && other.file_name() == path.file_name()
            && !repo.exists(TreeState::Commit(first), other).unwrap_or(true)
    };
    own.is_some_and(|info| info.changed_paths.iter().any(is_removed))
}

/// Returns whether a document is a packet whose work is over.
fn is_over(governance: &GovernanceDocuments<'_>, document: &Document) -> bool {
    let id = document.id();
    id.zip(document.packet()).is_some_and(|(id, packet)| {
        governance.is_over(id.as_str(), packet) || governance.is_historical(id.as_str(), packet)
    })
}

/// Returns whether a packet that has a field for its merged commit names one of the main
/// branch. Older packets have no such field.
fn is_merged(document: &Document, facts: Option<&BTreeMap<String, MergedCommitFact>>) -> bool {
    match merged_commit(document) {
        Some(commit) => facts.and_then(|facts| facts.get(&commit.value)) == Some(&MergedCommitFact::OnMain),
        None => document
            .packet()
            .is_some_and(|packet| packet.fields.iter().all(|field| field.key != "MERGED_MAIN_COMMIT")),
    }
}
