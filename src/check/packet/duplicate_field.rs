//! `packet/duplicate-field`: what decides a verdict is said once.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let faults = input.faults.iter().filter(|fault| fault.rule == rule.id.as_str());
    faults
        .map(|fault| rule.finding(fault.message.clone(), input.at(fault.span, "said before")))
        .collect::<Vec<_>>()
        .into()
}
