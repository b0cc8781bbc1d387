//! Operations: the only way to start a program of the repository or to write its files.
//! An operation is planned, passes six gates, runs in an engine, and its result is
//! checked; each of these leaves entries in the ledger.

mod caches;
mod confinement;
mod conformance;
mod document;
mod envelope;
mod environment;
mod gate;
mod golden;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
mod model;
mod operation;
mod process;
mod registry;
mod result;
mod session;

pub(crate) use conformance::ConformanceCase;
pub(crate) use document::{ApplyError, WriteAccess};
#[cfg(test)]
pub(crate) use envelope::schema as operation_schema;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
#[cfg_attr(not(feature = "llm"), allow(unused_imports))]
pub(crate) use model::{Connect, ModelError, ModelRequest};
pub(crate) use process::{ProcessError, ProcessOutput, ProcessRequest};
pub(crate) use registry::MAX_LOG_BYTES;
pub(crate) use session::Bus;

/// Runs the conformance suite: every vector, and every engine for real in an empty folder.
#[must_use]
pub(crate) fn check_conformance(folder: &std::path::Path) -> Vec<ConformanceCase> {
    let mut cases = conformance::run();
    cases.extend(golden::run(folder));
    cases
}
