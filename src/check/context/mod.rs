//! Inputs of checks.

mod approval;
mod change;
mod policy;
mod roles;
mod sources;
mod trusted;

use std::sync::Arc;

use jiff::civil::Date;

use crate::change::Selection;
use crate::document::board::Board;
use crate::document::field::Field;
use crate::document::registry::Registry;
use crate::document::{DocumentKind, Fault, Layout, Packet, Signature, WpId, WpIdError};
use crate::finding::Label;
use crate::text::{RepoPath, Source, Span};

pub(crate) use approval::{
    ApprovalCheckContext, CheckpointFact, CodeCommit, ContractFact, KeySignatureFact, MergeBaseFact,
    RecordAtSigning, RecordsAtSigning,
};
pub(crate) use change::{ChangeCheckContext, EvidencePathFact, RangeFact, WaiverOrigin};
pub(crate) use policy::{ManifestPlace, Policy, ProtectedPattern, WaiverSource};
pub(crate) use roles::Roles;
pub(crate) use sources::{
    BaselineState, ChangedSource, SourcesCheckContext, SuppressionUse, UnreadFile, UnscannedFolder,
    WaiverLookup,
};
pub(crate) use trusted::{
    EarlierRecords, TrustCheckContext, TrustedApproval, TrustedDocument, TrustedRecords, TrustedState,
};

/// The gates that judge a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Checks the order of the phases.
    GateCheck,
    /// Checks whether work may start.
    PreWork,
    /// Checks whether the work is what was agreed.
    PostWork,
    /// Checks everything about a packet and its change that needs no command
    /// to be run.
    Audit,
}

impl Gate {
    /// Returns the name of the command.
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

/// The result of the search for a packet.
#[derive(Debug)]
pub enum PacketSearch {
    /// The text is not a packet id.
    BadId {
        /// The reason.
        why: WpIdError,
        /// Similar ids, most similar first.
        near: Vec<String>,
    },
    /// There is no such packet.
    Missing {
        /// The expected path.
        path: RepoPath,
        /// Similar ids, most similar first.
        near: Vec<String>,
        /// The stub with this id, if it exists.
        stub: Option<RepoPath>,
        /// The registry row of a base id that could not be resolved.
        registry: Option<Label>,
    },
    /// The packet's path is not a regular file.
    NotAFile {
        /// The path.
        path: RepoPath,
        /// The type of the entry at the path.
        what: &'static str,
    },
    /// The file cannot be read as a packet.
    Unreadable {
        /// Its text, as far as it could be read.
        source: Arc<Source>,
        /// The reason, as one sentence without a full stop.
        why: String,
        /// The location of the problem.
        span: Span,
        /// The kind of document that it is instead, if known.
        kind: Option<DocumentKind>,
    },
    /// The packet was found.
    Found {
        /// The path.
        path: RepoPath,
    },
}

/// Input of checks of the search for the packet.
pub struct SearchCheckContext<'a> {
    /// The id as the caller wrote it.
    pub requested: &'a str,
    /// The result of the search.
    pub search: &'a PacketSearch,
}

/// Input of checks of the selected change.
pub struct SelectionCheckContext<'a> {
    /// The selected change.
    pub selection: &'a Selection,
    /// Whether the base is the head or one of its ancestors; true if the
    /// change is not a range.
    pub is_ancestor_range: bool,
    /// Number of changed paths.
    pub changed_count: usize,
    /// Untracked files and folders that only the user of git ignores.
    pub user_ignored: &'a [RepoPath],
}

/// Input of checks of the packet alone.
pub struct PacketCheckContext<'a> {
    /// The packet's id, from its file name.
    pub id: &'a WpId,
    /// The packet.
    pub packet: &'a Packet,
    /// Problems that were found while the packet was read.
    pub faults: &'a [Fault],
    /// The paths and folders of the documents.
    pub layout: &'a Layout,
    /// The policy of the configuration.
    pub policy: &'a Policy,
    /// The traceability registry, if it exists.
    pub registry: Option<&'a Registry>,
    /// The task board, if it exists.
    pub board: Option<&'a Board>,
    /// Ids of all packets with the same base id, including this packet.
    pub revision_ids: &'a [String],
    /// Whether there is no packet, and the scope is the one of the configuration.
    pub is_fence: bool,
    /// The commit that approves the packet's skeleton, if there is one.
    pub skeleton_approval: Option<&'a SkeletonApproval>,
}

/// A commit `docs: skeleton approved [WP]` before the first commit of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkeletonApproval {
    /// Short id of the commit.
    pub commit: String,
    /// Its committer, `Name <mail>`.
    pub committer: String,
    /// Whether the committer also committed judged code.
    pub is_by_coder: bool,
}

impl SkeletonApproval {
    /// Returns the subject of the commit that approves a packet's skeleton.
    #[must_use]
    pub fn subject(id: &str) -> String {
        format!("docs: skeleton approved [{id}]")
    }
}

impl PacketCheckContext<'_> {
    /// Returns the name of the list of allowed paths.
    #[must_use]
    pub fn scope_name(&self) -> &'static str {
        if self.is_fence { "`scope` of countersign.yaml" } else { "IN_SCOPE_PATHS" }
    }

    /// Returns the name of the list of excluded paths.
    #[must_use]
    pub fn excluded_name(&self) -> &'static str {
        if self.is_fence { "`out_of_scope` of countersign.yaml" } else { "OUT_OF_SCOPE" }
    }

    /// Returns the newer of the packet's DATE and the date of its signature,
    /// so that back-dating one of them does not make the packet older.
    #[must_use]
    pub fn newest_date(&self) -> Option<Date> {
        let field = self.packet.metadata_field("DATE").and_then(Field::filled_value);
        let date = field.and_then(|field| field.value.get(..10)?.parse::<Date>().ok());
        let signature = self.packet.signature.as_ref();
        let signed = signature.and_then(|s| Signature::parse(&s.value).ok()).map(|s| s.at.date());
        date.into_iter().chain(signed).max()
    }

    /// Creates a label at a span of the packet.
    #[must_use]
    pub fn label_at(&self, span: Span, text: impl Into<String>) -> Label {
        Label::text(&self.packet.source, span, text)
    }
}
