//! `change/base`: the base of a range is an ancestor of its head.

use crate::check::CheckResult;
use crate::check::context::SelectionCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &SelectionCheckContext<'_>, rule: &Rule) -> CheckResult {
    if !input.selection.mode.is_committed() {
        return CheckResult::skipped("the change is not a range");
    }
    let label = || Label::repository("it is reversed, or the base is on another line of history");
    (!input.is_ancestor_range)
        .then(|| rule.finding("the base of the range is no ancestor of its head", label()))
        .into()
}
