//! `packet/…`: the packet exists, can be read, and is complete.

pub(super) mod closure;
pub(super) mod fields;
pub(super) mod force;
pub(super) mod format;
pub(super) mod handoff;
pub(super) mod identity;
mod leftovers;
pub(super) mod lineage;
pub(super) mod merged;
mod passed;
pub(super) mod report;
mod report_files;
mod report_origin;
pub(super) mod report_part;
pub(super) mod search;
mod signatures;
pub(super) mod template_text;
pub(super) mod unread;

use crate::check::{CheckResult, context::PacketCheckContext};
use crate::rule::Rule;

/// Rules about parts that only a packet in Markdown has.
const MARKDOWN_ONLY: [&str; 5] = [
    "packet/claim",
    "packet/spec-reference",
    "packet/lineage",
    "packet/manifest-template",
    "phase/bootstrap",
];

/// Returns whether a rule demands parts of the packet template. The Markdown next to a
/// typed contract is generated from it and has other parts.
#[must_use]
pub(crate) fn demands_template(rule: &Rule) -> bool {
    let id = rule.id.as_str();
    MARKDOWN_ONLY.contains(&id) || matches!(id, "packet/section" | "packet/field")
}

/// Runs a check of a packet; rules about parts of a Markdown document are skipped for a
/// packet that is only a typed contract.
pub(crate) fn run_check(
    check: fn(&PacketCheckContext<'_>, &Rule) -> CheckResult,
    input: &PacketCheckContext<'_>,
    rule: &Rule,
) -> CheckResult {
    if input.packet.contract.is_some() && MARKDOWN_ONLY.contains(&rule.id.as_str()) {
        return CheckResult::skipped("a typed contract has no such part");
    }
    check(input, rule)
}
