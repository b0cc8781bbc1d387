//! The specifications that refinements were made against, by their hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState, VersionRequest};
use crate::check::is_bundle;
use crate::check::repository_documents::SpecFact;
use crate::digest::Hash20;
use crate::document::Refinement;
use crate::document::refinement::Anchor;
use crate::document::spec::SpecText;
use crate::system::parallel;
use crate::text::RepoPath;

/// Maximum number of versions that are searched in other places.
const MAX_MOVED_VERSIONS: usize = 200;
/// Maximum number of files with the name of a specification that are searched.
const MAX_MOVED_FILES: usize = 8;

/// Returns one fact per refinement, in the same order: its specification in
/// `tree`, and the version with the recorded hash if that is another one.
/// Walks history once for all refinements. `trusted` is the commit that the judged change
/// cannot edit.
pub(crate) fn gather_spec_facts(
    repo: &dyn Repository,
    tree: TreeState,
    head: Option<Commit>,
    trusted: Option<Commit>,
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
        let recorded = recorded_sha1(refinement);
        let current_sha1 = current.get(&path).and_then(Option::as_ref).map(|spec| spec.sha1);
        if let Some(sha1) = recorded.filter(|sha1| Some(*sha1) != current_sha1 && is_inside_repository(&path))
        {
            requests.push(VersionRequest { path: path.clone(), sha1, any_line_ends: false });
        }
        named.push(Some((path, recorded)));
    }
    requests.sort();
    requests.dedup();
    let mut earlier = find_earlier_versions(repo, head, &requests)?;
    let missing: Vec<VersionRequest> =
        requests.into_iter().filter(|request| !earlier.contains_key(request)).collect();
    earlier.extend(find_moved_versions(repo, trusted, &missing)?);
    let mut out = Vec::new();
    for (refinement, named) in refinements.iter().zip(named) {
        let Some((path, sha1)) = named else {
            out.push(SpecFact::Unnamed);
            continue;
        };
        let now = current.get(&path).cloned().flatten();
        let recorded = sha1
            .and_then(|sha1| earlier.get(&VersionRequest { path: path.clone(), sha1, any_line_ends: false }));
        let is_current = now.as_ref().is_some_and(|spec| sha1.is_none_or(|sha1| spec.sha1 == sha1));
        let version =
            if is_current { Some(tree) } else { recorded.map(|(_, commit)| TreeState::Commit(*commit)) };
        let modules = match version.filter(|_| is_bundle(&path)) {
            Some(version) => read_modules(repo, version, &path, refinement)?,
            None => BTreeMap::new(),
        };
        let recorded = recorded.map(|(spec, commit)| (Arc::clone(spec), commit.short()));
        out.push(SpecFact::Named { recorded, path, current: now, modules });
    }
    Ok(out)
}

fn recorded_sha1(refinement: &Refinement) -> Option<Hash20> {
    refinement.filled_value("SPEC_TARGET_SHA1").and_then(|value| Hash20::parse(&value.value))
}

/// Finds the specification of one refinement on a second thread, if there is one, while `own`
/// runs; returns both results.
pub(crate) fn gather_spec_fact_beside<R>(
    repo: &dyn Repository,
    tree: TreeState,
    (head, trusted): (Option<Commit>, Option<Commit>),
    refinement: &Refinement,
    own: impl FnOnce() -> R,
) -> (Result<SpecFact, RepositoryError>, R) {
    let gather = |repo: &dyn Repository| {
        let facts = gather_spec_facts(repo, tree, head, trusted, &[refinement])?;
        Ok::<SpecFact, RepositoryError>(facts.into_iter().next().unwrap_or_default())
    };
    let Some(reopen) = repo.reopen() else { return (gather(repo), own()) };
    let beside = || {
        let repo = reopen().ok()?;
        let fact = gather(&*repo);
        let spec = fact.as_ref().ok().and_then(|fact| fact.recorded_text(recorded_sha1(refinement)));
        spec.into_iter().for_each(|spec| spec.read_structure());
        Some(fact)
    };
    let (fact, own) = parallel::join(beside, own);
    (fact.unwrap_or_else(|| gather(repo)), own)
}

/// Reads the modules that the anchors of a refinement name, in the folder of the
/// bundle's list.
fn read_modules(
    repo: &dyn Repository,
    tree: TreeState,
    list: &RepoPath,
    refinement: &Refinement,
) -> Result<BTreeMap<RepoPath, Arc<SpecText>>, RepositoryError> {
    let mut out = BTreeMap::new();
    for module in refinement.anchors.iter().filter_map(Anchor::module) {
        let is_wanted = is_inside_repository(&module) && module.is_below(list.folder());
        if !is_wanted || out.contains_key(&module) {
            continue;
        }
        let is_file = matches!(repo.mode(tree, &module), Ok(Some(FileMode::Regular | FileMode::Executable)));
        if let Some(bytes) = if is_file { repo.read(tree, &module)? } else { None } {
            out.insert(module.clone(), Arc::new(SpecText::new(module, bytes)));
        }
    }
    Ok(out)
}

/// Versions of specifications with their commits.
type EarlierVersions = BTreeMap<VersionRequest, (Arc<SpecText>, Commit)>;

/// Searches for versions that are not at the recorded path: in files of the same name in
/// other folders, if the path does not exist, and with other line ends, as a checkout may
/// have had them. Only the trusted commit and its history count: the work could bring a
/// file of that name.
fn find_moved_versions(
    repo: &dyn Repository,
    trusted: Option<Commit>,
    requests: &[VersionRequest],
) -> Result<EarlierVersions, RepositoryError> {
    let requests = requests.get(..requests.len().min(MAX_MOVED_VERSIONS)).unwrap_or_default();
    let Some(head) = trusted.filter(|_| !requests.is_empty()) else { return Ok(EarlierVersions::new()) };
    let files = repo.list_below(TreeState::Commit(head), "")?;
    let mut pairs: Vec<(&VersionRequest, VersionRequest)> = Vec::new();
    for request in requests {
        let name = request.path.file_name();
        let is_there = files.binary_search(&request.path).is_ok();
        let moved = files.iter().filter(|file| !is_there && file.file_name() == name);
        let paths = std::iter::once(&request.path).chain(moved.take(MAX_MOVED_FILES));
        let wanted =
            |path: &RepoPath| VersionRequest { path: path.clone(), any_line_ends: true, ..request.clone() };
        pairs.extend(paths.map(|path| (request, wanted(path))));
    }
    let wanted: Vec<VersionRequest> = pairs.iter().map(|(_, wanted)| wanted.clone()).collect();
    let found = repo.find_versions(head, &wanted)?;
    let mut out = EarlierVersions::new();
    for ((request, wanted), found) in pairs.into_iter().zip(found) {
        let Some(found) = found else { continue };
        let spec = Arc::new(SpecText::with_sha1(wanted.path, found.bytes, found.sha1));
        out.entry(request.clone()).or_insert((spec, found.commit));
    }
    Ok(out)
}

fn find_earlier_versions(
    repo: &dyn Repository,
    head: Option<Commit>,
    requests: &[VersionRequest],
) -> Result<EarlierVersions, RepositoryError> {
    let Some(head) = head.filter(|_| !requests.is_empty()) else { return Ok(EarlierVersions::new()) };
    let found = repo.find_versions(head, requests)?;
    let pairs = requests.iter().zip(found).filter_map(|(request, found)| {
        let found = found?;
        let spec = Arc::new(SpecText::with_sha1(request.path.clone(), found.bytes, found.sha1));
        Some((request.clone(), (spec, found.commit)))
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
