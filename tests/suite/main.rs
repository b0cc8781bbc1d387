//! One integration binary; one module a subject.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests stop at the first thing that is not as expected, and lay out files and programs themselves"
)]

mod approvals;
mod architecture;
mod cli;
mod configuration;
mod completeness;
mod corpus_check;
mod demo;
mod dependencies;
mod documents;
mod evasion;
mod evidence;
mod examples;
mod fix;
mod formats;
mod guarantees;
mod hostile;
mod interrupted;
#[cfg(feature = "ssh")]
mod keys;
mod language;
mod manifest;
mod not_run;
mod public_api;
mod scans;
mod schema;
mod schema_history;
mod steps;
mod support;
mod tutorial;
mod validation;
