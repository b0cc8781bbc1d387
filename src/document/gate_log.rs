//! The orchestrator's gate log (JSON): REFINEMENT, SIGNATURE and PREPARE
//! entries.

use std::sync::Arc;

use serde::Deserialize;

use crate::text::{Source, Span};

/// One entry of the log; fields that a kind does not have are empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GateEntry {
    /// The packet.
    #[serde(rename = "wpId")]
    pub wp_id: String,
    /// `REFINEMENT`, `SIGNATURE` or `PREPARE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The signature of a SIGNATURE entry.
    pub signature: String,
    /// RFC 3339 time.
    pub timestamp: String,
    /// SHA-1 of the specification at a REFINEMENT.
    pub spec_target_sha1: String,
    /// The branch of a PREPARE.
    pub branch: String,
    /// The worktree of a PREPARE, relative.
    pub worktree_dir: String,
    /// Who prepared.
    pub coder_id: String,
}

#[derive(Deserialize)]
struct File {
    gate_logs: Vec<GateEntry>,
}

/// The gate log as it was read.
#[derive(Debug)]
pub struct GateLog {
    /// Its text.
    pub source: Arc<Source>,
    /// Its entries, in order.
    pub entries: Vec<GateEntry>,
    /// Why it could not be read, and where.
    pub fault: Option<(String, Span)>,
}

impl GateLog {
    /// Reads a log. Never fails; text that is not such JSON is a fault and
    /// gives no entries.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let text = source.text().trim_start_matches('\u{feff}');
        let (entries, fault) = match serde_json::from_str::<File>(text) {
            Ok(file) => (file.gate_logs, None),
            Err(error) => {
                let span = source.line_span(error.line().max(1)).unwrap_or_default();
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default().to_owned();
                (Vec::new(), Some((message, span)))
            }
        };
        Self { source: Arc::clone(source), entries, fault }
    }

    /// The last entry of a kind for a packet.
    #[must_use]
    pub fn last(&self, wp_id: &str, kind: &str) -> Option<&GateEntry> {
        self.entries.iter().rev().find(|entry| entry.wp_id == wp_id && entry.kind == kind)
    }

    /// Where a text first stands in the file, for findings about an entry.
    #[must_use]
    pub fn find(&self, needle: &str) -> Span {
        let quoted = format!("\"{needle}\"");
        self.source.text().find(&quoted).map_or_else(
            || self.source.line_span(1).unwrap_or_default(),
            |at| Span::new(at, at + quoted.len()),
        )
    }
}
