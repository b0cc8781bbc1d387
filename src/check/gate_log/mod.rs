//! `gate-log/…`: the orchestrator's log is complete and in order.

pub(super) mod entry;
pub(super) mod order;

use crate::check::CheckResult;
use crate::document::DocumentBody;
use crate::document::gate_log::GateLog;

use super::repository_documents::DocumentCheckContext;

/// The gate log that a document is.
fn log_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a GateLog, CheckResult> {
    match &input.document.body {
        DocumentBody::GateLog(log) => Ok(log),
        _ => Err(CheckResult::skipped("not a gate log")),
    }
}
