//! `change/base`: the base of a range is an ancestor of its head.

use crate::check::Verdict;
use crate::check::input::SelectionInput;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &SelectionInput<'_>, rule: &Rule) -> Verdict {
    if !input.selection.mode.is_committed() {
        return Verdict::skipped("the change is not a range");
    }
    let label = || Label::repository("it is reversed, or the base is on another line of history");
    (!input.is_forward)
        .then(|| rule.finding("the base of the range is no ancestor of its head", label()))
        .into()
}
