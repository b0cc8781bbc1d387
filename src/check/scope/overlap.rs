//! `scope/overlap`: nothing is both inside and outside the scope.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::field::strip_quotes;
use crate::rule::Rule;
use crate::text::to_single_line;

/// Pairs of entries that are compared; no honest packet comes near.
const MAX_ENTRY_PAIRS: usize = 100_000;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let scope = &input.packet.scope;
    let mut out = Vec::new();
    if scope.in_scope.len().saturating_mul(scope.out_of_scope.len()) > MAX_ENTRY_PAIRS {
        let (inside, outside) = (scope.in_scope.len(), scope.out_of_scope.len());
        let message = format!("{inside} entries in scope and {outside} out of scope are too many to compare");
        let span = scope.declared.unwrap_or_else(|| input.packet.heading_span("SCOPE"));
        return Some(rule.finding(message, input.label_at(span, "a scope that nobody can read"))).into();
    }
    for inside in &scope.in_scope {
        for outside in scope.out_of_scope.iter().filter(|outside| inside.overlaps(outside)) {
            let message = format!(
                "`{}` is in scope and `{}` is out of scope, and both cover the same path",
                to_single_line(strip_quotes(&inside.raw.value), 60),
                to_single_line(strip_quotes(&outside.raw.value), 60)
            );
            out.push(
                rule.finding(message, input.label_at(inside.raw.span, "in scope"))
                    .related(input.label_at(outside.raw.span, "out of scope")),
            );
        }
    }
    out.into()
}
