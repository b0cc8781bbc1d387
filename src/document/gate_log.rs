//! The orchestrator's gate log (JSON): REFINEMENT, SIGNATURE and PREPARE
//! entries.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::text::{Edit, Source, Span, Spanned};

use super::Fault;
use super::joined::{Joined, Shift, append_shifted, read_joined};
use super::json::{self, JsonNode};
use super::json_edit::{ListPlace, format_object};
use super::validator_state::first_char_span;

/// One entry of the gate log; a field is `None` if the entry does not have it.
#[derive(Debug, Clone)]
pub struct GateEntry {
    /// The whole entry.
    pub span: Span,
    /// Id of the packet.
    pub wp_id: Option<Spanned<String>>,
    /// `REFINEMENT`, `SIGNATURE` or `PREPARE`.
    pub kind: Option<Spanned<String>>,
    /// The signature of a SIGNATURE entry.
    pub signature: Option<Spanned<String>>,
    /// RFC 3339 time.
    pub timestamp: Option<Spanned<String>>,
    /// The refinement of a REFINEMENT or SIGNATURE entry.
    pub refinement_path: Option<Spanned<String>>,
    /// SHA-256 of the refinement's bytes, in a REFINEMENT entry.
    pub refinement_sha256: Option<Spanned<String>>,
    /// The pointer and the specification that it led to, in a REFINEMENT entry.
    pub spec_target_resolved: Option<Spanned<String>>,
    /// The text with which the refinement ended, in a REFINEMENT entry.
    pub turn_token: Option<Spanned<String>>,
    /// SHA-1 of the specification, in a REFINEMENT entry.
    pub spec_target_sha1: Option<Spanned<String>>,
    /// The branch of a PREPARE entry.
    pub branch: Option<Spanned<String>>,
    /// The worktree folder of a PREPARE entry, a relative path.
    pub worktree_dir: Option<Spanned<String>>,
    /// The coder of a PREPARE entry.
    pub coder_id: Option<Spanned<String>>,
    /// Known keys of the entry whose values are not strings.
    pub non_string_keys: Vec<Spanned<String>>,
}

/// Known keys of an entry; the values of all are strings.
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

/// Returns the text of an optional field; empty if the field is absent.
#[must_use]
pub(crate) fn text_or_empty(field: Option<&Spanned<String>>) -> &str {
    field.map_or("", |field| field.value.as_str())
}

impl GateEntry {
    fn read(node: &JsonNode) -> Self {
        let text = |key: &str| node.get_text(key);
        // The format does not restrict the values of unknown keys.
        let known = |key: &str| KEYS.contains(&key);
        let non_strings =
            node.members().iter().filter(|(key, value)| known(&key.value) && value.text().is_none());
        Self {
            span: node.span,
            wp_id: text("wpId"),
            kind: text("type"),
            signature: text("signature"),
            timestamp: text("timestamp"),
            refinement_path: text("refinement_path"),
            refinement_sha256: text("refinement_sha256"),
            spec_target_resolved: text("spec_target_resolved"),
            turn_token: text("turn_token"),
            spec_target_sha1: text("spec_target_sha1"),
            branch: text("branch"),
            worktree_dir: text("worktree_dir"),
            coder_id: text("coder_id"),
            non_string_keys: non_strings.map(|(key, _)| key.clone()).collect(),
        }
    }

    /// Returns the span for findings about the entry: the packet id, or the
    /// entry's first character.
    #[must_use]
    pub fn anchor_span(&self) -> Span {
        self.wp_id.as_ref().map_or_else(|| first_char_span(self.span), |id| id.span)
    }
}

impl Shift for GateEntry {
    fn shift(&mut self, by: usize) {
        self.span.shift(by);
        let texts = [
            &mut self.wp_id,
            &mut self.kind,
            &mut self.signature,
            &mut self.timestamp,
            &mut self.refinement_path,
            &mut self.refinement_sha256,
            &mut self.spec_target_resolved,
            &mut self.turn_token,
            &mut self.spec_target_sha1,
            &mut self.branch,
            &mut self.worktree_dir,
            &mut self.coder_id,
        ];
        texts.into_iter().for_each(|text| text.shift(by));
        self.non_string_keys.shift(by);
    }
}

/// The gate log with its entries.
#[derive(Debug)]
pub struct GateLog {
    /// Text of the log.
    pub source: Arc<Source>,
    /// Entries, in order.
    pub entries: Vec<GateEntry>,
    /// Mistakes that the reader found.
    pub faults: Vec<Fault>,
    /// The list `gate_logs` of the first file; `None` if it has no such list.
    list: Option<ListPlace>,
    /// Positions of the last entries by packet and kind; computed when they are first needed.
    last: OnceLock<HashMap<(String, String), usize>>,
}

impl GateLog {
    /// Returns the edit that appends an entry with these members; `None` if
    /// the file has no list `gate_logs`.
    #[must_use]
    pub fn append_entry_edit(&self, members: &[(&str, &str)]) -> Option<Edit> {
        let item = |indent: &str, ending: &str| format_object(members, indent, ending);
        Some(self.list?.append_edit(self.source.text(), &item))
    }

    /// Reads a log of one or of several files. Never fails; mistakes become faults.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        read_joined(source)
    }

    /// Returns the earliest time among a packet's entries of a kind; `None` if
    /// none of them has a valid RFC 3339 time.
    #[must_use]
    pub fn earliest_time(&self, wp_id: &str, kind: &str) -> Option<jiff::Timestamp> {
        let matches = |entry: &&GateEntry| {
            text_or_empty(entry.wp_id.as_ref()) == wp_id && text_or_empty(entry.kind.as_ref()) == kind
        };
        let entries = self.entries.iter().filter(matches);
        entries.filter_map(|entry| text_or_empty(entry.timestamp.as_ref()).parse().ok()).min()
    }

    /// Returns whether a packet's last entry of kind `first` precedes its last
    /// entry of kind `then` in the file; `None` if one of them is missing.
    #[must_use]
    pub fn is_before(&self, wp_id: &str, first: &str, then: &str) -> Option<bool> {
        Some(self.last_entry(wp_id, first)?.span.start < self.last_entry(wp_id, then)?.span.start)
    }

    /// Returns a packet's last entry of a kind.
    #[must_use]
    pub fn last_entry(&self, wp_id: &str, kind: &str) -> Option<&GateEntry> {
        let last = self.last.get_or_init(|| {
            let text = |text: Option<&Spanned<String>>| text_or_empty(text).to_owned();
            let key = |entry: &GateEntry| (text(entry.wp_id.as_ref()), text(entry.kind.as_ref()));
            self.entries.iter().enumerate().map(|(at, entry)| (key(entry), at)).collect()
        });
        last.get(&(wp_id.to_owned(), kind.to_owned())).and_then(|at| self.entries.get(*at))
    }
}

impl Joined for GateLog {
    fn append(&mut self, other: Self, offset: usize) {
        self.last = OnceLock::new();
        append_shifted(&mut self.entries, other.entries, offset);
        append_shifted(&mut self.faults, other.faults, offset);
    }

    fn set_source(&mut self, source: &Arc<Source>) {
        self.source = Arc::clone(source);
    }

    fn read_file(source: &Arc<Source>) -> Self {
        let parsed = json::parse(source.text());
        let mut log = Self {
            source: Arc::clone(source),
            entries: Vec::new(),
            faults: parsed.faults,
            list: None,
            last: OnceLock::new(),
        };
        let Some(root) = parsed.value else { return log };
        log.faults.extend(json::unknown_key_faults(&root, &["gate_logs", "version"]));
        let mut fault = |span: Span, message: &str| {
            log.faults.push(Fault { rule: "record/json", message: message.into(), span });
        };
        match root.get("gate_logs") {
            Some(list) if matches!(list.value, json::JsonValue::Array(_)) => {
                log.list = ListPlace::of(list);
                for node in list.items() {
                    if matches!(node.value, json::JsonValue::Object(_)) {
                        log.entries.push(GateEntry::read(node));
                    } else {
                        let found = node.type_name();
                        fault(node.span, &format!("an entry must be an object; this is {found}"));
                    }
                }
            }
            Some(other) => {
                fault(other.span, &format!("`gate_logs` must be a list; this is {}", other.type_name()));
            }
            None => fault(first_char_span(root.span), "the key `gate_logs` is missing"),
        }
        log
    }
}
