//! Reads the documents that belong to a packet from one tree.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use crate::change::{Commit, Repository, RepositoryError, TreeState};
use crate::check::repository_documents::SpecFact;
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::packet::Scope;
use crate::document::registry::Registry;
use crate::document::spec::SpecPointer;
use crate::document::{Layout, Packet, Refinement, WpId};
use crate::finding::Label;
use crate::pipeline::locate::{list_packet_ids, read_document, read_record};
use crate::pipeline::spec_versions::gather_spec_fact_beside;
use crate::text::{RepoPath, Source, Span};

/// Documents that belong to a packet. A missing document is represented by its
/// path.
pub(crate) struct RelatedDocuments {
    pub refinement: Result<Refinement, RepoPath>,
    pub spec: SpecFact,
    pub records: PacketRecords,
}

/// The records of the repository, and what they say about a packet.
pub(crate) struct PacketRecords {
    pub audit: Result<Audit, RepoPath>,
    pub gate_log: Result<GateLog, RepoPath>,
    pub registry: Option<Registry>,
    pub board: Option<Board>,
    /// The specification that the pointer file names.
    pub current_spec: Option<String>,
    /// Ids of packets with the same base id.
    pub same_base_ids: Vec<String>,
}

impl RelatedDocuments {
    /// Reads the documents of a packet, and runs `own` with the records; its specification is
    /// read only if `with_spec`, at the same time. `head` and `trusted` are HEAD and the trusted
    /// commit.
    pub(crate) fn read_beside<R>(
        repo: &dyn Repository,
        tree: TreeState,
        (head, trusted): (Option<Commit>, Option<Commit>),
        layout: &Layout,
        id: &WpId,
        with_spec: bool,
        own: impl FnOnce(&PacketRecords) -> R,
    ) -> Result<(Self, R), RepositoryError> {
        let refinement = open_document(repo, tree, layout.refinement(id))?;
        let refinement = refinement.map(|source| Refinement::read(&source));
        let read = || {
            let records = PacketRecords::read(repo, tree, layout, id)?;
            let result = own(&records);
            Ok::<_, RepositoryError>((records, result))
        };
        let (spec, read) = match refinement.as_ref().ok().filter(|_| with_spec) {
            Some(refinement) => gather_spec_fact_beside(repo, tree, (head, trusted), refinement, read),
            None => {
                let why = "only the gates pre-work and audit check the specification";
                (Ok(SpecFact::NotSearched(why)), read())
            }
        };
        let spec = spec?;
        let (records, result) = read?;
        Ok((Self { refinement, spec, records }, result))
    }
}

/// Reads a document; its path if it does not exist.
fn open_document(
    repo: &dyn Repository,
    tree: TreeState,
    path: RepoPath,
) -> Result<Result<Arc<Source>, RepoPath>, RepositoryError> {
    Ok(read_document(repo, tree, &path)?.ok_or(path))
}

impl PacketRecords {
    fn read(
        repo: &dyn Repository,
        tree: TreeState,
        layout: &Layout,
        id: &WpId,
    ) -> Result<Self, RepositoryError> {
        let record = |name: &str| -> Result<Result<Arc<Source>, RepoPath>, RepositoryError> {
            Ok(read_record(repo, tree, name)?.ok_or_else(|| RepoPath::from(name)))
        };
        let pointer = open_document(repo, tree, RepoPath::from(layout.spec_pointer.as_str()))?;
        let pointer = pointer.ok().map(|source| SpecPointer::read(&source));
        Ok(Self {
            current_spec: pointer.and_then(|pointer| pointer.spec().map(|spec| spec.value.clone())),
            audit: record(&layout.audit)?.map(|source| Audit::read(&source)),
            gate_log: record(&layout.gate_log)?.map(|source| GateLog::read(&source)),
            board: record(&layout.board)?.ok().map(|source| Board::read(&source)),
            registry: record(&layout.registry)?.ok().map(|source| Registry::read(&source)),
            same_base_ids: list_packet_ids(repo, tree, layout)?
                .into_iter()
                .filter(|other| WpId::parse(other).is_ok_and(|other| other.base() == id.base()))
                .collect(),
        })
    }
}

/// Finds other packets and refinements that contain a signature.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn find_signature_reuse(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    id: &WpId,
    signature: &str,
) -> Result<Vec<Label>, RepositoryError> {
    let own = [layout.packet(id), layout.refinement(id)];
    let mut out = Vec::new();
    for folder in [&layout.packets, &layout.refinements] {
        let mut paths = repo.list_below(tree, folder)?;
        paths.retain(|path| !own.contains(path) && path.as_bytes().ends_with(b".md"));
        for path in repo.find_containing(tree, paths, signature.as_bytes())? {
            let Some(source) = read_document(repo, tree, &path)? else { continue };
            // A signature counts in a signature field, not in other text.
            let mut last_line = (0, false);
            let signed = source.text().match_indices(signature).find(|(at, _)| {
                let number = source.line(*at);
                if last_line.0 != number {
                    let text = source.slice(source.line_span(number).unwrap_or_default()).to_uppercase();
                    let is_field = text.contains("USER_SIGNATURE") || text.contains("USER SIGNATURE");
                    last_line = (number, is_field);
                }
                let is_signature_field = last_line.1;
                let is_word_char = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                let before = source.text().get(..*at).and_then(|text| text.chars().next_back());
                let after = source.text().get(at + signature.len()..).and_then(|text| text.chars().next());
                is_signature_field && !is_word_char(before) && !is_word_char(after)
            });
            if let Some((at, _)) = signed {
                out.push(Label::text(&source, Span::new(at, at + signature.len()), "the same signature"));
            }
        }
    }
    Ok(out)
}

/// Scopes of other packets whose status allows work; read on first use.
pub(crate) struct OpenScopes<'a> {
    repo: &'a dyn Repository,
    tree: TreeState,
    layout: &'a Layout,
    /// The packet whose own scope is left out.
    id: &'a WpId,
    scopes: OnceCell<Vec<(String, Scope)>>,
    /// Number of pairs of an entry and a path that may still be compared.
    budget: Cell<usize>,
}

/// Maximum number of pairs of an entry of another packet and a path that are compared. The
/// owners of further paths are not named.
const MAX_OWNER_PAIRS: usize = 2_000_000;

impl<'a> OpenScopes<'a> {
    pub(crate) fn new(repo: &'a dyn Repository, tree: TreeState, layout: &'a Layout, id: &'a WpId) -> Self {
        Self { repo, tree, layout, id, scopes: OnceCell::new(), budget: Cell::new(MAX_OWNER_PAIRS) }
    }

    /// Returns the ids of other packets whose scope covers a path; no ids if
    /// the packets cannot be read.
    pub(crate) fn covering(&self, path: &RepoPath) -> Vec<String> {
        let scopes = self.scopes.get_or_init(|| self.read().unwrap_or_default());
        let pairs = scopes.iter().map(|(_, scope)| scope.in_scope.len()).sum();
        let Some(left) = self.budget.get().checked_sub(pairs) else { return Vec::new() };
        self.budget.set(left);
        let covers = |scope: &Scope| scope.in_scope.iter().any(|entry| entry.covers(path));
        scopes.iter().filter(|(_, scope)| covers(scope)).map(|(id, _)| id.clone()).collect()
    }

    fn read(&self) -> Result<Vec<(String, Scope)>, RepositoryError> {
        let Self { repo, tree, layout, id, .. } = *self;
        let mut out = Vec::new();
        for other in list_packet_ids(repo, tree, layout)? {
            let Ok(other) = WpId::parse(&other) else { continue };
            if other == *id {
                continue;
            }
            let Some(source) = read_document(repo, tree, &layout.packet(&other))? else { continue };
            let packet = Packet::read(&source).value;
            if packet.status.as_ref().is_some_and(|status| status.value.allows_work()) {
                out.push((other.as_str().to_owned(), packet.scope));
            }
        }
        Ok(out)
    }
}
