//! The specifications that refinements were made against, by their hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState, VersionRequest};
use crate::check::repository_documents::SpecFact;
use crate::digest::Hash20;
use crate::document::Refinement;
use crate::document::spec::SpecText;
use crate::text::RepoPath;

/// What each refinement's specification is: the file of the judged tree, and
/// the version with the recorded hash where that is another one. History is
/// walked once for all of them.
pub(crate) fn gather_spec_facts(
    repo: &dyn Repository,
    side: TreeState,
    head: Option<Commit>,
    refinements: &[&Refinement],
) -> Result<Vec<SpecFact>, RepositoryError> {
    let mut current: BTreeMap<RepoPath, Option<Arc<SpecText>>> = BTreeMap::new();
    let mut wanted: Vec<VersionRequest> = Vec::new();
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
                    .mode(side, &path)
                    .is_ok_and(|mode| mode == regular || mode == Some(FileMode::Executable));
            let bytes = if is_file { repo.read(side, &path)? } else { None };
            let spec = bytes.map(|bytes| Arc::new(SpecText::new(path.clone(), bytes)));
            current.insert(path.clone(), spec);
        }
        let sha1 = refinement.filled_value("SPEC_TARGET_SHA1").and_then(|value| Hash20::parse(&value.value));
        let here = current.get(&path).and_then(Option::as_ref).map(|spec| spec.sha1);
        if let Some(sha1) = sha1.filter(|sha1| Some(*sha1) != here && is_inside_repository(&path)) {
            wanted.push(VersionRequest { path: path.clone(), sha1 });
        }
        named.push(Some((path, sha1)));
    }
    wanted.sort();
    wanted.dedup();
    let past = find_earlier_versions(repo, head, &wanted)?;
    let fact = |named: Option<(RepoPath, Option<Hash20>)>| {
        let Some((path, sha1)) = named else { return SpecFact::Unnamed };
        let now = current.get(&path).cloned().flatten();
        let then = sha1.and_then(|sha1| past.get(&VersionRequest { path: path.clone(), sha1 }).cloned());
        SpecFact::Named { path, current: now, recorded: then }
    };
    Ok(named.into_iter().map(fact).collect())
}

type EarlierVersions = BTreeMap<VersionRequest, (Arc<SpecText>, String)>;

fn find_earlier_versions(
    repo: &dyn Repository,
    head: Option<Commit>,
    wanted: &[VersionRequest],
) -> Result<EarlierVersions, RepositoryError> {
    let Some(head) = head.filter(|_| !wanted.is_empty()) else { return Ok(EarlierVersions::new()) };
    let found = repo.find_versions(head, wanted)?;
    let pairs = wanted.iter().zip(found).filter_map(|(want, found)| {
        let (commit, bytes) = found?;
        let short: String = commit.short();
        Some((want.clone(), (Arc::new(SpecText::new(want.path.clone(), bytes)), short)))
    });
    Ok(pairs.collect())
}

/// Whether a path that a document names stays in the repository.
fn is_inside_repository(path: &RepoPath) -> bool {
    let text = path.to_text();
    !text.starts_with('/')
        && !text.contains('\0')
        && text.len() < 1024
        && !text.split('/').any(|name| matches!(name, "" | "." | ".."))
}
