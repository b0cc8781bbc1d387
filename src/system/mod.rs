//! All I/O of the crate: git, files, the clock, processes and environment
//! variables. Every other module works on data that it receives.
#![expect(clippy::disallowed_methods, reason = "this module contains all I/O")]

pub(crate) mod clock;
pub(crate) mod confine;
pub(crate) mod environment;
pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod git;
#[cfg(feature = "llm")]
pub(crate) mod http;
pub(crate) mod ignores;
mod listing;
pub(crate) mod parallel;
pub(crate) mod process;
#[cfg(feature = "ledger")]
pub(crate) mod process_identity;
pub(crate) mod process_usage;
pub(crate) mod raw_file;
pub(crate) mod ssh_agent;
pub(crate) mod transaction;
pub(crate) mod user_state;
pub(crate) mod walk;
pub(crate) mod wildmatch;
