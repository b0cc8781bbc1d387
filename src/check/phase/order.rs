//! `phase/order`: the phases stand in their order.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let order = rule.parameter("order");
    let rank = |key: &str| order.iter().position(|name| name == key);
    let mut out = Vec::new();
    let mut latest: Option<(usize, &crate::document::packet::PhaseSection)> = None;
    for mark in &input.packet.phases.sections {
        let Some(rank) = rank(mark.key) else { continue };
        match latest {
            Some((above, before)) if rank < above => {
                let message = format!("`{}` stands after `{}`", mark.key, before.key);
                out.push(
                    rule.finding(message, input.label_at(mark.heading, "too late"))
                        .related(input.label_at(before.heading, "must come after it")),
                );
            }
            _ => latest = Some((rank, mark)),
        }
    }
    if let (Some(approved), Some(implementation)) =
        (input.packet.phases.approval_marker, input.packet.phases.section("IMPLEMENTATION"))
        && approved.start > implementation.heading.start
    {
        out.push(
            rule.finding("the approval stands after IMPLEMENTATION", input.label_at(approved, "too late"))
                .related(input.label_at(implementation.heading, "must come after it")),
        );
    }
    out.into()
}
