//! Facts that checks of documents are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, Side, Worktree};
use crate::check::library::{Library, SpecFact, TargetFact, is_finished};
use crate::check::named;
use crate::document::spec::SpecText;
use crate::document::{Body, Document, Layout, Refinement, WpId};
use crate::gate::spec::spec_facts;
use crate::text::RepoPath;

/// Longer texts are no path.
const LONGEST_PATH: usize = 1024;

/// Facts about the repository around its documents.
pub(super) struct Facts {
    /// Paths that documents name.
    pub targets: BTreeMap<RepoPath, TargetFact>,
    /// Specifications of refinements, by the refinement's path.
    pub specs: BTreeMap<RepoPath, SpecFact>,
    /// Names of contracts, small, with their paths.
    pub contracts: BTreeMap<String, RepoPath>,
    /// The current specification.
    pub spec: Option<Arc<SpecText>>,
    /// Files beside it.
    pub beside_spec: Vec<RepoPath>,
    /// Working trees.
    pub worktrees: Option<Vec<Worktree>>,
}

/// A fact that costs a look at the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Links,
    Specs,
    CurrentSpec,
    Worktrees,
}

impl Facts {
    pub(super) fn gather(
        repo: &dyn Repository,
        side: Side,
        library: &Library<'_>,
        loose: &[Document],
        wanted: &[Wanted],
    ) -> Result<Self, RepositoryError> {
        let (spec, beside_spec) = if wanted.contains(&Wanted::CurrentSpec) {
            current_spec(repo, side, library)?
        } else {
            (None, Vec::new())
        };
        Ok(Self {
            targets: if wanted.contains(&Wanted::Links) {
                targets(repo, side, library)?
            } else {
                BTreeMap::new()
            },
            specs: if wanted.contains(&Wanted::Specs) {
                specs(repo, side, library)?
            } else {
                BTreeMap::new()
            },
            contracts: contracts(library.documents.iter().chain(loose)),
            spec,
            beside_spec,
            worktrees: if wanted.contains(&Wanted::Worktrees) { repo.worktrees()? } else { None },
        })
    }
}

/// Whether each named path is there; one that is not gets its nearest.
fn targets(
    repo: &dyn Repository,
    side: Side,
    library: &Library<'_>,
) -> Result<BTreeMap<RepoPath, TargetFact>, RepositoryError> {
    let named: BTreeSet<RepoPath> = library
        .documents
        .iter()
        .flat_map(|document| named(document, Some(library)))
        .flat_map(|named| named.candidates)
        .collect();
    let mut out = BTreeMap::new();
    let mut all: Option<Vec<RepoPath>> = None;
    for path in named {
        // What no system can have as a path (too long, through a loop of links)
        // is not there; a broken repository has been told of before.
        let is_path = path.as_bytes().len() < LONGEST_PATH && !path.as_bytes().contains(&0);
        if is_path && repo.exists(side, &path).unwrap_or(false) {
            out.insert(path, TargetFact::Found);
            continue;
        }
        if all.is_none() {
            // The index tells all names without walking build folders.
            let tracked = repo.list_below(Side::Index, "")?;
            all = Some(if tracked.is_empty() { governance(repo, side, library.layout)? } else { tracked });
        }
        let near = nearest(&path, all.as_deref().unwrap_or_default());
        out.insert(path, TargetFact::Missing(near));
    }
    Ok(out)
}

fn governance(repo: &dyn Repository, side: Side, layout: &Layout) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out = Vec::new();
    for folder in &layout.governance {
        out.extend(repo.list_below(side, folder)?);
    }
    Ok(out)
}

/// The path that looks most like the wanted one: of the same name, or with
/// few letters changed.
fn nearest(wanted: &RepoPath, all: &[RepoPath]) -> Option<RepoPath> {
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

fn specs(
    repo: &dyn Repository,
    side: Side,
    library: &Library<'_>,
) -> Result<BTreeMap<RepoPath, SpecFact>, RepositoryError> {
    let all: Vec<(&RepoPath, &Refinement)> = library
        .documents
        .iter()
        .filter_map(|document| Some((document.path(), document.refinement()?)))
        .collect();
    let head: Option<Commit> = match side {
        Side::Commit(commit) => Some(commit),
        _ => repo.head()?,
    };
    let refinements: Vec<&Refinement> = all.iter().map(|(_, refinement)| *refinement).collect();
    let facts = spec_facts(repo, side, head, &refinements)?;
    Ok(all.into_iter().map(|(path, _)| path.clone()).zip(facts).collect())
}

/// Names of contracts: of their files and of their titles.
fn contracts<'a>(documents: impl Iterator<Item = &'a Document>) -> BTreeMap<String, RepoPath> {
    let mut out = BTreeMap::new();
    for document in documents {
        let Body::Contract(contract) = &document.body else { continue };
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

fn current_spec(
    repo: &dyn Repository,
    side: Side,
    library: &Library<'_>,
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
pub(super) fn is_history(document: &Document, library: Option<&Library<'_>>) -> bool {
    let id = document.id();
    let id = id.as_ref().map(WpId::as_str).unwrap_or_default();
    match (document.packet(), library) {
        (Some(packet), Some(library)) => library.is_history(id, packet),
        (Some(packet), None) => is_finished(packet, None),
        (None, Some(library)) if document.refinement().is_some() => {
            library.packet(id).is_some_and(|(_, packet)| library.is_history(id, packet))
        }
        _ => false,
    }
}
