//! The validator's gate state (JSON): one session a packet, in gates that
//! follow each other (FORMATS, "State files").

use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::Fault;
use super::json::{self, JsonNode};

/// The gates of a session, in their order.
pub const GATES: [&str; 4] = ["REPORT_PRESENTED", "USER_ACKNOWLEDGED", "WP_APPENDED", "COMMITTED"];

/// One gate that a session went through.
#[derive(Debug, Clone)]
pub struct PassedGate {
    /// The gate's name, as written.
    pub gate: Spanned<String>,
    /// The verdict that was recorded with it.
    pub verdict: Option<Spanned<String>>,
    /// When, as written.
    pub at: Option<Spanned<String>>,
    /// Who passed it.
    pub by: Option<Spanned<String>>,
    /// How many reports the packet held when it was passed.
    pub reports: Option<Spanned<String>>,
    /// What ties it to the gate before: see [`link`].
    pub chain: Option<Spanned<String>>,
}

impl PassedGate {
    /// What its chain must be behind the one before.
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

/// The chain before the first gate of the first session.
pub const CHAIN_START: &str = "";

/// Ties a gate to the one before: SHA-256 over the chain before it and its
/// packet, name, verdict, time and identity, and the number of reports where
/// there is one, each behind its length.
#[must_use]
pub fn chain_hash(before: &str, fields: &[&str]) -> String {
    let mut text = before.to_owned();
    fields.iter().for_each(|field| text.push_str(&format!("\n{}:{field}", field.len())));
    crate::digest::sha256_hex(text.as_bytes())
}

/// One session.
#[derive(Debug, Clone)]
pub struct ValidatorSession {
    /// The key that it stands under; archived sessions have none.
    pub key: Option<Spanned<String>>,
    /// `wpId`.
    pub wp_id: Option<Spanned<String>>,
    /// `verdict`.
    pub verdict: Option<Spanned<String>>,
    /// `status`: the gate that was reached.
    pub status: Option<Spanned<String>>,
    /// The gates, in order.
    pub gates: Vec<PassedGate>,
    /// The whole session.
    pub span: Span,
}

impl ValidatorSession {
    /// The packet: the session's own word for it, or the key it stands under.
    #[must_use]
    pub fn packet(&self) -> Option<&str> {
        self.wp_id.as_ref().or(self.key.as_ref()).map(|id| id.value.as_str())
    }

    /// Whether a gate was reached.
    #[must_use]
    pub fn has_reached(&self, gate: &str) -> bool {
        self.gates.iter().any(|mark| mark.gate.value == gate)
    }
}

/// The state as it was read.
#[derive(Debug)]
pub struct ValidatorState {
    /// Its text.
    pub source: Arc<Source>,
    /// Sessions in force.
    pub sessions: Vec<ValidatorSession>,
    /// Sessions that were set aside.
    pub archived: Vec<ValidatorSession>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

impl ValidatorState {
    /// All sessions, the archived ones first: the order in which they were.
    pub fn all_sessions(&self) -> impl Iterator<Item = &ValidatorSession> {
        self.archived.iter().chain(&self.sessions)
    }

    /// The gates that a packet's sessions passed, in order: name, verdict,
    /// time, identity and number of reports.
    #[must_use]
    pub fn passed_gates(&self, wp_id: &str) -> Vec<[&str; 5]> {
        fn text(field: Option<&Spanned<String>>) -> &str {
            field.map_or("", |field| field.value.as_str())
        }
        let own = self.all_sessions().filter(|session| session.packet() == Some(wp_id));
        own.flat_map(|session| &session.gates)
            .map(|mark| {
                let name = mark.gate.value.as_str();
                let said = [&mark.verdict, &mark.at, &mark.by, &mark.reports];
                let [verdict, at, by, reports] = said.map(|field| text(field.as_ref()));
                [name, verdict, at, by, reports]
            })
            .collect()
    }

    /// Reads a state. Never fails; what is no session is a fault.
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
                        state.faults.push(fault(node.span, "a session is an object"));
                        continue;
                    }
                    state.sessions.push(read_session(node, Some(key.clone())));
                }
            }
            Some(other) => state.faults.push(fault(other.span, "`validation_sessions` is no object")),
            None => state.faults.push(fault(first_char_span(root.span), "there is no `validation_sessions`")),
        }
        match root.get("archived_sessions") {
            Some(list) if matches!(list.value, json::JsonValue::Array(_)) => {
                state.archived.extend(list.items().iter().map(|node| read_session(node, None)));
            }
            Some(other) => state.faults.push(fault(other.span, "`archived_sessions` is no list")),
            None => {}
        }
        state
    }
}

/// The first character of a value, for findings about what it lacks.
pub(super) fn first_char_span(span: Span) -> Span {
    Span::new(span.start, span.end.min(span.start + 1))
}

fn read_session(node: &JsonNode, key: Option<Spanned<String>>) -> ValidatorSession {
    let gates = node.get("gates").map(JsonNode::items).unwrap_or_default();
    let mark = |node: &JsonNode| PassedGate {
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
        gates: gates.iter().map(mark).collect(),
        span: node.span,
    }
}
