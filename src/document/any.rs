//! A governance document of any kind, with its typed content.

use std::sync::Arc;

use crate::text::{RepoPath, Source, Span};

use super::audit::Audit;
use super::board::Board;
use super::contract::Contract;
use super::gate_log::GateLog;
use super::kind::{detect_json_kind, detect_outline_kind};
use super::outline::Outline;
use super::registry::Registry;
use super::section::read_sections;
use super::spec::SpecPointer;
use super::stub::Stub;
use super::typed_contract::{ContractRole, TypedContract};
use super::validator_state::ValidatorState;
use super::{DocumentKind, Fault, Layout, Packet, Refinement, WpId};

/// Typed content of a document, by kind.
#[derive(Debug)]
pub enum DocumentBody {
    /// A task packet.
    Packet(Box<Packet>),
    /// A stub.
    Stub(Stub),
    /// A refinement.
    Refinement(Refinement),
    /// A contract.
    Contract(Contract),
    /// The task board.
    Board(Board),
    /// The traceability registry.
    Registry(Registry),
    /// The signature audit.
    Audit(Audit),
    /// The gate log.
    GateLog(GateLog),
    /// A validator state.
    ValidatorState(ValidatorState),
    /// The specification pointer.
    SpecPointer(SpecPointer),
    /// A packet or a task as a typed contract.
    TypedContract(Box<TypedContract>),
    /// A template or an unknown document: only its text is checked.
    Text,
}

/// A document with its kind and content.
#[derive(Debug)]
pub struct Document {
    /// Text of the document, named by its path.
    pub source: Arc<Source>,
    /// Kind of the document.
    pub kind: DocumentKind,
    /// Typed content.
    pub body: DocumentBody,
    /// Block structure; `None` for JSON, and for a packet, which has its own
    /// outline.
    outline: Option<Outline>,
    /// Mistakes that the reader found.
    pub faults: Vec<Fault>,
}

impl Document {
    /// Reads a document. Never fails.
    ///
    /// The document's headings decide its kind. If they name no kind,
    /// `expected` decides: the kind that the document's folder requires. A
    /// template is recognized only where no kind is expected.
    #[must_use]
    pub fn read(source: &Arc<Source>, expected: Option<DocumentKind>) -> Self {
        let text = source.text();
        if let Some(contract) = TypedContract::read(source) {
            return Self::from_contract(source, contract, expected);
        }
        let json_kind = expected.filter(|kind| is_json(*kind)).or_else(|| detect_json_kind(text));
        if json_kind == Some(DocumentKind::Unknown) && expected == Some(DocumentKind::SpecPointer) {
            let body = DocumentBody::SpecPointer(SpecPointer::read(source));
            let kind = DocumentKind::SpecPointer;
            return Self { source: Arc::clone(source), kind, body, outline: None, faults: Vec::new() };
        }
        if let Some(kind) = json_kind {
            let (body, faults) = read_json_body(source, kind);
            return Self { source: Arc::clone(source), kind, body, outline: None, faults };
        }
        let outline = Outline::parse(text);
        let sections = read_sections(text, &outline);
        let found = detect_outline_kind(&sections, &outline);
        let name = source.name().file_name().to_string().to_uppercase();
        let is_template = found == DocumentKind::Template
            || (name.contains("TEMPLATE") && found != DocumentKind::Unknown && expected.is_none());
        let kind = match expected {
            Some(expected) if matches!(found, DocumentKind::Unknown | DocumentKind::Template) => expected,
            _ if is_template => DocumentKind::Template,
            _ => found,
        };
        if kind == DocumentKind::Packet {
            let parsed = Packet::from_outline(source, outline, sections, kind);
            let body = DocumentBody::Packet(Box::new(parsed.value));
            return Self { source: Arc::clone(source), kind, body, outline: None, faults: parsed.faults };
        }
        let (body, faults) = read_body(source, kind);
        Self { source: Arc::clone(source), kind, body, outline: Some(outline), faults }
    }

    /// A packet without Markdown is a packet; other contracts are documents of their own.
    fn from_contract(source: &Arc<Source>, contract: TypedContract, expected: Option<DocumentKind>) -> Self {
        let source = Arc::clone(source);
        let is_packet = contract.schema.role == ContractRole::Packet && !contract.is_broken;
        if expected == Some(DocumentKind::Packet) && is_packet {
            let parsed = Packet::read(&source);
            let body = DocumentBody::Packet(Box::new(parsed.value));
            return Self { source, kind: DocumentKind::Packet, body, outline: None, faults: parsed.faults };
        }
        let kind = match contract.schema.role {
            ContractRole::Packet => DocumentKind::PacketContract,
            ContractRole::Task => DocumentKind::TaskContract,
        };
        let faults = contract.faults.clone();
        let outline = contract.schema.markdown.then(|| Outline::parse(source.text()));
        Self { source, kind, body: DocumentBody::TypedContract(Box::new(contract)), outline, faults }
    }

    /// Returns the typed contract of a packet or task; `None` for other documents.
    #[must_use]
    pub fn typed_contract(&self) -> Option<&TypedContract> {
        match &self.body {
            DocumentBody::TypedContract(contract) => Some(contract),
            DocumentBody::Packet(packet) => packet.contract.as_deref(),
            _ => None,
        }
    }

    /// Returns the block structure; `None` for JSON.
    #[must_use]
    pub fn outline(&self) -> Option<&Outline> {
        let packet = self.packet().filter(|packet| packet.contract.is_none());
        self.outline.as_ref().or_else(|| packet.map(|packet| &packet.outline))
    }

    /// Returns the path of the document.
    #[must_use]
    pub fn path(&self) -> &RepoPath {
        self.source.name()
    }

    /// Returns the id in the file name, or in the name of the packet's folder;
    /// `None` if the name is not a valid id.
    #[must_use]
    pub fn file_id(&self) -> Option<WpId> {
        Layout::id_of(self.path())
    }

    /// Returns the id in the document's text: from its title, otherwise from
    /// its field `WP_ID`.
    #[must_use]
    pub fn own_id(&self) -> Option<WpId> {
        let text = match &self.body {
            DocumentBody::Packet(packet) => packet
                .title_id
                .as_ref()
                .map(|id| id.value.clone())
                .or_else(|| packet.metadata_field("WP_ID")?.filled_value().map(|id| id.value)),
            DocumentBody::Stub(stub) => stub
                .title_id
                .as_ref()
                .map(|id| id.value.clone())
                .or_else(|| stub.field("WP_ID")?.filled_value().map(|id| id.value)),
            DocumentBody::Refinement(refinement) => refinement.filled_value("WP_ID").map(|id| id.value),
            _ => None,
        };
        WpId::parse(&text?).ok()
    }

    /// Returns the document's id: from its file name, otherwise from its text.
    #[must_use]
    pub fn id(&self) -> Option<WpId> {
        self.file_id().or_else(|| self.own_id())
    }

    /// Returns the span for findings about the document as a whole.
    #[must_use]
    pub fn head_span(&self) -> Span {
        match &self.body {
            DocumentBody::Packet(packet) => packet.head_span(),
            DocumentBody::Stub(stub) => stub.head_span(),
            DocumentBody::Refinement(refinement) => refinement.head_span(),
            DocumentBody::Contract(contract) => contract.head_span(),
            DocumentBody::SpecPointer(pointer) => pointer.head_span,
            DocumentBody::TypedContract(contract) => contract.head_span(),
            _ => self.source.line_span(1).unwrap_or_default(),
        }
    }

    /// Returns the packet; `None` for other kinds.
    #[must_use]
    pub fn packet(&self) -> Option<&Packet> {
        if let DocumentBody::Packet(packet) = &self.body { Some(packet) } else { None }
    }

    /// Returns the refinement; `None` for other kinds.
    #[must_use]
    pub fn refinement(&self) -> Option<&Refinement> {
        if let DocumentBody::Refinement(refinement) = &self.body { Some(refinement) } else { None }
    }

    /// Returns the contract; `None` for other kinds.
    #[must_use]
    pub fn contract(&self) -> Option<&Contract> {
        if let DocumentBody::Contract(contract) = &self.body { Some(contract) } else { None }
    }
}

fn is_json(kind: DocumentKind) -> bool {
    matches!(kind, DocumentKind::GateLog | DocumentKind::ValidatorState)
}

fn read_json_body(source: &Arc<Source>, kind: DocumentKind) -> (DocumentBody, Vec<Fault>) {
    match kind {
        DocumentKind::GateLog => {
            let log = GateLog::read(source);
            let faults = log.faults.clone();
            (DocumentBody::GateLog(log), faults)
        }
        DocumentKind::ValidatorState => {
            let state = ValidatorState::read(source);
            let faults = state.faults.clone();
            (DocumentBody::ValidatorState(state), faults)
        }
        _ => (DocumentBody::Text, Vec::new()),
    }
}

fn read_body(source: &Arc<Source>, kind: DocumentKind) -> (DocumentBody, Vec<Fault>) {
    match kind {
        DocumentKind::Stub => (DocumentBody::Stub(Stub::read(source)), Vec::new()),
        DocumentKind::Refinement => (DocumentBody::Refinement(Refinement::read(source)), Vec::new()),
        DocumentKind::Contract => (DocumentBody::Contract(Contract::read(source)), Vec::new()),
        DocumentKind::Board => (DocumentBody::Board(Board::read(source)), Vec::new()),
        DocumentKind::Registry => {
            let registry = Registry::read(source);
            let faults = registry.faults.clone();
            (DocumentBody::Registry(registry), faults)
        }
        DocumentKind::Audit => {
            let audit = Audit::read(source);
            let faults = audit.faults.clone();
            (DocumentBody::Audit(audit), faults)
        }
        DocumentKind::SpecPointer => (DocumentBody::SpecPointer(SpecPointer::read(source)), Vec::new()),
        _ => (DocumentBody::Text, Vec::new()),
    }
}
