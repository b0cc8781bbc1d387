//! What checks of approval see.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::CommitInfo;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::document::{Packet, Refinement};
use crate::finding::Label;
use crate::text::{RepoPath, Source};

use super::PacketCheckContext;

/// What is known of the packet's `MERGE_BASE_SHA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeBaseFact {
    /// The packet gives none.
    Absent,
    /// No forty hexadecimal digits.
    Malformed,
    /// No such commit here.
    Missing,
    /// A commit that is no ancestor of the judged head.
    NotAncestor,
    /// An ancestor of the judged head, or the head itself.
    Ancestor,
}

/// Whether a document is committed as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointFact {
    /// HEAD holds exactly these bytes.
    Committed,
    /// HEAD holds other bytes.
    Changed,
    /// HEAD does not hold it.
    Uncommitted,
}

/// The packet at the commit that introduced its signature.
#[derive(Debug)]
pub enum ContractFact {
    /// No commit holds the packet with this signature.
    Uncommitted,
    /// It was not looked up, and why.
    Unknown(String),
    /// Commits on several lines of history brought the signature in.
    Several(Vec<CommitInfo>),
    /// The contract revision.
    Known {
        /// The commit.
        introduction: CommitInfo,
        /// The packet there.
        packet_at_signing: Box<Packet>,
        /// Whether the commit lies inside the judged range.
        is_in_range: bool,
        /// Paths outside governance that the commit changed.
        code_paths: Vec<RepoPath>,
    },
}

/// A record of approval as the contract revision holds it.
#[derive(Debug, Default)]
pub enum RecordAtSigning<T> {
    /// It was not looked up.
    #[default]
    NotLookedUp,
    /// As it is judged, byte for byte.
    Unchanged,
    /// Not there.
    Missing,
    /// There, with another text.
    Changed(Box<T>),
}

impl<T> RecordAtSigning<T> {
    /// Another type of record.
    pub fn map<U>(self, read: impl FnOnce(T) -> U) -> RecordAtSigning<U> {
        match self {
            Self::NotLookedUp => RecordAtSigning::NotLookedUp,
            Self::Unchanged => RecordAtSigning::Unchanged,
            Self::Missing => RecordAtSigning::Missing,
            Self::Changed(record) => RecordAtSigning::Changed(Box::new(read(*record))),
        }
    }
}

/// The records of approval at the contract revision.
#[derive(Debug, Default)]
pub struct RecordsAtSigning {
    /// The refinement.
    pub refinement: RecordAtSigning<Refinement>,
    /// The signature audit.
    pub audit: RecordAtSigning<Audit>,
    /// The gate log.
    pub gate_log: RecordAtSigning<GateLog>,
}

/// What a key has signed, and whose keys count.
#[derive(Debug)]
pub struct KeySignatureFact {
    /// Where the signed text belongs.
    pub contract_path: RepoPath,
    /// Where its signature belongs.
    pub signature_path: RepoPath,
    /// Where it says whose keys count.
    pub signers_path: RepoPath,
    /// The signed text.
    pub contract: Option<Arc<Source>>,
    /// Its signature.
    pub signature: Option<Arc<Source>>,
    /// Whose keys count, by the trusted revision.
    pub signers: Option<AllowedSigners>,
}

/// A commit of the work that changes code.
#[derive(Debug)]
pub struct CodeCommit {
    /// The commit.
    pub facts: CommitInfo,
    /// One of the paths outside governance that it changes.
    pub path: RepoPath,
    /// Whether it does not build on a commit that holds the signed packet.
    pub precedes_signing: bool,
    /// Whether it builds on an earlier signature of the packet, not on the
    /// present one.
    pub is_under_earlier_signature: bool,
}

/// Input of checks about approval.
pub struct ApprovalCheckContext<'a> {
    /// The packet and its surroundings.
    pub packet: PacketCheckContext<'a>,
    /// Path and text of the refinement, if it is there.
    pub refinement: Result<&'a Refinement, RepoPath>,
    /// The signature audit, or where it should be.
    pub audit: Result<&'a Audit, RepoPath>,
    /// The gate log, or where it should be.
    pub gate_log: Result<&'a GateLog, RepoPath>,
    /// `MERGE_BASE_SHA` against the judged head.
    pub merge_base: MergeBaseFact,
    /// Packet and refinement against HEAD; empty where the gate judges commits.
    pub checkpoint: &'a [(RepoPath, CheckpointFact)],
    /// The contract revision.
    pub contract: &'a ContractFact,
    /// The checked-out branch.
    pub branch: Option<&'a str>,
    /// Name of the working tree's folder.
    pub worktree_name: Option<&'a str>,
    /// What a key has signed.
    pub key_signature: &'a KeySignatureFact,
    /// Other documents that hold the packet's signature.
    pub reused_in: &'a [Label],
    /// The other records of approval as the contract revision holds them.
    pub records_at_signing: &'a RecordsAtSigning,
    /// Commits of the work that change more than governance files, newest
    /// first.
    pub code_commits: &'a [CodeCommit],
    /// Now, UTC.
    pub now: DateTime,
}
