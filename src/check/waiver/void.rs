//! `waiver/void`: a waiver does not come with the code that it excuses.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.origins) {
        if let Some(why) = super::is_void(origin, input.packet.policy) {
            let message = format!("the waiver `{}` is void: {why}", crate::text::one_line(waiver.name(), 80));
            out.push(rule.finding(
                message,
                input.packet.at(super::incomplete::first_line(input, waiver.span), "void"),
            ));
        }
    }
    out.into()
}
