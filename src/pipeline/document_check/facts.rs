//! Facts about the repository, for checks of documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState, Worktree};
use crate::check::context::SkeletonApproval;
use crate::check::repository_documents::{GovernanceDocuments, MergedCommitFact, SpecFact, TargetFact};
use crate::check::standing::is_finished;
use crate::check::{ManifestHistory, merged_commit, named_paths};
use crate::document::spec::SpecText;
use crate::document::{Document, DocumentBody, DocumentKind, Layout, Packet, Refinement, WpId};
use crate::pipeline::document_check::similar_paths::SimilarPaths;
use crate::pipeline::spec_versions::gather_spec_facts;
use crate::text::RepoPath;

/// Maximum length of a path, in bytes.
const MAX_PATH_LENGTH: usize = 1024;
/// Maximum number of missing paths of one document that are compared with existing
/// paths.
const MAX_DOCUMENT_HINTS: usize = 20;
/// Maximum number of missing paths of all documents that are compared.
const MAX_HINTS: usize = 100;

/// Facts about the repository around its documents.
pub(crate) struct DocumentFacts {
    /// Paths that documents name, and whether they exist.
    pub targets: BTreeMap<RepoPath, TargetFact>,
    /// Specifications of refinements, by the refinement's path.
    pub specs: BTreeMap<RepoPath, SpecFact>,
    /// Names of contracts in lower case, with their paths.
    pub contracts: BTreeMap<String, RepoPath>,
    /// The current specification.
    pub spec: Option<Arc<SpecText>>,
    /// Files in the folder of the current specification.
    pub spec_siblings: Vec<RepoPath>,
    /// Working trees of the repository.
    pub worktrees: Option<Vec<Worktree>>,
    /// Commits that packets name as merged; `None` without history.
    pub merged_commits: Option<BTreeMap<String, MergedCommitFact>>,
    /// What the history says of the manifests of packets, by the packet's path.
    pub manifests: BTreeMap<RepoPath, ManifestHistory>,
    /// Commits that approve a skeleton, by the packet's id.
    pub skeleton_approvals: BTreeMap<String, SkeletonApproval>,
}

/// A kind of fact that has to be read from the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactKind {
    Links,
    Specs,
    CurrentSpec,
    Worktrees,
    History,
}

impl DocumentFacts {
    /// Gathers the facts of the wanted kinds. `outside_layout` holds documents
    /// outside of the folders of the layout.
    pub(crate) fn gather(
        repo: &dyn Repository,
        tree: TreeState,
        governance: &GovernanceDocuments<'_>,
        outside_layout: &[Document],
        wanted: &[FactKind],
        main_branches: &[String],
    ) -> Result<Self, RepositoryError> {
        let head = if wanted.contains(&FactKind::History) { repo.head()? } else { None };
        let (spec, spec_siblings) = if wanted.contains(&FactKind::CurrentSpec) {
            read_current_spec(repo, tree, governance)?
        } else {
            (None, Vec::new())
        };
        Ok(Self {
            targets: if wanted.contains(&FactKind::Links) {
                gather_targets(repo, tree, governance)?
            } else {
                BTreeMap::new()
            },
            specs: if wanted.contains(&FactKind::Specs) {
                gather_specs(repo, tree, governance)?
            } else {
                BTreeMap::new()
            },
            contracts: collect_contract_names(governance.documents.iter().chain(outside_layout)),
            spec,
            spec_siblings,
            manifests: BTreeMap::new(),
            merged_commits: match head {
                Some(head) => Some(gather_merged_commits(repo, governance, head, main_branches)?),
                None => None,
            },
            skeleton_approvals: match head {
                Some(head) => gather_skeleton_approvals(repo, governance, head)?,
                None => BTreeMap::new(),
            },
            worktrees: if wanted.contains(&FactKind::Worktrees) { repo.worktrees()? } else { None },
        })
    }
}

/// Looks up the commits that packets name as merged.
fn gather_merged_commits(
    repo: &dyn Repository,
    governance: &GovernanceDocuments<'_>,
    head: Commit,
    main_branches: &[String],
) -> Result<BTreeMap<String, MergedCommitFact>, RepositoryError> {
    let mut out = BTreeMap::new();
    let tips = repo.branch_tips(main_branches)?;
    for document in governance.documents {
        let Some(named) = merged_commit(document) else { continue };
        if out.contains_key(&named.value) {
            continue;
        }
        let fact = match repo.find_abbreviated(&named.value)? {
            None => MergedCommitFact::Missing,
            Some(commit) if repo.is_ancestor(commit, head)? => MergedCommitFact::OnMain,
            Some(commit) => {
                let mut is_on_main = false;
                for tip in &tips {
                    is_on_main = is_on_main || repo.is_ancestor(commit, tip.tip)?;
                }
                if is_on_main { MergedCommitFact::OnMain } else { MergedCommitFact::NotOnMain }
            }
        };
        out.insert(named.value, fact);
    }
    Ok(out)
}

/// Finds the packets whose skeleton a commit approves. The history is read only if a
/// packet that needs an approval has no marker.
fn gather_skeleton_approvals(
    repo: &dyn Repository,
    governance: &GovernanceDocuments<'_>,
    head: Commit,
) -> Result<BTreeMap<String, SkeletonApproval>, RepositoryError> {
    let without_marker = |packet: &Packet| {
        packet.phases.approval_marker.is_none() && packet.phases.section("SKELETON").is_some()
    };
    let wanted: BTreeMap<String, &str> = governance
        .packets()
        .filter(|(_, _, packet)| without_marker(packet))
        .map(|(id, _, _)| (SkeletonApproval::subject(id), id))
        .collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let approval = |id: &&str| {
        let approval =
            SkeletonApproval { commit: String::new(), committer: String::new(), is_by_coder: false };
        ((*id).to_owned(), approval)
    };
    Ok(repo.subjects(head)?.iter().filter_map(|subject| wanted.get(subject)).map(approval).collect())
}

/// Looks up each path that documents name. A missing path gets the existing path
/// that looks most like it; the number of these hints is limited.
fn gather_targets(
    repo: &dyn Repository,
    tree: TreeState,
    governance: &GovernanceDocuments<'_>,
) -> Result<BTreeMap<RepoPath, TargetFact>, RepositoryError> {
    let mut out = BTreeMap::new();
    let mut paths: Option<SimilarPaths> = None;
    let (mut hints, mut has_product) = (0, true);
    for document in governance.documents {
        let named = named_paths(document, Some(governance)).into_iter().flat_map(|named| named.candidates);
        let named: BTreeSet<RepoPath> = named.collect();
        let mut document_hints = 0;
        for path in named {
            if matches!(out.get(&path), Some(TargetFact::Found | TargetFact::Missing(Some(_)))) {
                continue;
            }
            // A path that no file system accepts (too long, through a loop of
            // links) does not exist; a broken repository was reported before.
            let is_path = path.as_bytes().len() < MAX_PATH_LENGTH && !path.as_bytes().contains(&0);
            let exists = |path: &RepoPath| repo.exists(tree, path).unwrap_or(false);
            // Older documents name the places at which the records were before.
            let is_moved_record = || governance.layout.moved_record(&path).is_some_and(|now| exists(&now));
            if !out.contains_key(&path) && is_path && (exists(&path) || is_moved_record()) {
                out.insert(path, TargetFact::Found);
                continue;
            }
            if !has_product && is_in_product_folder(&path) {
                out.insert(path, TargetFact::Elsewhere);
                continue;
            }
            if document_hints == MAX_DOCUMENT_HINTS || hints == MAX_HINTS {
                out.entry(path).or_insert(TargetFact::Missing(None));
                continue;
            }
            (document_hints, hints) = (document_hints + 1, hints + 1);
            let similar = match &mut paths {
                Some(similar) => similar,
                // The index lists all names without a walk through build folders.
                None => {
                    let tracked = repo.list_below(TreeState::Index, "")?;
                    has_product = tracked.is_empty() || tracked.iter().any(is_in_product_folder);
                    paths.insert(SimilarPaths::new(if tracked.is_empty() {
                        list_governance_paths(repo, tree, governance.layout)?
                    } else {
                        tracked
                    }))
                }
            };
            if !has_product && is_in_product_folder(&path) {
                out.insert(path, TargetFact::Elsewhere);
                continue;
            }
            let near = similar.nearest(&path).cloned();
            out.insert(path, TargetFact::Missing(near));
        }
    }
    Ok(out)
}

/// Returns whether a path is below a folder that is not hidden. A tree without such a file
/// holds governance only: the product is in another one.
fn is_in_product_folder(path: &RepoPath) -> bool {
    path.as_bytes().contains(&b'/') && !path.as_bytes().starts_with(b".")
}

fn list_governance_paths(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out = Vec::new();
    for folder in &layout.governance_folders {
        out.extend(repo.list_below(tree, folder)?);
    }
    Ok(out)
}

fn gather_specs(
    repo: &dyn Repository,
    tree: TreeState,
    governance: &GovernanceDocuments<'_>,
) -> Result<BTreeMap<RepoPath, SpecFact>, RepositoryError> {
    let all: Vec<(&RepoPath, &Refinement)> = governance
        .documents
        .iter()
        .filter_map(|document| Some((document.path(), document.refinement()?)))
        .collect();
    let head: Option<Commit> = match tree {
        TreeState::Commit(commit) => Some(commit),
        _ => repo.head()?,
    };
    let refinements: Vec<&Refinement> = all.iter().map(|(_, refinement)| *refinement).collect();
    let facts = gather_spec_facts(repo, tree, head, head, &refinements)?;
    Ok(all.into_iter().map(|(path, _)| path.clone()).zip(facts).collect())
}

/// Maps names of contracts, by file name and by title, to their paths.
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

/// The current specification, and the files in its folder.
type CurrentSpec = (Option<Arc<SpecText>>, Vec<RepoPath>);

fn read_current_spec(
    repo: &dyn Repository,
    tree: TreeState,
    governance: &GovernanceDocuments<'_>,
) -> Result<CurrentSpec, RepositoryError> {
    let Some(named) = governance.pointer().and_then(|pointer| pointer.spec()) else {
        return Ok((None, Vec::new()));
    };
    // The name is relative to the root, or to the folder of the pointer.
    let pointer = RepoPath::from(governance.layout.spec_pointer.as_str());
    let in_pointer_folder = RepoPath::from_bytes(pointer.folder()).join(named.value.as_str());
    for path in [RepoPath::from(named.value.as_str()), in_pointer_folder] {
        let is_plain =
            !path.to_text().starts_with('/') && !path.to_text().split('/').any(|name| name == "..");
        let is_file =
            is_plain && matches!(repo.mode(tree, &path), Ok(Some(FileMode::Regular | FileMode::Executable)));
        if let Some(bytes) = if is_file { repo.read(tree, &path)? } else { None } {
            let folder = path.folder().to_string();
            let files = repo.list(tree, &folder)?;
            return Ok((Some(Arc::new(SpecText::new(path, bytes))), files));
        }
    }
    Ok((None, repo.list(tree, "")?))
}

/// Returns true for a document in an archive, for a finished packet and its refinement, and
/// for a stub whose packet exists.
pub(crate) fn is_history(document: &Document, governance: Option<&GovernanceDocuments<'_>>) -> bool {
    if governance.is_some_and(|governance| governance.layout.is_archived(document.path())) {
        return true;
    }
    if let Some(governance) = governance
        && matches!(document.kind, DocumentKind::PacketContract | DocumentKind::TaskContract)
    {
        let folder = RepoPath::from_bytes(document.path().folder()).file_name().to_string();
        return governance
            .packet(&folder)
            .is_some_and(|(_, packet)| governance.is_historical(&folder, packet));
    }
    let id = document.id();
    let id = id.as_ref().map(WpId::as_str).unwrap_or_default();
    match (document.packet(), governance) {
        (Some(packet), Some(governance)) => governance.is_historical(id, packet),
        (Some(packet), None) => is_finished(packet, None),
        (None, Some(governance)) if document.refinement().is_some() => governance.is_historical_id(id),
        (None, Some(governance))
            if document.kind == DocumentKind::Stub || is_stub_record(document, governance) =>
        {
            governance.is_activated(id) || governance.is_historical_id(id)
        }
        _ => false,
    }
}

/// Returns whether a document is the typed contract of a stub.
fn is_stub_record(document: &Document, governance: &GovernanceDocuments<'_>) -> bool {
    let path = document.path().to_text();
    !governance.layout.stubs.is_empty()
        && path.starts_with(governance.layout.stubs.as_str())
        && path.ends_with(".contract.json")
}
