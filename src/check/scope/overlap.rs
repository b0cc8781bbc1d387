//! `scope/overlap`: nothing is both inside and outside the scope.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::label::unquoted;
use crate::rule::Rule;
use crate::text::one_line;

/// Pairs of entries that are compared; no honest packet comes near.
const MOST_PAIRS: usize = 100_000;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let scope = &input.packet.scope;
    let mut out = Vec::new();
    if scope.inside.len().saturating_mul(scope.outside.len()) > MOST_PAIRS {
        let (inside, outside) = (scope.inside.len(), scope.outside.len());
        let message = format!("{inside} entries in scope and {outside} out of scope are too many to compare");
        let span = scope.declared.unwrap_or_else(|| input.packet.heading("SCOPE"));
        return Some(rule.finding(message, input.at(span, "a scope that nobody can read"))).into();
    }
    for inside in &scope.inside {
        for outside in scope.outside.iter().filter(|outside| inside.overlaps(outside)) {
            let message = format!(
                "`{}` is in scope and `{}` is out of scope, and both cover the same path",
                one_line(unquoted(&inside.raw.value), 60),
                one_line(unquoted(&outside.raw.value), 60)
            );
            out.push(
                rule.finding(message, input.at(inside.raw.span, "in scope"))
                    .related(input.at(outside.raw.span, "out of scope")),
            );
        }
    }
    out.into()
}
