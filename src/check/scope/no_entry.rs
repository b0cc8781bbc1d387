//! `scope/no-entry`: the packet declares at least one path.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let scope = &input.packet.scope;
    if scope.inside.iter().any(|entry| entry.coverage.is_ok()) {
        return Vec::new().into();
    }
    let span = scope.declared.unwrap_or_else(|| input.packet.heading("SCOPE"));
    let label =
        if scope.declared.is_some() { "no entry here is a path" } else { "`IN_SCOPE_PATHS` belongs here" };
    Some(rule.finding("the packet allows no path at all", input.at(span, label))).into()
}
