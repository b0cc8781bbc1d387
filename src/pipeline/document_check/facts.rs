//! Facts that checks of documents are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState, Worktree};
use crate::check::named_paths;
use crate::check::repository_documents::{GovernanceDocuments, SpecFact, TargetFact, is_finished};
use crate::document::spec::SpecText;
use crate::document::{Document, DocumentBody, Layout, Refinement, WpId};
use crate::pipeline::spec_versions::gather_spec_facts;
use crate::text::RepoPath;

/// Longer texts are no path.
const MAX_PATH_LENGTH: usize = 1024;

/// Facts about the repository around its documents.
pub(crate) struct DocumentFacts {
    /// Paths that documents name.
    pub targets: BTreeMap<RepoPath, TargetFact>,
    /// Specifications of refinements, by the refinement's path.
    pub specs: BTreeMap<RepoPath, SpecFact>,
    /// Names of contracts, small, with their paths.
    pub contracts: BTreeMap<String, RepoPath>,
    /// The current specification.
    pub spec: Option<Arc<SpecText>>,
    /// Files beside it.
    pub spec_siblings: Vec<RepoPath>,
    /// Working trees.
    pub worktrees: Option<Vec<Worktree>>,
}

/// A fact that costs a look at the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactKind {
    Links,
    Specs,
    CurrentSpec,
    Worktrees,
}

impl DocumentFacts {
    pub(crate) fn gather(
        repo: &dyn Repository,
        side: TreeState,
        library: &GovernanceDocuments<'_>,
        loose: &[Document],
        wanted: &[FactKind],
    ) -> Result<Self, RepositoryError> {
        let (spec, beside_spec) = if wanted.contains(&FactKind::CurrentSpec) {
            read_current_spec(repo, side, library)?
        } else {
            (None, Vec::new())
        };
        Ok(Self {
            targets: if wanted.contains(&FactKind::Links) {
                gather_targets(repo, side, library)?
            } else {
                BTreeMap::new()
            },
            specs: if wanted.contains(&FactKind::Specs) {
                gather_specs(repo, side, library)?
            } else {
                BTreeMap::new()
            },
            contracts: collect_contract_names(library.documents.iter().chain(loose)),
            spec,
            spec_siblings: beside_spec,
            worktrees: if wanted.contains(&FactKind::Worktrees) { repo.worktrees()? } else { None },
        })
    }
}

/// Whether each named path is there; one that is not gets its nearest.
fn gather_targets(
    repo: &dyn Repository,
    side: TreeState,
    library: &GovernanceDocuments<'_>,
) -> Result<BTreeMap<RepoPath, TargetFact>, RepositoryError> {
    let named: BTreeSet<RepoPath> = library
        .documents
        .iter()
        .flat_map(|document| named_paths(document, Some(library)))
        .flat_map(|named| named.candidates)
        .collect();
    let mut out = BTreeMap::new();
    let mut all: Option<Vec<RepoPath>> = None;
    for path in named {
        // What no system can have as a path (too long, through a loop of links)
        // is not there; a broken repository has been told of before.
        let is_path = path.as_bytes().len() < MAX_PATH_LENGTH && !path.as_bytes().contains(&0);
        if is_path && repo.exists(side, &path).unwrap_or(false) {
            out.insert(path, TargetFact::Found);
            continue;
        }
        if all.is_none() {
            // The index tells all names without walking build folders.
            let tracked = repo.list_below(TreeState::Index, "")?;
            all = Some(if tracked.is_empty() {
                list_governance_paths(repo, side, library.layout)?
            } else {
                tracked
            });
        }
        let near = find_nearest_path(&path, all.as_deref().unwrap_or_default());
        out.insert(path, TargetFact::Missing(near));
    }
    Ok(out)
}

fn list_governance_paths(
    repo: &dyn Repository,
    side: TreeState,
    layout: &Layout,
) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out = Vec::new();
    for folder in &layout.governance_folders {
        out.extend(repo.list_below(side, folder)?);
    }
    Ok(out)
}

/// The path that looks most like the wanted one: of the same name, or with
/// few letters changed.
fn find_nearest_path(wanted: &RepoPath, all: &[RepoPath]) -> Option<RepoPath> {
    let text = wanted.to_text().to_lowercase();
    let name = wanted.file_name().to_string().to_lowercase();
    let score = |path: &RepoPath| {
        let other = path.file_name().to_string().to_lowercase();
        let of_name = strsim::normalized_levenshtein(&other, &name);
        let whole = strsim::normalized_levenshtein(&path.to_text().to_lowercase(), &text);
        if of_name < 0.7 { 0.0 } else { of_name + whole }
    };
    let scored = all.iter().map(|path| (score(path), path)).filter(|(score, _)| *score > 1.1);
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    best.map(|(_, path)| path.clone())
}

fn gather_specs(
    repo: &dyn Repository,
    side: TreeState,
    library: &GovernanceDocuments<'_>,
) -> Result<BTreeMap<RepoPath, SpecFact>, RepositoryError> {
    let all: Vec<(&RepoPath, &Refinement)> = library
        .documents
        .iter()
        .filter_map(|document| Some((document.path(), document.refinement()?)))
        .collect();
    let head: Option<Commit> = match side {
        TreeState::Commit(commit) => Some(commit),
        _ => repo.head()?,
    };
    let refinements: Vec<&Refinement> = all.iter().map(|(_, refinement)| *refinement).collect();
    let facts = gather_spec_facts(repo, side, head, &refinements)?;
    Ok(all.into_iter().map(|(path, _)| path.clone()).zip(facts).collect())
}

/// Names of contracts: of their files and of their titles.
fn collect_contract_names<'a>(documents: impl Iterator<Item = &'a Document>) -> BTreeMap<String, RepoPath> {
    let mut out = BTreeMap::new();
    for document in documents {
        let DocumentBody::Contract(contract) = &document.body else { continue };
        let file = document.path().file_name().to_string().to_lowercase();
        let stem = file.strip_suffix(".md").unwrap_or(&file).to_owned();
        out.insert(stem, document.path().clone());
        if let Some(name) = &contract.name {
            out.entry(name.value.to_lowercase()).or_insert_with(|| document.path().clone());
        }
    }
    out
}

type CurrentSpec = (Option<Arc<SpecText>>, Vec<RepoPath>);

fn read_current_spec(
    repo: &dyn Repository,
    side: TreeState,
    library: &GovernanceDocuments<'_>,
) -> Result<CurrentSpec, RepositoryError> {
    let Some(named) = library.pointer().and_then(|pointer| pointer.spec()) else {
        return Ok((None, Vec::new()));
    };
    // The name is relative to the root, or to the pointer's own folder.
    let pointer = RepoPath::from(library.layout.spec_pointer.as_str());
    let beside = RepoPath::from_bytes(pointer.folder()).join(named.value.as_str());
    for path in [RepoPath::from(named.value.as_str()), beside] {
        let plain = !path.to_text().starts_with('/') && !path.to_text().split('/').any(|name| name == "..");
        let is_file =
            plain && matches!(repo.mode(side, &path), Ok(Some(FileMode::Regular | FileMode::Executable)));
        if let Some(bytes) = if is_file { repo.read(side, &path)? } else { None } {
            let folder = path.folder().to_string();
            let files = repo.list(side, &folder)?;
            return Ok((Some(Arc::new(SpecText::new(path, bytes))), files));
        }
    }
    Ok((None, repo.list(side, "")?))
}

/// Whether a packet, or the packet of a refinement, is history.
pub(crate) fn is_history(document: &Document, library: Option<&GovernanceDocuments<'_>>) -> bool {
    let id = document.id();
    let id = id.as_ref().map(WpId::as_str).unwrap_or_default();
    match (document.packet(), library) {
        (Some(packet), Some(library)) => library.is_historical(id, packet),
        (Some(packet), None) => is_finished(packet, None),
        (None, Some(library)) if document.refinement().is_some() => {
            library.packet(id).is_some_and(|(_, packet)| library.is_historical(id, packet))
        }
        _ => false,
    }
}
