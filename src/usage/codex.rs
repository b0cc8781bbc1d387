//! Rollouts of Codex: one JSON document a line. They are observed, not specified.
//!
//! Counts are totals of the session so far. Events are repeated with the same total; a
//! smaller total starts anew; a session that was forked starts with the history of its
//! parent.

use std::io::{self, BufRead};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::lines::{count, for_each_line};
use super::tokens::{Agent, ModelCall, Quality, Tokens};

#[derive(Deserialize)]
struct RolloutLine<'a> {
    timestamp: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Meta {
    id: Option<String>,
    timestamp: Option<String>,
    cwd: Option<String>,
    forked_from_id: Option<String>,
    parent_thread_id: Option<String>,
    git: Option<Git>,
}

#[derive(Deserialize)]
struct Git {
    branch: Option<String>,
}

#[derive(Deserialize)]
struct Context {
    cwd: Option<String>,
    model: Option<String>,
    effort: Option<String>,
}

#[derive(Deserialize)]
struct EventMessage {
    #[serde(rename = "type")]
    kind: Option<String>,
    info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    total_token_usage: Option<Counts>,
    last_token_usage: Option<Counts>,
}

/// Counts of a session: what was read from a cache is part of the input.
#[expect(clippy::struct_field_names, reason = "the names of the log")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
struct Counts {
    #[serde(default, deserialize_with = "signed_count")]
    input_tokens: i64,
    #[serde(default, deserialize_with = "signed_count")]
    cached_input_tokens: i64,
    #[serde(default, deserialize_with = "signed_count")]
    cache_write_input_tokens: i64,
    #[serde(default, deserialize_with = "signed_count")]
    output_tokens: i64,
}

fn signed_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    count(deserializer).map(|number| i64::try_from(number).unwrap_or(0))
}

impl Counts {
    fn minus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_sub(other.input_tokens),
            cached_input_tokens: self.cached_input_tokens.saturating_sub(other.cached_input_tokens),
            cache_write_input_tokens: self
                .cache_write_input_tokens
                .saturating_sub(other.cache_write_input_tokens),
            output_tokens: self.output_tokens.saturating_sub(other.output_tokens),
        }
    }

    fn sum(self) -> i64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    fn tokens(self) -> Tokens {
        let whole = |number: i64| u64::try_from(number).unwrap_or(0);
        let (cached, written) = (whole(self.cached_input_tokens), whole(self.cache_write_input_tokens));
        Tokens {
            input: whole(self.input_tokens).saturating_sub(cached).saturating_sub(written),
            output: whole(self.output_tokens),
            cache_read: cached,
            cache_write: written,
            cache_write_1h: 0,
        }
    }
}

/// Which rules apply. All of them do; the tests switch one off to show what it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodexRules {
    /// An event that repeats a total adds nothing.
    pub ignores_repeats: bool,
    /// The history of a parent is no usage of its fork.
    pub subtracts_parents: bool,
}

impl Default for CodexRules {
    fn default() -> Self {
        Self { ignores_repeats: true, subtracts_parents: true }
    }
}

/// Reads one rollout.
#[derive(Debug, Default)]
struct Session {
    rules: CodexRules,
    id: String,
    folder: String,
    branch: Option<String>,
    model: Option<String>,
    effort: Option<String>,
    /// When a fork was created; events up to then, or at once after it, repeat its parent.
    forked_at: Option<String>,
    total: Option<Counts>,
    calls: Vec<ModelCall>,
}

/// Returns the calls of one rollout, also those before a part that cannot be read. `name`
/// is the id of a session without one.
pub(super) fn read(input: impl BufRead, name: &str) -> (Vec<ModelCall>, io::Result<()>) {
    read_with(input, name, CodexRules::default())
}

pub(super) fn read_with(
    input: impl BufRead,
    name: &str,
    rules: CodexRules,
) -> (Vec<ModelCall>, io::Result<()>) {
    let mut session = Session { rules, id: name.to_owned(), ..Session::default() };
    let ended = for_each_line(input, |line| session.read_line(line));
    (session.calls, ended)
}

impl Session {
    fn read_line(&mut self, line: &[u8]) {
        let is_wanted = [&b"token_count"[..], b"turn_context", b"session_meta", b"turn.completed"]
            .iter()
            .any(|word| memchr::memmem::find(line, word).is_some());
        if !is_wanted {
            return;
        }
        let Ok(line) = serde_json::from_slice::<RolloutLine<'_>>(line) else { return };
        let at = line.timestamp.unwrap_or_default();
        let payload = line.payload.map_or("null", RawValue::get);
        match line.kind.as_deref() {
            Some("session_meta") => {
                if let Ok(meta) = serde_json::from_str::<Meta>(payload) {
                    self.start(meta, &at);
                }
            }
            Some("turn_context") => {
                if let Ok(context) = serde_json::from_str::<Context>(payload) {
                    self.model = context.model.or(self.model.take());
                    self.effort = context.effort.or(self.effort.take());
                    self.folder = context.cwd.unwrap_or_else(|| std::mem::take(&mut self.folder));
                }
            }
            Some("event_msg") => {
                if let Ok(EventMessage { kind: Some(kind), info: Some(info) }) = serde_json::from_str(payload)
                    && kind == "token_count"
                {
                    self.count(&info, &at);
                }
            }
            // The output of a run without a terminal: each turn counts itself.
            Some("turn.completed") => {
                if let Some(usage) = line.usage {
                    self.add(usage, &at);
                }
            }
            _ => {}
        }
    }

    /// The first line describes the session; a fork repeats that of its parent behind it.
    fn start(&mut self, meta: Meta, at: &str) {
        if !self.folder.is_empty() {
            return;
        }
        self.id = meta.id.unwrap_or_else(|| std::mem::take(&mut self.id));
        self.folder = meta.cwd.unwrap_or_default();
        self.branch = meta.git.and_then(|git| git.branch).filter(|branch| !branch.is_empty());
        if meta.forked_from_id.is_some() || meta.parent_thread_id.is_some() {
            let created = meta.timestamp.unwrap_or_else(|| at.to_owned());
            self.forked_at = Some(created);
        }
    }

    fn count(&mut self, info: &Info, at: &str) {
        let Some(total) = info.total_token_usage else {
            // Old versions have no totals.
            if let Some(last) = info.last_token_usage {
                self.add(last, at);
            }
            return;
        };
        if let Some(created) = self.forked_at.as_ref().filter(|_| self.rules.subtracts_parents) {
            if is_replay(at, created) {
                self.total = Some(total);
                return;
            }
            // Nothing of the parent was repeated: what is not the first call is the parent's.
            if self.total.is_none()
                && let Some(last) = info.last_token_usage
            {
                self.total = Some(total.minus(last));
            }
        }
        let delta = match self.total {
            Some(before) if before == total && self.rules.ignores_repeats => return,
            // A smaller total is the first of a new count.
            Some(before) if total.sum() < before.sum() => total,
            Some(before) if self.rules.ignores_repeats => total.minus(before),
            Some(_) | None => match info.last_token_usage {
                Some(last) if !self.rules.ignores_repeats => last,
                _ => total,
            },
        };
        self.total = Some(total);
        self.add(delta, at);
    }

    fn add(&mut self, delta: Counts, at: &str) {
        self.calls.push(ModelCall {
            id: format!("{}:{}", self.id, self.calls.len() + 1),
            log: None,
            agent: Agent::Codex,
            session: self.id.clone(),
            at: at.to_owned(),
            model: self.model.clone(),
            tokens: delta.tokens(),
            quality: Quality::Measured,
            folder: self.folder.clone(),
            branch: self.branch.clone(),
            is_sidechain: self.forked_at.is_some(),
            role: None,
            effort: self.effort.clone(),
        });
    }
}

/// A history is written at once when a session is forked; a call of a model takes longer.
const REPLAY: jiff::SignedDuration = jiff::SignedDuration::from_secs(3);

/// Returns whether an event of a fork repeats the history of its parent.
fn is_replay(at: &str, created: &str) -> bool {
    match (at.parse::<jiff::Timestamp>(), created.parse::<jiff::Timestamp>()) {
        (Ok(at), Ok(created)) => at.duration_since(created) <= REPLAY,
        _ => false,
    }
}
