//! From a report to bytes; one file a format.

pub mod human;
pub mod json;
pub mod listing;
pub mod model;
mod packet;
mod rules;
pub mod show;

pub use rules::{explain, rules_markdown};

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a person at a terminal.
    Human,
    /// `countersign.report/v1`.
    Json,
}
