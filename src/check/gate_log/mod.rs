//! `gate-log/…`: the orchestrator's log is complete and in order.

pub(super) mod entry;
pub(super) mod order;

use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::Body;
use crate::document::gate_log::GateLog;

/// The gate log that a document is.
fn log<'a>(input: &'a DocumentInput<'_>) -> Result<&'a GateLog, Verdict> {
    match &input.document.body {
        Body::GateLog(log) => Ok(log),
        _ => Err(Verdict::skipped("not a gate log")),
    }
}
