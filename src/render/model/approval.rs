//! The facts of an approval as a JSON document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::ApprovalSummary;

/// The approval of a packet: signature, key, and commits with code.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ApprovalDocument {
    /// The signature in the packet.
    pub signature: Option<String>,
    /// The commit that added the signature to the packet.
    pub introduced: Option<IntroducedDocument>,
    /// The key that signed the contract, if its signature is valid.
    pub key: Option<KeyDocument>,
    /// Reason why the commit that added the signature is unknown.
    pub unknown: Option<String>,
    /// For refinement, audit and gate log: true if it agrees with the packet.
    pub records: BTreeMap<String, bool>,
    /// Number of commits of the work that change other files than governance
    /// files.
    pub code_commits: usize,
    /// Those of them by the committer of the signature; null if the committer is
    /// unknown.
    pub same_hand: Option<Vec<String>>,
    /// Those of them that do not have the signed packet in their history.
    pub before_packet: Vec<String>,
    /// Events with their times, in the order that the protocol requires.
    pub order: Vec<MomentDocument>,
    /// True if the events happened in that order; null if it was not checked.
    pub in_order: Option<bool>,
}

/// A key that signed a contract.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct KeyDocument {
    /// Owners of the key, according to the revision of the rules.
    pub principals: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
    /// Whether a person touched a security token for the signature.
    pub presence: bool,
}

/// The commit that added the signature.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct IntroducedDocument {
    /// Full id.
    pub commit: String,
    /// Author, `Name <mail>`.
    pub author: String,
    /// Committer, `Name <mail>`.
    pub committer: String,
    /// Time of the commit as recorded in it, RFC 3339 UTC.
    pub at: String,
    /// True if it is part of the judged work.
    pub inside_work: bool,
    /// True if it changes governance files only.
    pub governance_only: bool,
    /// Other paths that it changes, at most 20.
    pub other_paths: Vec<String>,
}

/// An event and its recorded time.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MomentDocument {
    /// The event.
    pub event: String,
    /// Its time; null if no record contains it.
    pub at: Option<String>,
}

impl From<&ApprovalSummary> for ApprovalDocument {
    fn from(approval: &ApprovalSummary) -> Self {
        Self {
            signature: approval.signature.clone(),
            introduced: approval.introduced_by.as_ref().map(|introduced| IntroducedDocument {
                commit: introduced.commit.clone(),
                author: introduced.author.clone(),
                committer: introduced.committer.clone(),
                at: introduced.at.clone(),
                inside_work: introduced.is_inside_work,
                governance_only: introduced.other_path_count == 0,
                other_paths: introduced.other_paths.clone(),
            }),
            key: approval.key_signature.as_ref().map(|key| KeyDocument {
                principals: key.principals.clone(),
                fingerprint: key.fingerprint.clone(),
                presence: key.has_presence,
            }),
            unknown: approval.unknown_reason.clone(),
            records: approval.records.iter().map(|(name, agrees)| ((*name).to_owned(), *agrees)).collect(),
            code_commits: approval.code.count,
            same_hand: approval.code.by_same_person.clone(),
            before_packet: approval.code.not_based_on_approval.clone(),
            order: approval
                .timeline
                .iter()
                .map(|moment| MomentDocument { event: moment.event.to_owned(), at: moment.at.clone() })
                .collect(),
            in_order: approval.is_in_order,
        }
    }
}
