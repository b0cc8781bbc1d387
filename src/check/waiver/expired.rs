//! `waiver/expired`: a waiver is in force.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for waiver in input.packet.packet.waivers.iter().filter(|waiver| waiver.missing().is_empty()) {
        if let Some(why) = super::is_expired(waiver, input) {
            let message =
                format!("the waiver `{}` does not count: {why}", crate::text::one_line(waiver.name(), 80));
            out.push(rule.finding(
                message,
                input.packet.at(super::incomplete::first_line(input, waiver.span), "no longer in force"),
            ));
        }
    }
    out.into()
}
