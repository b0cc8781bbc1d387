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
mod completeness;
mod corpus;
mod corpus_check;
mod demo;
mod dependencies;
mod documents;
mod evasion;
mod evidence;
mod fix;
mod fixtures;
mod formats;
mod fuzz;
mod generated;
mod guarantees;
mod hostile;
mod interrupted;
#[cfg(feature = "ssh")]
mod keys;
mod lexers;
mod manifest;
mod precision;
mod properties;
mod scans;
mod schema;
mod seeds;
mod steps;
mod support;
mod tutorial;
mod validation;
mod worlds;
