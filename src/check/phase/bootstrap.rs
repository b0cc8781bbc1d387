//! `phase/bootstrap`: work in progress was bootstrapped.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::PacketStatus;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(status) = input.packet.status.as_ref().filter(|status| status.value == PacketStatus::InProgress)
    else {
        return CheckResult::skipped("the packet is not In Progress");
    };
    let there = input.packet.phases.section("BOOTSTRAP").is_some();
    (!there)
        .then(|| {
            rule.finding(
                "the packet is In Progress without a BOOTSTRAP section",
                input.label_at(status.span, "in progress"),
            )
        })
        .into()
}
