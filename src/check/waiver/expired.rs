//! `waiver/expired`: a waiver is in force.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for waiver in input.packet.packet.waivers.iter().filter(|waiver| waiver.missing().is_empty()) {
        if let Some(why) = super::expiry_reason(waiver, input) {
            let message = format!(
                "the waiver `{}` does not count: {why}",
                crate::text::to_single_line(waiver.name(), 80)
            );
            out.push(
                rule.finding(
                    message,
                    input.packet.label_at(
                        super::incomplete::first_line_span(input, waiver.span),
                        "no longer in force",
                    ),
                ),
            );
        }
    }
    out.into()
}
