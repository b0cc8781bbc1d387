//! What happened: jobs, operations, events and problems, in one database of a repository.
//! It is memory and help, not a boundary: no verdict depends on it unless the
//! configuration says `ledger: required`.

#![cfg_attr(not(feature = "ledger"), allow(dead_code, unused_imports))]

mod event;
mod event_shapes;
mod job;
mod names;
mod payload;
mod problem;
mod record;
mod recorder;
mod redact;
mod shape;
#[cfg(feature = "ledger")]
mod store;

pub(crate) use event::{Actor, Event};
pub(crate) use event_shapes::{
    Acknowledgement, CapabilityAction, DiagnosticEvent, GateOutcome, OperationRecorded, Sealed,
    SecurityViolation, TerminalCommand, ToolCall,
};
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) use event_shapes::{CloudEscalation, InferenceTokens, LlmInference};
pub(crate) use job::{AccessMode, EntityRef, JobDescription, JobKind, JobMetrics, JobState};
pub(crate) use payload::Payload;
pub(crate) use problem::Problem;
pub(crate) use record::{JobOutcome, LedgerNote, LedgerTrouble, NewOperation, OperationEnd, Settlement};
pub(crate) use recorder::Recorder;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) use redact::redact_forms;
pub(crate) use redact::redact_value;
#[cfg(feature = "ledger")]
pub(crate) use store::{
    ChainState, EventRow, JobQuery, JobRow, LedgerError, ProblemQuery, ProblemRow, RetentionLimits,
    SealEntry, Store, StoredCall, hash_hex,
};

use crate::system::clock;

/// Returns a new id (UUID version 4): short starts of two ids differ.
#[must_use]
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Returns the current time in RFC 3339, UTC, with milliseconds.
#[must_use]
pub(crate) fn now() -> String {
    time_text(clock::now())
}

/// Returns a time as the ledger stores it: texts of two times sort like the times.
#[must_use]
pub(crate) fn time_text(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
