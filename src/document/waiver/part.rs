//! Parts of a waiver, and the labels that name them.

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
            "STATUS" | "STATE" => Self::Status,
            key if key.starts_with("EXPIR") => Self::Expiry,
            "VALID_UNTIL" | "UNTIL" | "VALID_TO" | "VALID_THROUGH" | "VALID_TILL" | "ENDS" | "ENDS_ON" => {
                Self::Expiry
            }
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
