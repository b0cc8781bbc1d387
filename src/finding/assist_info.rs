//! What a model remarks about a change: advice, and no part of any verdict.

/// A remark about a line that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AssistNote {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// The remark, on one line.
    pub message: String,
}

/// The answer of a model, as far as it can be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AssistInfo {
    /// Id of the server in the user's configuration.
    pub provider: String,
    /// `local` or `cloud`.
    pub tier: &'static str,
    /// The model.
    pub model: String,
    /// SHA-256 of the bytes that were sent.
    pub payload_sha256: String,
    /// Size of these bytes.
    pub payload_bytes: u64,
    /// Remarks about lines that were sent.
    pub notes: Vec<AssistNote>,
    /// Number of remarks that were dropped, because they cite what was not sent, repeat
    /// another one or are too many.
    pub dropped: u64,
    /// Why there is no answer.
    pub error: Option<String>,
    /// Whether the answer was kept from an earlier run.
    pub is_kept: bool,
    /// Files that were not sent, with the reason.
    pub left_out: Vec<String>,
    /// What was removed before.
    pub redactions: Vec<String>,
    /// Tokens that were sent and received.
    pub tokens: (u64, u64),
}
