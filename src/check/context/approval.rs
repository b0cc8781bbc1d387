//! Input of approval checks.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::CommitInfo;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::document::{Packet, Refinement};
use crate::finding::Label;
use crate::text::{RepoPath, Source};

use super::{PacketCheckContext, TrustedApproval};

/// The relation of the packet's `MERGE_BASE_SHA` to the judged head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeBaseFact {
    /// The packet has no `MERGE_BASE_SHA`.
    Absent,
    /// The value is not forty hexadecimal digits.
    Malformed,
    /// The repository has no such commit.
    Missing,
    /// The commit is not an ancestor of the judged head.
    NotAncestor,
    /// The commit is the judged head or one of its ancestors.
    Ancestor,
}

/// The state of a document compared with HEAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointFact {
    /// HEAD contains exactly these bytes.
    Committed,
    /// HEAD contains different bytes.
    Changed,
    /// HEAD does not contain the document.
    Uncommitted,
}

/// The packet at the commit that introduced its signature.
#[derive(Debug)]
pub enum ContractFact {
    /// No commit contains the packet with this signature.
    Uncommitted,
    /// The commit could not be determined; with the reason as a clause.
    Unknown(String),
    /// Several commits on different lines of history introduced the signature.
    Several(Vec<CommitInfo>),
    /// The contract revision: the commit that introduced the signature.
    Known {
        /// The commit.
        introduction: CommitInfo,
        /// The packet at this commit.
        packet_at_signing: Box<Packet>,
        /// Whether the commit is in the judged range.
        is_in_range: bool,
        /// The greatest time of the commit and its ancestors, in seconds since 1970:
        /// the author can date a commit back, but not behind what it builds on.
        earliest_time: i64,
        /// Paths outside governance that the commit changed.
        code_paths: Vec<RepoPath>,
    },
}

/// A record of approval at the contract revision, compared with today.
#[derive(Debug, Default)]
pub enum RecordAtSigning<T> {
    /// The record was not looked up.
    #[default]
    NotLookedUp,
    /// The record had the same bytes.
    Unchanged,
    /// The record did not exist.
    Missing,
    /// The record existed with a different text.
    Changed(Box<T>),
}

impl<T> RecordAtSigning<T> {
    /// Converts a changed record with `read`.
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

/// The contract that a key signed, and the keys that may sign.
#[derive(Debug)]
pub struct KeySignatureFact {
    /// Path of the signed text.
    pub contract_path: RepoPath,
    /// Path of its signature.
    pub signature_path: RepoPath,
    /// Path of the file `allowed_signers`.
    pub signers_path: RepoPath,
    /// The signed text, if the file exists.
    pub contract: Option<Arc<Source>>,
    /// Its signature, if the file exists.
    pub signature: Option<Arc<Source>>,
    /// The keys that may sign, as listed in the trusted revision.
    pub signers: Option<AllowedSigners>,
}

/// A commit of the work that changes code.
#[derive(Debug)]
pub struct CodeCommit {
    /// The commit.
    pub facts: CommitInfo,
    /// One of the paths outside governance that it changes.
    pub path: RepoPath,
    /// Whether the commit has no ancestor that contains the signed packet.
    pub precedes_signing: bool,
    /// Whether the commit builds on an earlier signature of the packet, not on
    /// the current one.
    pub is_under_earlier_signature: bool,
}

/// Input of checks about approval.
pub struct ApprovalCheckContext<'a> {
    /// The packet and its context.
    pub packet: PacketCheckContext<'a>,
    /// The refinement, or its expected path if it does not exist.
    pub refinement: Result<&'a Refinement, RepoPath>,
    /// The signature audit, or its expected path if it does not exist.
    pub audit: Result<&'a Audit, RepoPath>,
    /// The gate log, or its expected path if it does not exist.
    pub gate_log: Result<&'a GateLog, RepoPath>,
    /// `MERGE_BASE_SHA` compared with the judged head.
    pub merge_base: MergeBaseFact,
    /// Packet and refinement compared with HEAD; empty if the gate judges
    /// commits.
    pub checkpoint: &'a [(RepoPath, CheckpointFact)],
    /// The commit that introduced the signature, and the packet there.
    pub contract: &'a ContractFact,
    /// The checked-out branch.
    pub branch: Option<&'a str>,
    /// Name of the working tree's folder, without its parents.
    pub worktree_name: Option<&'a str>,
    /// The contract that a key signed, and the keys that may sign.
    pub key_signature: &'a KeySignatureFact,
    /// Other documents that contain the packet's signature.
    pub reused_in: &'a [Label],
    /// The other records of approval at the contract revision.
    pub records_at_signing: &'a RecordsAtSigning,
    /// Commits of the work that change files outside governance, newest first.
    pub code_commits: &'a [CodeCommit],
    /// The approval at trusted commits.
    pub trusted: &'a TrustedApproval,
    /// Whether the gate judges a change.
    pub judges_change: bool,
    /// The current time in UTC.
    pub now: DateTime,
}
