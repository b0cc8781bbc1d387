//! `scope/no-entry`: the packet declares at least one path.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let scope = &input.packet.scope;
    if scope.in_scope.iter().any(|entry| entry.pattern.is_ok()) {
        return Vec::new().into();
    }
    let span = scope.declared.unwrap_or_else(|| input.packet.heading_span("SCOPE"));
    let label =
        if scope.declared.is_some() { "no entry here is a path" } else { "`IN_SCOPE_PATHS` belongs here" };
    Some(rule.finding("the packet allows no path at all", input.label_at(span, label))).into()
}
