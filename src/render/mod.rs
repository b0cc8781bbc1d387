//! Renders reports as text; one file per format.

mod assist;
mod format;
mod github;
mod gitlab;
pub(crate) mod human;
pub(crate) mod json;
mod junit;
#[cfg(feature = "ledger")]
pub(crate) mod ledger;
pub(crate) mod listing;
pub(crate) mod location;
mod markdown;
pub(crate) mod model;
mod packet;
mod profiles;
mod remedy;
mod rules;
mod sarif;
pub(crate) mod show;
mod style;
mod summary;
#[cfg(feature = "ledger")]
pub(crate) mod usage;

#[cfg(test)]
#[cfg(all(feature = "ledger", feature = "ssh"))]
mod assist_tests;
#[cfg(test)]
mod tests;

pub use format::Format;

/// The remarks of a model as text, for a format that has no place for them.
#[cfg(feature = "llm")]
#[must_use]
pub(crate) fn assist_beside(format: Format, report: &crate::finding::Report) -> Option<String> {
    let has_place = matches!(format, Format::Human | Format::Json | Format::Markdown);
    report.run.assist.as_ref().filter(|_| !has_place).map(assist::render_human)
}
pub(crate) use profiles::profiles_markdown;
pub(crate) use remedy::fill_packet_id;
pub(crate) use rules::{explain_rule, explain_scan_rule, rules_markdown, scan_rules_markdown};
