//! `phase/order`: the phases stand in their order.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let order = rule.list("order");
    let rank = |key: &str| order.iter().position(|name| name == key);
    let mut out = Vec::new();
    let mut latest: Option<(usize, &crate::document::packet::PhaseMark)> = None;
    for mark in &input.packet.phases.marks {
        let Some(rank) = rank(mark.key) else { continue };
        match latest {
            Some((above, before)) if rank < above => {
                let message = format!("`{}` stands after `{}`", mark.key, before.key);
                out.push(
                    rule.finding(message, input.at(mark.heading, "too late"))
                        .related(input.at(before.heading, "must come after it")),
                );
            }
            _ => latest = Some((rank, mark)),
        }
    }
    if let (Some(approved), Some(implementation)) =
        (input.packet.phases.approved, input.packet.phases.mark("IMPLEMENTATION"))
        && approved.start > implementation.heading.start
    {
        out.push(
            rule.finding("the approval stands after IMPLEMENTATION", input.at(approved, "too late"))
                .related(input.at(implementation.heading, "must come after it")),
        );
    }
    out.into()
}
