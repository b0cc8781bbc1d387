//! From a report to bytes; one file a format.

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
mod rules;
mod sarif;
pub mod show;

pub use format::Format;
pub use rules::{explain_rule, explain_scan_rule, rules_markdown, scan_rules_markdown};
