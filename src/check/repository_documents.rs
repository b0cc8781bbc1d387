//! A repository's governance documents as a whole, and what checks of
//! documents see.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::Worktree;
use crate::digest::Hash20;
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::outline::Outline;
use crate::document::registry::Registry;
use crate::document::spec::{SpecPointer, SpecText};
use crate::document::{Document, DocumentBody, DocumentKind, Layout, Packet, PacketStatus, Refinement, WpId};
use crate::text::{RepoPath, Source};

use super::context::Policy;

/// The governance documents of one repository, found where its layout puts
/// them.
pub struct GovernanceDocuments<'a> {
    /// All of them, in order of path.
    pub documents: &'a [Document],
    /// Where they lie.
    pub layout: &'a Layout,
    packets: BTreeMap<String, usize>,
    stubs: BTreeMap<String, usize>,
    refinements: BTreeMap<String, usize>,
}

impl<'a> GovernanceDocuments<'a> {
    /// Orders documents by what they are and where they lie.
    #[must_use]
    pub fn new(documents: &'a [Document], layout: &'a Layout) -> Self {
        let ids = |folder: &str, kind: DocumentKind| {
            let folder = folder.trim_end_matches('/').as_bytes();
            let here = documents.iter().enumerate();
            here.filter(|(_, document)| document.kind == kind && document.path().folder() == folder)
                .filter_map(|(at, document)| Some((document.file_id()?.as_str().to_owned(), at)))
                .collect()
        };
        Self {
            documents,
            layout,
            packets: ids(&layout.packets, DocumentKind::Packet),
            stubs: ids(&layout.stubs, DocumentKind::Stub),
            refinements: ids(&layout.refinements, DocumentKind::Refinement),
        }
    }

    fn document_at(&self, index: Option<&usize>) -> Option<&'a Document> {
        self.documents.get(*index?)
    }

    /// All packets with their documents, in order of id.
    pub fn packets(&self) -> impl Iterator<Item = (&str, &'a Document, &'a Packet)> {
        self.packets.iter().filter_map(|(id, at)| {
            let document = self.documents.get(*at)?;
            Some((id.as_str(), document, document.packet()?))
        })
    }

    /// All stubs, in order of id.
    pub fn stubs(&self) -> impl Iterator<Item = (&str, &'a Document)> {
        self.stubs.iter().filter_map(|(id, at)| Some((id.as_str(), self.documents.get(*at)?)))
    }

    /// A packet by its id.
    #[must_use]
    pub fn packet(&self, id: &str) -> Option<(&'a Document, &'a Packet)> {
        let document = self.document_at(self.packets.get(id))?;
        Some((document, document.packet()?))
    }

    /// A stub by its id.
    #[must_use]
    pub fn stub(&self, id: &str) -> Option<&'a Document> {
        self.document_at(self.stubs.get(id))
    }

    /// A refinement by its id.
    #[must_use]
    pub fn refinement(&self, id: &str) -> Option<&'a Refinement> {
        self.document_at(self.refinements.get(id))?.refinement()
    }

    /// Whether there is not one packet or stub, so that nothing a record names
    /// can be there: one finding tells that better than a hundred.
    #[must_use]
    pub fn has_no_packets_or_stubs(&self) -> bool {
        self.packets.is_empty() && self.stubs.is_empty()
    }

    /// Ids of all packets of a base id.
    #[must_use]
    pub fn ids_with_base(&self, base: &str) -> Vec<String> {
        let of = |id: &&String| WpId::parse(id).is_ok_and(|id| id.base() == base);
        self.packets.keys().filter(of).cloned().collect()
    }

    /// Whether a packet is history: it is finished, or the board calls it
    /// superseded and the registry names another packet that is there.
    #[must_use]
    pub fn is_historical(&self, id: &str, packet: &Packet) -> bool {
        let state =
            self.board().and_then(|board| board.entries_of(id).last()).map(|entry| entry.state.as_str());
        let base = WpId::parse(id).map(|id| id.base().to_owned()).unwrap_or_default();
        let replaced = || {
            let rows = self.registry().into_iter().flat_map(|registry| registry.rows_of(&base));
            let active: Vec<WpId> = rows.filter_map(Registry::active_id).collect();
            active.iter().any(|other| other.as_str() != id && self.packet(other.as_str()).is_some())
        };
        is_finished(packet, state) || (state == Some("SUPERSEDED") && replaced())
    }

    /// Whether work on a packet may still go on.
    #[must_use]
    pub fn is_open(&self, id: &str, packet: &Packet) -> bool {
        let status = packet.status.as_ref().map(|status| &status.value);
        let open = status.is_some_and(|status| status.allows_work() || *status == PacketStatus::Blocked);
        open && !self.is_historical(id, packet)
    }

    fn document_by_path(&self, path: &str) -> Option<&'a Document> {
        self.documents.iter().find(|document| document.path().as_bytes() == path.as_bytes())
    }

    /// The task board.
    #[must_use]
    pub fn board(&self) -> Option<&'a Board> {
        match &self.document_by_path(&self.layout.board)?.body {
            DocumentBody::Board(board) => Some(board),
            _ => None,
        }
    }

    /// The traceability registry.
    #[must_use]
    pub fn registry(&self) -> Option<&'a Registry> {
        match &self.document_by_path(&self.layout.registry)?.body {
            DocumentBody::Registry(registry) => Some(registry),
            _ => None,
        }
    }

    /// The signature audit.
    #[must_use]
    pub fn audit(&self) -> Option<&'a Audit> {
        match &self.document_by_path(&self.layout.audit)?.body {
            DocumentBody::Audit(audit) => Some(audit),
            _ => None,
        }
    }

    /// The gate log.
    #[must_use]
    pub fn gate_log(&self) -> Option<&'a GateLog> {
        match &self.document_by_path(&self.layout.gate_log)?.body {
            DocumentBody::GateLog(log) => Some(log),
            _ => None,
        }
    }

    /// The pointer to the specification.
    #[must_use]
    pub fn pointer(&self) -> Option<&'a SpecPointer> {
        match &self.document_by_path(&self.layout.spec_pointer)?.body {
            DocumentBody::SpecPointer(pointer) => Some(pointer),
            _ => None,
        }
    }
}

/// Whether work on a packet is over: it says so, its last report passed, or it
/// claims nothing and the board lists it among the ended ones. Such a document
/// is history, and history is not mended. The board alone retires no packet
/// that says that it is worked on.
#[must_use]
pub fn is_finished(packet: &Packet, state: Option<&str>) -> bool {
    let status = packet.status.as_ref().map(|status| &status.value);
    let ended = matches!(
        status,
        Some(PacketStatus::DoneHistorical | PacketStatus::Validated(_) | PacketStatus::Superseded)
    );
    let last = packet.phases.reports.last().map(|report| report.verdict.value.as_str());
    let passed = last == Some("PASS") && !matches!(status, Some(PacketStatus::ReadyForDev));
    let open = status.is_some_and(|status| status.allows_work() || *status == PacketStatus::Blocked);
    let on_board = matches!(state, Some("VALIDATED" | "SUPERSEDED" | "OUTDATED_ONLY"));
    ended || passed || (on_board && !open) || packet.locked.is_some()
}

/// What is known of a path that a document names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetFact {
    /// Something is there.
    Found,
    /// Nothing is there; the nearest path that is, if one looks alike.
    Missing(Option<RepoPath>),
}

/// The specification that a refinement was made against.
#[derive(Debug, Default)]
pub enum SpecFact {
    /// The refinement names none.
    #[default]
    Unnamed,
    /// It was not looked for, and why.
    NotSearched(&'static str),
    /// It names one.
    Named {
        /// The path that it names.
        path: RepoPath,
        /// The file of that path in the judged tree.
        current: Option<Arc<SpecText>>,
        /// The version with the recorded hash, and the commit that holds it,
        /// if it is not the one in the judged tree.
        recorded: Option<(Arc<SpecText>, String)>,
    },
}

impl SpecFact {
    /// The text that anchors are compared with: the version whose hash is
    /// recorded.
    #[must_use]
    pub fn recorded_text(&self, recorded: Option<Hash20>) -> Option<&Arc<SpecText>> {
        let Self::Named { current: now, recorded: then, .. } = self else { return None };
        let current = now.as_ref().filter(|spec| recorded.is_none_or(|sha1| spec.sha1 == sha1));
        current.or_else(|| then.as_ref().map(|(spec, _)| spec))
    }
}

/// Input of checks about the text of a document.
pub struct TextCheckContext<'a> {
    /// The document.
    pub source: &'a Arc<Source>,
    /// Its block structure; `None` for JSON.
    pub outline: Option<&'a Outline>,
    /// What it is.
    pub kind: DocumentKind,
    /// What the configuration asks.
    pub policy: &'a Policy,
}

/// Input of checks about a refinement.
pub struct RefinementCheckContext<'a> {
    /// The refinement.
    pub refinement: &'a Refinement,
    /// The id that its file name gives it.
    pub id: Option<&'a WpId>,
    /// The specification.
    pub spec: &'a SpecFact,
    /// Whether its packet is finished, so that the specification may have
    /// gone on.
    pub is_packet_finished: bool,
    /// Whether it is checked as a record, not as what work starts on.
    pub is_checked_as_record: bool,
    /// The specification that the pointer names.
    pub pointer_target: Option<&'a str>,
    /// Now, UTC.
    pub now: DateTime,
    /// What the configuration asks.
    pub policy: &'a Policy,
}

/// Input of checks about one document.
pub struct DocumentCheckContext<'a> {
    /// The document.
    pub document: &'a Document,
    /// What its place in the repository says it should be.
    pub expected: Option<DocumentKind>,
    /// The repository's documents; `None` for a document that lies outside
    /// of any layout.
    pub governance: Option<&'a GovernanceDocuments<'a>>,
    /// What is known of the paths that it names.
    pub targets: &'a BTreeMap<RepoPath, TargetFact>,
    /// Names of all contracts that are known, in small letters.
    pub known_contracts: Option<&'a BTreeMap<String, RepoPath>>,
    /// What the configuration asks.
    pub policy: &'a Policy,
    /// Now, UTC.
    pub now: DateTime,
}

impl DocumentCheckContext<'_> {
    /// Whether an RFC 3339 time lies ahead by more than a clock may be wrong.
    #[must_use]
    pub fn is_future(&self, stamp: &str) -> bool {
        let Ok(stamp) = stamp.parse::<jiff::Timestamp>() else { return false };
        let at = stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        self.now.checked_add(jiff::Span::new().hours(14)).is_ok_and(|latest| at > latest)
    }
}

/// Input of checks about all documents together.
pub struct RepositoryCheckContext<'a> {
    /// The documents.
    pub governance: &'a GovernanceDocuments<'a>,
    /// The working trees; `None` outside of a git repository.
    pub worktrees: Option<&'a [Worktree]>,
    /// The current specification.
    pub spec: Option<&'a SpecText>,
    /// Files beside the current specification.
    pub spec_siblings: &'a [RepoPath],
    /// The phase that is to be closed, for `validator-phase-gate`.
    pub phase: Option<&'a str>,
    /// What the configuration asks.
    pub policy: &'a Policy,
    /// Now, UTC.
    pub now: DateTime,
}
