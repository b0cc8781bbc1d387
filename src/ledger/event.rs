//! Events: what happened, in the shapes of the flight recorder (section 11.5 of its
//! specification). A shape is checked when an event is written and when it is read: a
//! missing or an unknown key is an error (`HSK-400-INVALID-EVENT`).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::names::named_values;
use super::payload::Payload;
use super::shape::{InvalidEvent, is_uuid};

named_values! {
    /// Who acted.
    Actor, "actor", {
        /// A person.
        Human = "human",
        /// A coding agent.
        Agent = "agent",
        /// The program itself.
        System = "system",
    }
}

/// One event.
#[expect(clippy::struct_field_names, reason = "the names of the specification")]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Its id, a UUID.
    pub event_id: String,
    /// When it happened, RFC 3339 in UTC.
    pub timestamp: String,
    /// Who acted.
    pub actor: Actor,
    /// Name of who acted; never empty.
    pub actor_id: String,
    /// The job, if it belongs to one.
    pub job_id: Option<String>,
    /// What happened.
    pub payload: Payload,
}

/// An event as it is stored, keys in this order.
#[derive(Serialize)]
struct StoredEvent {
    #[serde(rename = "type")]
    kind: String,
    event_id: String,
    timestamp: String,
    actor: Actor,
    actor_id: String,
    job_id: Option<String>,
    payload: Value,
}

/// An event as it is read: its payload is read once its type is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundEvent<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    event_id: String,
    timestamp: String,
    actor: Actor,
    actor_id: String,
    job_id: Option<String>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

impl Event {
    /// Creates an event of this program that happens now.
    #[must_use]
    pub(crate) fn now(job_id: Option<&str>, payload: Payload) -> Self {
        Self {
            event_id: super::new_id(),
            timestamp: super::now(),
            actor: Actor::System,
            actor_id: "countersign".to_owned(),
            job_id: job_id.map(str::to_owned),
            payload,
        }
    }

    /// Returns the event's bytes, secrets removed.
    ///
    /// # Errors
    /// The shape is not valid.
    pub(crate) fn to_text(&self) -> Result<String, InvalidEvent> {
        self.validate()?;
        let mut payload = self.payload.to_value()?;
        super::redact::redact_value(&mut payload);
        let stored = StoredEvent {
            kind: self.payload.kind().to_owned(),
            event_id: self.event_id.clone(),
            timestamp: self.timestamp.clone(),
            actor: self.actor,
            actor_id: self.actor_id.clone(),
            job_id: self.job_id.clone(),
            payload,
        };
        serde_json::to_string(&stored).map_err(|error| InvalidEvent(error.to_string()))
    }

    /// Reads an event and checks its shape.
    ///
    /// # Errors
    /// A missing or unknown key, an unknown type, an invalid value.
    pub(crate) fn read(text: &str) -> Result<Self, InvalidEvent> {
        let stored: FoundEvent<'_> =
            serde_json::from_str(text).map_err(|error| InvalidEvent(error.to_string()))?;
        let event = Self {
            payload: Payload::read(&stored.kind, stored.payload.get())?,
            event_id: stored.event_id,
            timestamp: stored.timestamp,
            actor: stored.actor,
            actor_id: stored.actor_id,
            job_id: stored.job_id,
        };
        event.validate()?;
        Ok(event)
    }

    fn validate(&self) -> Result<(), InvalidEvent> {
        let wrong = |what: &str| Err(InvalidEvent(what.to_owned()));
        if !is_uuid(&self.event_id) {
            return wrong("`event_id` is not a UUID");
        }
        if self.timestamp.parse::<jiff::Timestamp>().is_err() {
            return wrong("`timestamp` is not a time in RFC 3339");
        }
        if self.actor_id.trim().is_empty() {
            return wrong("`actor_id` is empty");
        }
        if self.job_id.as_ref().is_some_and(|id| !is_uuid(id)) {
            return wrong("`job_id` is not a UUID");
        }
        if matches!(self.payload, Payload::WorkflowRecovery(_)) && self.actor != Actor::System {
            return wrong("only `system` reports a recovery");
        }
        self.payload.validate()
    }
}
