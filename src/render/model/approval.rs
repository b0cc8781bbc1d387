//! The facts of an approval as scripts read them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::ApprovalSummary;

/// Who approved the packet, when, and who wrote the code.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApprovalDocument {
    /// The signature, as the packet gives it.
    pub signature: Option<String>,
    /// The commit that brought it into the packet.
    pub introduced: Option<IntroducedDocument>,
    /// Who has signed the contract with a key, if the signature holds.
    pub key: Option<KeyDocument>,
    /// Why no such commit is known.
    pub unknown: Option<String>,
    /// Whether refinement, audit and gate log agree with the packet.
    pub records: BTreeMap<String, bool>,
    /// Commits of the work that change more than governance files.
    pub code_commits: usize,
    /// Those by whoever committed the signature; null if nobody knows who did.
    pub same_hand: Option<Vec<String>>,
    /// Those that do not build on the signed packet.
    pub before_packet: Vec<String>,
    /// What happened when, in the order that the protocol demands.
    pub order: Vec<MomentDocument>,
    /// Whether that order was kept; null if it could not be checked.
    pub in_order: Option<bool>,
}

/// Who has signed the contract with a key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyDocument {
    /// To whom the key belongs, by the trusted revision.
    pub principals: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
}

/// The commit that brought the signature in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntroducedDocument {
    /// Full id.
    pub commit: String,
    /// Author, `Name <mail>`.
    pub author: String,
    /// Committer, `Name <mail>`.
    pub committer: String,
    /// When, RFC 3339 UTC; commits say so themselves.
    pub at: String,
    /// Whether it lies inside the judged work.
    pub inside_work: bool,
    /// Whether it changes governance files only.
    pub governance_only: bool,
    /// Other paths that it changes, at most twenty.
    pub other_paths: Vec<String>,
}

/// Something that happened, and when, as recorded.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MomentDocument {
    /// What.
    pub event: String,
    /// When; null where nothing records it.
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
            key: approval.key_signature.as_ref().map(|sealed| KeyDocument {
                principals: sealed.principals.clone(),
                fingerprint: sealed.fingerprint.clone(),
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
