//! The specifications that refinements were made against, by their hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState, VersionRequest};
use crate::check::repository_documents::SpecFact;
use crate::digest::Hash20;
use crate::document::Refinement;
use crate::document::spec::SpecText;
use crate::text::RepoPath;

/// Returns one fact per refinement, in the same order: its specification in
/// `tree`, and the version with the recorded hash if that is another one.
/// Walks history once for all refinements.
pub(crate) fn gather_spec_facts(
    repo: &dyn Repository,
    tree: TreeState,
    head: Option<Commit>,
    refinements: &[&Refinement],
) -> Result<Vec<SpecFact>, RepositoryError> {
    let mut current: BTreeMap<RepoPath, Option<Arc<SpecText>>> = BTreeMap::new();
    let mut requests: Vec<VersionRequest> = Vec::new();
    let mut named: Vec<Option<(RepoPath, Option<Hash20>)>> = Vec::new();
    for refinement in refinements {
        let Some(path) = refinement.spec_file().map(|file| RepoPath::from(file.value.as_str())) else {
            named.push(None);
            continue;
        };
        if !current.contains_key(&path) {
            let regular = Some(FileMode::Regular);
            let is_file = is_inside_repository(&path)
                && repo
                    .mode(tree, &path)
                    .is_ok_and(|mode| mode == regular || mode == Some(FileMode::Executable));
            let bytes = if is_file { repo.read(tree, &path)? } else { None };
            let spec = bytes.map(|bytes| Arc::new(SpecText::new(path.clone(), bytes)));
            current.insert(path.clone(), spec);
        }
        let recorded = refinement.filled_value("SPEC_TARGET_SHA1");
        let recorded = recorded.and_then(|value| Hash20::parse(&value.value));
        let current_sha1 = current.get(&path).and_then(Option::as_ref).map(|spec| spec.sha1);
        if let Some(sha1) = recorded.filter(|sha1| Some(*sha1) != current_sha1 && is_inside_repository(&path))
        {
            requests.push(VersionRequest { path: path.clone(), sha1 });
        }
        named.push(Some((path, recorded)));
    }
    requests.sort();
    requests.dedup();
    let earlier = find_earlier_versions(repo, head, &requests)?;
    let fact = |named: Option<(RepoPath, Option<Hash20>)>| {
        let Some((path, sha1)) = named else { return SpecFact::Unnamed };
        let now = current.get(&path).cloned().flatten();
        let recorded = sha1.and_then(|sha1| earlier.get(&VersionRequest { path: path.clone(), sha1 }));
        SpecFact::Named { recorded: recorded.cloned(), path, current: now }
    };
    Ok(named.into_iter().map(fact).collect())
}

/// Versions of specifications with the short ids of their commits.
type EarlierVersions = BTreeMap<VersionRequest, (Arc<SpecText>, String)>;

fn find_earlier_versions(
    repo: &dyn Repository,
    head: Option<Commit>,
    requests: &[VersionRequest],
) -> Result<EarlierVersions, RepositoryError> {
    let Some(head) = head.filter(|_| !requests.is_empty()) else { return Ok(EarlierVersions::new()) };
    let found = repo.find_versions(head, requests)?;
    let pairs = requests.iter().zip(found).filter_map(|(request, found)| {
        let (commit, bytes) = found?;
        let spec = Arc::new(SpecText::new(request.path.clone(), bytes));
        Some((request.clone(), (spec, commit.short())))
    });
    Ok(pairs.collect())
}

/// Returns true if a path that a document names is inside the repository.
fn is_inside_repository(path: &RepoPath) -> bool {
    let text = path.to_text();
    !text.starts_with('/')
        && !text.contains('\0')
        && text.len() < 1024
        && !text.split('/').any(|name| matches!(name, "" | "." | ".."))
}
