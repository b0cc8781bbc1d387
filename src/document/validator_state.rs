//! The validator's gate state (JSON): one session per packet, with gates in a
//! fixed order (FORMATS, "State files").

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::Fault;
use super::json::{self, JsonNode};

/// The gates of a session, in order.
pub(crate) const GATES: [&str; 4] = ["REPORT_PRESENTED", "USER_ACKNOWLEDGED", "WP_APPENDED", "COMMITTED"];

/// One gate that a session has passed.
#[derive(Debug, Clone)]
pub struct PassedGate {
    /// The gate's name, as written.
    pub gate: Spanned<String>,
    /// The verdict that was recorded with it.
    pub verdict: Option<Spanned<String>>,
    /// Time, as written.
    pub at: Option<Spanned<String>>,
    /// Person who passed it.
    pub by: Option<Spanned<String>>,
    /// Number of reports in the packet when it was passed.
    pub reports: Option<Spanned<String>>,
    /// Hash that links it to the previous gate: see [`chain_hash`].
    pub chain: Option<Spanned<String>>,
}

impl PassedGate {
    /// Returns the chain hash that this gate must have after the previous gate
    /// with the chain hash `before`.
    #[must_use]
    pub fn expected_chain(&self, before: &str, wp_id: &str) -> String {
        let text =
            |field: &Option<Spanned<String>>| field.as_ref().map_or(String::new(), |f| f.value.clone());
        let (verdict, at, by) = (text(&self.verdict), text(&self.at), text(&self.by));
        let fields = [wp_id, &self.gate.value, &verdict, &at, &by];
        let reports = self.reports.as_ref().map(|reports| reports.value.as_str());
        chain_hash(before, &fields.into_iter().chain(reports).collect::<Vec<_>>())
    }
}

/// Chain hash before the first gate of the first session.
pub(crate) const CHAIN_START: &str = "";

/// Returns the hash that links a gate to the previous one: the SHA-256 over the
/// previous chain hash and the gate's fields, each after its length in bytes.
/// The fields are packet, name, verdict, time, identity and, if recorded, the
/// number of reports.
#[must_use]
pub(crate) fn chain_hash(before: &str, fields: &[&str]) -> String {
    let mut text = before.to_owned();
    fields.iter().for_each(|field| text.push_str(&format!("\n{}:{field}", field.len())));
    crate::digest::sha256_hex(text.as_bytes())
}

/// One validation session.
#[derive(Debug, Clone)]
pub struct ValidatorSession {
    /// Key of the session in `validation_sessions`; `None` if it is archived.
    pub key: Option<Spanned<String>>,
    /// `wpId`.
    pub wp_id: Option<Spanned<String>>,
    /// `verdict`.
    pub verdict: Option<Spanned<String>>,
    /// `status`: the last gate that was reached.
    pub status: Option<Spanned<String>>,
    /// The gates, in order.
    pub gates: Vec<PassedGate>,
    /// The whole session.
    pub span: Span,
}

impl ValidatorSession {
    /// Returns the packet id: the session's `wpId`, or its key.
    #[must_use]
    pub fn packet(&self) -> Option<&str> {
        self.wp_id.as_ref().or(self.key.as_ref()).map(|id| id.value.as_str())
    }

    /// Returns whether the session has reached a gate.
    #[must_use]
    pub fn has_reached(&self, gate: &str) -> bool {
        self.gates.iter().any(|passed| passed.gate.value == gate)
    }
}

/// The validator state with its sessions.
#[derive(Debug)]
pub struct ValidatorState {
    /// Text of the state file.
    pub source: Arc<Source>,
    /// Current sessions.
    pub sessions: Vec<ValidatorSession>,
    /// Archived sessions.
    pub archived: Vec<ValidatorSession>,
    /// Mistakes that the reader found.
    pub faults: Vec<Fault>,
}

impl ValidatorState {
    /// Returns all sessions in chronological order: the archived ones first.
    pub fn all_sessions(&self) -> impl Iterator<Item = &ValidatorSession> {
        self.archived.iter().chain(&self.sessions)
    }

    /// Returns the gates that a packet's sessions passed, in order, each as name,
    /// verdict, time, identity and number of reports; empty texts if absent.
    #[must_use]
    pub fn passed_gates(&self, wp_id: &str) -> Vec<[&str; 5]> {
        self.all_passed_gates().remove(wp_id).unwrap_or_default()
    }

    /// Returns the gates that all sessions passed, by packet, each as in
    /// [`ValidatorState::passed_gates`].
    #[must_use]
    pub fn all_passed_gates(&self) -> BTreeMap<&str, Vec<[&str; 5]>> {
        fn text(field: Option<&Spanned<String>>) -> &str {
            field.map_or("", |field| field.value.as_str())
        }
        let mut out: BTreeMap<&str, Vec<[&str; 5]>> = BTreeMap::new();
        for session in self.all_sessions() {
            let Some(packet) = session.packet() else { continue };
            out.entry(packet).or_default().extend(session.gates.iter().map(|passed| {
                let others = [&passed.verdict, &passed.at, &passed.by, &passed.reports];
                let [verdict, at, by, reports] = others.map(|field| text(field.as_ref()));
                [passed.gate.value.as_str(), verdict, at, by, reports]
            }));
        }
        out
    }

    /// Reads a state. Never fails; mistakes become faults.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let parsed = json::parse(source.text());
        let mut state = Self {
            source: Arc::clone(source),
            sessions: Vec::new(),
            archived: Vec::new(),
            faults: parsed.faults,
        };
        let Some(root) = parsed.value else { return state };
        let fault = |span: Span, message: &str| Fault { rule: "record/json", message: message.into(), span };
        state.faults.extend(json::unknown_key_faults(
            &root,
            &["validation_sessions", "archived_sessions", "version"],
        ));
        match root.get("validation_sessions") {
            Some(map) if matches!(map.value, json::JsonValue::Object(_)) => {
                for (key, node) in map.members() {
                    if !matches!(node.value, json::JsonValue::Object(_)) {
                        let found = node.type_name();
                        let message = format!("a session must be an object; this is {found}");
                        state.faults.push(fault(node.span, &message));
                        continue;
                    }
                    state.sessions.push(read_session(node, Some(key.clone())));
                }
            }
            Some(other) => {
                let found = other.type_name();
                let message = format!("`validation_sessions` must be an object; this is {found}");
                state.faults.push(fault(other.span, &message));
            }
            None => {
                let message = "the key `validation_sessions` is missing";
                state.faults.push(fault(first_char_span(root.span), message));
            }
        }
        match root.get("archived_sessions") {
            Some(list) if matches!(list.value, json::JsonValue::Array(_)) => {
                state.archived.extend(list.items().iter().map(|node| read_session(node, None)));
            }
            Some(other) => {
                let found = other.type_name();
                let message = format!("`archived_sessions` must be a list; this is {found}");
                state.faults.push(fault(other.span, &message));
            }
            None => {}
        }
        state
    }
}

/// Returns the span of a value's first character, for findings about missing
/// members.
pub(super) fn first_char_span(span: Span) -> Span {
    Span::new(span.start, span.end.min(span.start + 1))
}

fn read_session(node: &JsonNode, key: Option<Spanned<String>>) -> ValidatorSession {
    let gates = node.get("gates").map(JsonNode::items).unwrap_or_default();
    let read_gate = |node: &JsonNode| PassedGate {
        gate: node.get_text("gate").unwrap_or_else(|| Spanned::new(String::new(), node.span)),
        verdict: node.get_text("verdict"),
        at: node.get_text("timestamp"),
        by: node.get_text("by"),
        reports: node.get_text("reports"),
        chain: node.get_text("chain"),
    };
    ValidatorSession {
        key,
        wp_id: node.get_text("wpId"),
        verdict: node.get_text("verdict"),
        status: node.get_text("status"),
        gates: gates.iter().map(read_gate).collect(),
        span: node.span,
    }
}
