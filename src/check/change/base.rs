//! `change/base`: the base of a range is an ancestor of its head.

use crate::check::Verdict;
use crate::check::input::{ChangeInput, RangeFact};
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    if !input.selection.mode.is_committed() {
        return Verdict::skipped("the change is not a range");
    }
    (input.range == RangeFact::NotAncestor).then(|| rule.finding("the base of the range is no ancestor of its head", Label::repository("reversed, or from another line of history"))).into()
}
