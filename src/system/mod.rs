//! All I/O of the crate: git, files, the clock, processes and environment
//! variables. Every other module works on data that it receives.
#![expect(clippy::disallowed_methods, reason = "this module contains all I/O")]

pub mod clock;
pub mod environment;
pub mod files;
pub mod folder;
pub mod git;
pub mod ignores;
pub mod process;
pub mod ssh_agent;
pub mod transaction;
pub mod walk;
