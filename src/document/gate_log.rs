//! The orchestrator's gate log (JSON): REFINEMENT, SIGNATURE and PREPARE
//! entries.

use std::sync::Arc;

use crate::text::{Edit, Source, Span, Spanned};

use super::Fault;
use super::json::{self, JsonNode};
use super::json_edit::{append_item_edit, format_object};
use super::validator_state::first_char_span;

/// One entry of the log; fields that a kind does not have are absent.
#[derive(Debug, Clone)]
pub struct GateEntry {
    /// The whole entry.
    pub span: Span,
    /// The packet.
    pub wp_id: Option<Spanned<String>>,
    /// `REFINEMENT`, `SIGNATURE` or `PREPARE`.
    pub kind: Option<Spanned<String>>,
    /// The signature of a SIGNATURE entry.
    pub signature: Option<Spanned<String>>,
    /// RFC 3339 time.
    pub timestamp: Option<Spanned<String>>,
    /// The refinement of a REFINEMENT or SIGNATURE entry.
    pub refinement_path: Option<Spanned<String>>,
    /// SHA-256 of the refinement's bytes at a REFINEMENT.
    pub refinement_sha256: Option<Spanned<String>>,
    /// SHA-1 of the specification at a REFINEMENT.
    pub spec_target_sha1: Option<Spanned<String>>,
    /// The branch of a PREPARE.
    pub branch: Option<Spanned<String>>,
    /// The worktree of a PREPARE, relative.
    pub worktree_dir: Option<Spanned<String>>,
    /// Who prepared.
    pub coder_id: Option<Spanned<String>>,
    /// Keys of the entry whose values are no strings.
    pub non_string_keys: Vec<Spanned<String>>,
}

/// The keys of an entry, all of them strings.
const KEYS: [&str; 12] = [
    "wpId",
    "type",
    "signature",
    "timestamp",
    "refinement_path",
    "refinement_sha256",
    "spec_target_resolved",
    "spec_target_sha1",
    "turn_token",
    "branch",
    "worktree_dir",
    "coder_id",
];

/// The text of an optional field; empty where there is none.
#[must_use]
pub fn text_or_empty(field: &Option<Spanned<String>>) -> &str {
    field.as_ref().map_or("", |field| field.value.as_str())
}

impl GateEntry {
    fn read(node: &JsonNode) -> Self {
        let text = |key: &str| node.get_text(key);
        // Keys that no reader knows may hold anything.
        let known = |key: &str| KEYS.contains(&key);
        let odd = node.members().iter().filter(|(key, value)| known(&key.value) && value.text().is_none());
        Self {
            span: node.span,
            wp_id: text("wpId"),
            kind: text("type"),
            signature: text("signature"),
            timestamp: text("timestamp"),
            refinement_path: text("refinement_path"),
            refinement_sha256: text("refinement_sha256"),
            spec_target_sha1: text("spec_target_sha1"),
            branch: text("branch"),
            worktree_dir: text("worktree_dir"),
            coder_id: text("coder_id"),
            non_string_keys: odd.map(|(key, _)| key.clone()).collect(),
        }
    }

    /// Where a finding about the entry points: at the packet it names, or at
    /// its start.
    #[must_use]
    pub fn anchor_span(&self) -> Span {
        self.wp_id.as_ref().map_or_else(|| first_char_span(self.span), |id| id.span)
    }
}

/// The gate log as it was read.
#[derive(Debug)]
pub struct GateLog {
    /// Its text.
    pub source: Arc<Source>,
    /// Its entries, in order.
    pub entries: Vec<GateEntry>,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// The list `gate_logs` itself.
    list: Option<JsonNode>,
}

impl GateLog {
    /// The edit that adds an entry of these members at the end; `None` if
    /// there is no list to add it to.
    #[must_use]
    pub fn append_entry_edit(&self, members: &[(&str, &str)]) -> Option<Edit> {
        append_item_edit(self.source.text(), self.list.as_ref()?, &|indent, ending| {
            format_object(members, indent, ending)
        })
    }

    /// Reads a log. Never fails; what is no log is a fault.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let parsed = json::parse(source.text());
        let mut log =
            Self { source: Arc::clone(source), entries: Vec::new(), faults: parsed.faults, list: None };
        let Some(root) = parsed.value else { return log };
        log.faults.extend(json::unknown_key_faults(&root, &["gate_logs", "version"]));
        let mut fault = |span: Span, message: &str| {
            log.faults.push(Fault { rule: "record/json", message: message.into(), span });
        };
        match root.get("gate_logs") {
            Some(list) if matches!(list.value, json::JsonValue::Array(_)) => {
                log.list = Some(list.clone());
                for node in list.items() {
                    if matches!(node.value, json::JsonValue::Object(_)) {
                        log.entries.push(GateEntry::read(node));
                    } else {
                        fault(node.span, "an entry of the log is an object");
                    }
                }
            }
            Some(other) => fault(other.span, "`gate_logs` is no list"),
            None => fault(first_char_span(root.span), "there is no `gate_logs`"),
        }
        log
    }

    /// The earliest readable time of a packet's entries of a kind.
    #[must_use]
    pub fn earliest_time(&self, wp_id: &str, kind: &str) -> Option<jiff::Timestamp> {
        let of =
            |entry: &&GateEntry| text_or_empty(&entry.wp_id) == wp_id && text_or_empty(&entry.kind) == kind;
        self.entries.iter().filter(of).filter_map(|entry| text_or_empty(&entry.timestamp).parse().ok()).min()
    }

    /// Whether a packet's last entry of one kind stands before its last one of
    /// another; `None` if one of them is missing.
    #[must_use]
    pub fn is_before(&self, wp_id: &str, first: &str, then: &str) -> Option<bool> {
        Some(self.last_entry(wp_id, first)?.span.start < self.last_entry(wp_id, then)?.span.start)
    }

    /// The last entry of a kind for a packet.
    #[must_use]
    pub fn last_entry(&self, wp_id: &str, kind: &str) -> Option<&GateEntry> {
        let of =
            |entry: &&GateEntry| text_or_empty(&entry.wp_id) == wp_id && text_or_empty(&entry.kind) == kind;
        self.entries.iter().rev().find(of)
    }
}
