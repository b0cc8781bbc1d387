//! `change/empty`: there is something to judge.

use crate::check::Verdict;
use crate::check::input::SelectionInput;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &SelectionInput<'_>, rule: &Rule) -> Verdict {
    let label = || Label::repository(format!("selected by: {}", input.selection.reason));
    (input.changed == 0).then(|| rule.finding("the selected change is empty", label())).into()
}
