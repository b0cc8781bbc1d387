//! `scope/overlap`: nothing is both inside and outside the scope.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::document::label::unquoted;
use crate::rule::Rule;
use crate::text::one_line;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let scope = &input.packet.packet.scope;
    let mut out = Vec::new();
    for inside in &scope.inside {
        for outside in scope.outside.iter().filter(|outside| inside.overlaps(outside)) {
            let message = format!(
                "`{}` is in scope and `{}` is out of scope, and both cover the same path",
                one_line(unquoted(&inside.raw.value), 60),
                one_line(unquoted(&outside.raw.value), 60)
            );
            out.push(
                rule.finding(message, input.packet.at(inside.raw.span, "in scope"))
                    .related(input.packet.at(outside.raw.span, "out of scope")),
            );
        }
    }
    out.into()
}
