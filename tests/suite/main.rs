//! Integration tests: one module for each subject. They use the built program
//! and the public API of the library. `tests/fixtures` tests the fixtures.
#![allow(unreachable_pub, reason = "a program exports nothing; `pub` means public in its module")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests stop at the first unexpected thing, and write files and start programs themselves"
)]

mod after_merge;
mod approvals;
mod architecture;
mod barriers;
#[cfg(unix)]
mod ci_files;
mod cli;
mod completeness;
mod configuration;
mod conformance;
mod corpus_check;
mod demo;
mod dependencies;
mod documents;
mod evasion;
mod evidence;
mod examples;
mod exempt;
mod first_steps;
mod fix;
mod formats;
mod guarantees;
mod hostile;
mod hosts;
mod interrupted;
#[cfg(feature = "ssh")]
mod keys;
mod language;
#[cfg(feature = "ledger")]
mod ledger;
mod local_disks;
mod manifest;
mod minimal_packet;
mod not_run;
mod output_files;
mod products;
mod products_of_files;
mod public_api;
mod reading;
mod readme;
mod record_files;
#[cfg(feature = "ssh")]
mod rewritten_branches;
#[cfg(feature = "ssh")]
mod roles;
mod scan_areas;
mod scan_kinds;
mod scan_subjects;
mod scan_test_code;
mod scans;
mod schema;
mod schema_history;
mod shared_records;
#[cfg(feature = "ssh")]
mod signed_inside;
mod standard;
mod standing;
mod steps;
mod support;
#[cfg(feature = "ledger")]
mod tool_bus;
mod trusted_revision;
mod tutorial;
mod typed_contracts;
mod unknown_main;
#[cfg(feature = "ledger")]
mod usage;
mod validation;
mod verify;
mod withdrawn;
