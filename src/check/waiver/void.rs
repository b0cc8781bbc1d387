//! `waiver/void`: a waiver does not come with the code that it excuses.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.waiver_origins) {
        if let Some(why) = super::void_reason(origin, input.packet.policy) {
            let message =
                format!("the waiver `{}` is void: {why}", crate::text::to_single_line(waiver.name(), 80));
            out.push(rule.finding(
                message,
                input.packet.label_at(super::incomplete::first_line_span(input, waiver.span), "void"),
            ));
        }
    }
    out.into()
}
