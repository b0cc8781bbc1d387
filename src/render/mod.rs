//! Renders reports as text; one file per format.

mod format;
mod github;
mod gitlab;
pub mod human;
pub mod json;
mod junit;
pub mod listing;
pub mod location;
mod markdown;
pub mod model;
mod packet;
mod remedy;
mod rules;
mod sarif;
pub mod show;
mod style;
mod summary;

#[cfg(test)]
mod tests;

pub use format::Format;
pub(crate) use remedy::fill_packet_id;
pub use rules::{explain_rule, explain_scan_rule, rules_markdown, scan_rules_markdown};
