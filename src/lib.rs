//! Keeps coding work inside its written contract.
//!
//! A contract is a **task packet**: a Markdown file that names its scope, its
//! test plan, what done means, who signed it, and the hashes of what changed.
//! This library reads such documents, compares them with what git and the
//! test runner say really happened, and reports every check with its outcome.
//!
//! The rooms, from the bottom up; each uses only rooms above it in this list
//! (`tests/suite/architecture.rs` enforces it):
//!
//! - [`text`]: bytes with positions, and untrusted text made printable.
//! - [`digest`]: hashes, and which wrong hash one is.
//! - [`finding`]: what can be said about work.
//! - [`document`]: pure readers that keep spans and never fail.
//! - [`rule`]: rules as data.
//! - [`change`]: the change under judgement, as data.
//! - [`scan`]: patterns in source files, matched where they mean something.
//! - [`check`]: pure functions from data to findings.
//! - [`config`]: the file `countersign.yaml`.
//! - [`system`]: the only doors to git, files, clock, processes, environment.
//! - [`gate`]: which checks make a gate, and what they are shown.
//! - [`engine`]: a gate with its steps.
//! - [`workflow`]: commands that write.
//! - [`render`]: reports as bytes.
//! - [`cli`]: the command line.

pub mod change;
pub mod check;
pub mod cli;
pub mod config;
pub mod digest;
pub mod document;
pub mod finding;
pub mod pipeline;
pub mod render;
pub mod rule;
pub mod scan;
pub mod system;
pub mod text;
pub mod workflow;
