//! `scope/no-entry`: the packet declares at least one path.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let scope = &input.packet.packet.scope;
    if scope.inside.iter().any(|entry| entry.coverage.is_ok()) {
        return Vec::new().into();
    }
    let span = scope.declared.unwrap_or_else(|| input.packet.packet.heading("SCOPE"));
    let label =
        if scope.declared.is_some() { "no entry here is a path" } else { "`IN_SCOPE_PATHS` belongs here" };
    Some(rule.finding("the packet allows no path at all", input.packet.at(span, label))).into()
}
