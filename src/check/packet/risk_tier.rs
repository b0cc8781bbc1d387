//! `packet/risk-tier`: LOW, MEDIUM or HIGH.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let Some(tier) = &input.packet.risk_tier else {
        return Some(rule.finding(
            "the packet has no risk tier",
            input.at(input.packet.heading("METADATA"), "`RISK_TIER` belongs here"),
        ))
        .into();
    };
    let known = rule.list("tiers").contains(&tier.value);
    (!known)
        .then(|| {
            rule.finding(
                format!("`{}` is no risk tier", crate::text::one_line(&tier.value, 40)),
                input.at(tier.span, "LOW, MEDIUM or HIGH"),
            )
        })
        .into()
}
