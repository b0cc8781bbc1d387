//! `phase/bootstrap`: work in progress was bootstrapped.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::PacketStatus;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let Some(status) = input.packet.status.as_ref().filter(|status| status.value == PacketStatus::InProgress)
    else {
        return Verdict::skipped("the packet is not In Progress");
    };
    let there = input.packet.phases.mark("BOOTSTRAP").is_some();
    (!there)
        .then(|| {
            rule.finding(
                "the packet is In Progress without a BOOTSTRAP section",
                input.at(status.span, "in progress"),
            )
        })
        .into()
}
