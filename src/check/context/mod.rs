//! What checks see.

mod approval;
mod change;
mod policy;
mod sources;

use std::sync::Arc;

use jiff::civil::Date;

use crate::change::Selection;
use crate::document::board::Board;
use crate::document::field::Field;
use crate::document::registry::Registry;
use crate::document::{DocumentKind, Fault, Layout, Packet, Signature, WpId, WpIdError};
use crate::finding::Label;
use crate::text::{RepoPath, Source, Span};

pub use approval::{
    ApprovalCheckContext, CheckpointFact, CodeCommit, ContractFact, KeySignatureFact, MergeBaseFact,
    RecordAtSigning, RecordsAtSigning,
};
pub use change::{ChangeCheckContext, EvidencePathFact, RangeFact, WaiverOrigin};
pub use policy::{Policy, ProtectedPattern, WaiverSource};
pub use sources::{
    BaselineState, ChangedSource, SourcesCheckContext, SuppressionUse, UnreadFile, WaiverLookup,
};

/// The gates that judge a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Order of phases.
    GateCheck,
    /// May work start?
    PreWork,
    /// Is the work what was agreed?
    PostWork,
    /// Everything that a validator asks of a packet and its change, without
    /// running anything.
    Audit,
}

impl Gate {
    /// The command's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GateCheck => "gate-check",
            Self::PreWork => "pre-work",
            Self::PostWork => "post-work",
            Self::Audit => "audit",
        }
    }
}

/// How the search for a packet ended.
#[derive(Debug)]
pub enum PacketSearch {
    /// The text is no id.
    BadId {
        /// Why it is none.
        why: WpIdError,
        /// Ids that look alike, nearest first.
        near: Vec<String>,
    },
    /// There is no such packet.
    Missing {
        /// The path it would have.
        path: RepoPath,
        /// Ids that look alike, nearest first.
        near: Vec<String>,
        /// A stub of that id, if there is one.
        stub: Option<RepoPath>,
        /// Why a base id could not be resolved, if it was one.
        registry: Option<Label>,
    },
    /// Something that is not a file lies at the packet's path.
    NotAFile {
        /// The path.
        path: RepoPath,
        /// What lies there.
        what: &'static str,
    },
    /// A file that is no readable packet.
    Unreadable {
        /// Its text, as far as there is one.
        source: Arc<Source>,
        /// Why, in one sentence without a full stop.
        why: String,
        /// Where.
        span: Span,
        /// What it is instead, if that is known.
        kind: Option<DocumentKind>,
    },
    /// The packet.
    Found {
        /// The path.
        path: RepoPath,
    },
}

/// Input of checks about finding the packet.
pub struct SearchCheckContext<'a> {
    /// The text that the caller gave.
    pub requested: &'a str,
    /// How the search ended.
    pub search: &'a PacketSearch,
}

/// Input of checks about the selection.
pub struct SelectionCheckContext<'a> {
    /// Which change it is.
    pub selection: &'a Selection,
    /// Whether the base is the head or one of its ancestors; true where the
    /// change is no range.
    pub is_ancestor_range: bool,
    /// Number of changed paths.
    pub changed_count: usize,
}

/// Input of checks about the packet alone.
pub struct PacketCheckContext<'a> {
    /// The packet's id, by its file name.
    pub id: &'a WpId,
    /// The packet.
    pub packet: &'a Packet,
    /// What the reader could not read.
    pub faults: &'a [Fault],
    /// Where documents lie.
    pub layout: &'a Layout,
    /// What the configuration asks.
    pub policy: &'a Policy,
    /// The registry, if there is one.
    pub registry: Option<&'a Registry>,
    /// The task board, if there is one.
    pub board: Option<&'a Board>,
    /// Ids of all packets of the same base id, this one included.
    pub revision_ids: &'a [String],
}

impl PacketCheckContext<'_> {
    /// The newest date that the packet gives of itself: its own or that of
    /// its signature. Back-dating one of them does not make it older.
    #[must_use]
    pub fn newest_date(&self) -> Option<Date> {
        let field = self.packet.metadata_field("DATE").and_then(Field::filled_value);
        let dated = field.and_then(|field| field.value.get(..10)?.parse::<Date>().ok());
        let signature = self.packet.signature.as_ref();
        let signed = signature.and_then(|s| Signature::parse(&s.value).ok()).map(|s| s.at.date());
        dated.into_iter().chain(signed).max()
    }

    /// A label at a span of the packet.
    #[must_use]
    pub fn label_at(&self, span: Span, text: impl Into<String>) -> Label {
        Label::text(&self.packet.source, span, text)
    }
}
