//! The only doors to the outside: git, files, the clock, processes and the
//! environment. Every other room gets data.
#![expect(clippy::disallowed_methods, reason = "this room is where the doors are")]

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
