//! Operations: the only way to start a program of the repository or to write its files.
//! An operation is planned, passes six gates, runs in an engine, and its result is
//! checked; each of these leaves entries in the ledger.

pub(crate) mod conformance;
mod document;
mod envelope;
mod environment;
mod gate;
mod operation;
mod process;
mod registry;
mod result;
mod session;

pub(crate) use document::{ApplyError, WriteAccess};
pub(crate) use envelope::{EngineResult, GateDenial, schema};
pub(crate) use process::{ProcessError, ProcessOutput, ProcessRequest};
pub(crate) use registry::MAX_LOG_BYTES;
pub(crate) use session::{Bus, Denied};
