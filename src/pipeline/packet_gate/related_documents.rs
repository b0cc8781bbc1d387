//! The documents around a packet, as one side of the repository holds them.

use crate::change::{Commit, Repository, RepositoryError, TreeState};
use crate::check::repository_documents::SpecFact;
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::registry::Registry;
use crate::document::spec::SpecPointer;
use crate::document::{Layout, Refinement, WpId};
use crate::finding::Label;
use crate::pipeline::locate::{list_packet_ids, read_document};
use crate::pipeline::spec_versions::gather_spec_facts;
use crate::text::{RepoPath, Source, Span};

/// Documents that approve a packet; where one is missing, its path.
pub(crate) struct RelatedDocuments {
    pub refinement: Result<Refinement, RepoPath>,
    pub audit: Result<Audit, RepoPath>,
    pub gate_log: Result<GateLog, RepoPath>,
    pub registry: Option<Registry>,
    pub board: Option<Board>,
    pub spec: SpecFact,
    /// The specification that the pointer names.
    pub current_spec: Option<String>,
    /// Ids of packets with the same base id.
    pub same_base_ids: Vec<String>,
}

impl RelatedDocuments {
    pub(crate) fn read(
        repo: &dyn Repository,
        side: TreeState,
        head: Option<Commit>,
        layout: &Layout,
        id: &WpId,
        with_spec: bool,
    ) -> Result<Self, RepositoryError> {
        let open = |path: RepoPath| -> Result<Result<std::sync::Arc<Source>, RepoPath>, RepositoryError> {
            Ok(read_document(repo, side, &path)?.ok_or(path))
        };
        let refinement = open(layout.refinement(id))?.map(|source| Refinement::read(&source));
        let spec = match refinement.as_ref().ok().filter(|_| with_spec) {
            Some(refinement) => gather_spec_facts(repo, side, head, &[refinement])?.pop().unwrap_or_default(),
            None => SpecFact::NotSearched("only the start of work asks for the specification"),
        };
        let pointer =
            open(RepoPath::from(layout.spec_pointer.as_str()))?.ok().map(|source| SpecPointer::read(&source));
        Ok(Self {
            current_spec: pointer.and_then(|pointer| pointer.spec().map(|spec| spec.value.clone())),
            spec,
            refinement,
            audit: open(RepoPath::from(layout.audit.as_str()))?.map(|source| Audit::read(&source)),
            gate_log: open(RepoPath::from(layout.gate_log.as_str()))?.map(|source| GateLog::read(&source)),
            board: open(RepoPath::from(layout.board.as_str()))?.ok().map(|source| Board::read(&source)),
            registry: open(RepoPath::from(layout.registry.as_str()))?
                .ok()
                .map(|source| Registry::read(&source)),
            same_base_ids: list_packet_ids(repo, side, layout)?
                .into_iter()
                .filter(|other| WpId::parse(other).is_ok_and(|other| other.base() == id.base()))
                .collect(),
        })
    }
}

/// Other packets and refinements that hold a signature.
///
/// # Errors
/// The repository cannot be read.
pub fn find_signature_reuse(
    repo: &dyn Repository,
    side: TreeState,
    layout: &Layout,
    id: &WpId,
    signature: &str,
) -> Result<Vec<Label>, RepositoryError> {
    let own = [layout.packet(id), layout.refinement(id)];
    let mut out = Vec::new();
    for folder in [&layout.packets, &layout.refinements] {
        for path in repo.list_below(side, folder)? {
            if own.contains(&path) || !path.as_bytes().ends_with(b".md") {
                continue;
            }
            let Some(source) = read_document(repo, side, &path)? else { continue };
            // A signature counts where it signs, not where it is mentioned.
            let signs = source.text().match_indices(signature).find(|(at, _)| {
                let line = source.line_span(source.line(*at)).unwrap_or_default();
                let text = source.slice(line).to_uppercase();
                let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                let before = source.text().get(..*at).and_then(|text| text.chars().next_back());
                let after = source.text().get(at + signature.len()..).and_then(|text| text.chars().next());
                let signs = text.contains("USER_SIGNATURE") || text.contains("USER SIGNATURE");
                signs && !inside(before) && !inside(after)
            });
            if let Some((at, _)) = signs {
                out.push(Label::text(&source, Span::new(at, at + signature.len()), "the same signature"));
            }
        }
    }
    Ok(out)
}

/// Ids of other packets that are open for work and have a path in scope.
pub(crate) fn find_open_scopes(
    repo: &dyn Repository,
    side: TreeState,
    layout: &Layout,
    id: &WpId,
) -> Result<Vec<(String, crate::document::packet::Scope)>, RepositoryError> {
    let mut out = Vec::new();
    for other in list_packet_ids(repo, side, layout)? {
        let Ok(other) = WpId::parse(&other) else { continue };
        if other == *id {
            continue;
        }
        let Some(source) = read_document(repo, side, &layout.packet(&other))? else { continue };
        let packet = crate::document::Packet::read(&source).value;
        if packet.status.as_ref().is_some_and(|status| status.value.allows_work()) {
            out.push((other.as_str().to_owned(), packet.scope));
        }
    }
    Ok(out)
}
