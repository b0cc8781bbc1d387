//! The remarks of a model.

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::AssistInfo;

/// The answer of a model, as far as it can be shown. It is advice.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AssistDocument {
    /// Id of the server in the user's configuration.
    pub provider: String,
    /// `local` or `cloud`.
    pub tier: String,
    /// The model.
    pub model: String,
    /// SHA-256 of the bytes that were sent.
    pub payload_sha256: String,
    /// Size of these bytes.
    pub payload_bytes: u64,
    /// Remarks about lines that were sent.
    pub notes: Vec<AssistNoteDocument>,
    /// Number of remarks that were dropped.
    pub dropped: u64,
    /// Why there is no answer.
    pub error: Option<String>,
    /// True if the answer was kept from an earlier run.
    pub is_kept: bool,
    /// Files that were not sent, with the reason.
    pub left_out: Vec<String>,
    /// What was removed before.
    pub redactions: Vec<String>,
    /// Tokens that were sent.
    pub tokens_sent: u64,
    /// Tokens that were received.
    pub tokens_received: u64,
}

/// A remark about a line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AssistNoteDocument {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// The remark.
    pub message: String,
}

impl From<&AssistInfo> for AssistDocument {
    fn from(assist: &AssistInfo) -> Self {
        Self {
            provider: assist.provider.clone(),
            tier: assist.tier.to_owned(),
            model: assist.model.clone(),
            payload_sha256: assist.payload_sha256.clone(),
            payload_bytes: assist.payload_bytes,
            notes: assist
                .notes
                .iter()
                .map(|note| AssistNoteDocument {
                    path: note.path.clone(),
                    line: note.line,
                    message: note.message.clone(),
                })
                .collect(),
            dropped: assist.dropped,
            error: assist.error.clone(),
            is_kept: assist.is_kept,
            left_out: assist.left_out.clone(),
            redactions: assist.redactions.clone(),
            tokens_sent: assist.tokens.0,
            tokens_received: assist.tokens.1,
        }
    }
}
