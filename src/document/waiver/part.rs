//! Parts of a waiver, and the labels that name them.

use super::state::STATE_COMPANIONS;

/// A part of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaiverPart {
    /// The waiver's id.
    Id,
    /// The policy that it relaxes.
    Policy,
    /// The kinds of requirements that it relaxes, such as SCOPE or TEST.
    Covers,
    /// The paths or checks that it covers.
    Scope,
    /// The date of the grant.
    Date,
    /// The reason for the grant.
    Justification,
    /// The person who granted it.
    Approver,
    /// Whether it is granted; not stored, a refusal removes the approver.
    Status,
    /// The end of its validity.
    Expiry,
}

/// Words of labels for the end of a waiver.
const END_WORDS: [&str; 5] = ["UNTIL", "VALIDITY", "EXPIRY", "EXPIRES", "DEADLINE"];
/// Words that name its end only together with words that name no other thing: `End date`, not
/// `End-to-end tests`.
const LOOSE_END_WORDS: [&str; 4] = ["END", "ENDS", "ENDED", "ENDING"];

fn names_end(key: &str) -> bool {
    let words = || key.split('_');
    let is_loose = |word: &str| LOOSE_END_WORDS.contains(&word);
    let is_plain = words().any(is_loose)
        && words().all(|word| is_loose(word) || STATE_COMPANIONS.contains(&word) || word == "VALID");
    (words().any(|word| END_WORDS.contains(&word)) && !key.contains("FROM")) || is_plain
}

impl WaiverPart {
    /// Returns the part that a label names, given its key (upper case, see
    /// [`normalize_key`](crate::document::field::normalize_key)).
    pub(super) fn from_label(key: &str) -> Option<Self> {
        Some(match key {
            "WAIVER_ID" | "ID" | "WAIVER" => Self::Id,
            "POLICY" | "REF" | "POLICY_REF" | "REFERENCE" | "RULE" => Self::Policy,
            "DATE" | "GRANTED" | "GRANTED_ON" | "GRANTED_AT" => Self::Date,
            "SCOPE" | "CHECK_WAIVED" | "CHECKS_WAIVED" | "FILES_COVERED" | "DELETED_FILES"
            | "CODE_LOCATION" => Self::Scope,
            "COVERS" => Self::Covers,
            "JUSTIFICATION" | "REASON" | "RATIONALE" | "WHY" => Self::Justification,
            "APPROVER" | "APPROVED_BY" | "GRANTED_BY" | "USER_APPROVAL" | "APPROVAL" => Self::Approver,
            "STATUS" | "STATE" | "DECISION" | "OUTCOME" | "VERDICT" | "APPROVED" | "IN_FORCE" | "ACTIVE"
            | "VALID" | "EFFECTIVE" | "WAIVER_STATUS" | "CURRENT_STATUS" => Self::Status,
            key if key.starts_with("EXPIR") => Self::Expiry,
            "VALID_UNTIL" | "UNTIL" | "VALID_TO" | "VALID_THROUGH" | "VALID_TILL" | "ENDS" | "ENDS_ON" => {
                Self::Expiry
            }
            // `End date`, `Validity`, `Waiver end`.
            key if names_end(key) => Self::Expiry,
            _ => return None,
        })
    }

    /// Returns the name that messages use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Policy => "policy",
            Self::Covers => "covers",
            Self::Scope => "scope",
            Self::Date => "date",
            Self::Justification => "justification",
            Self::Approver => "approver",
            Self::Status => "status",
            Self::Expiry => "expiry",
        }
    }
}
