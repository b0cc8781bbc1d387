//! `change/empty`: there is something to judge.

use crate::check::CheckResult;
use crate::check::context::SelectionCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &SelectionCheckContext<'_>, rule: &Rule) -> CheckResult {
    let label = || Label::repository(format!("selected by: {}", input.selection.reason));
    (input.changed_count == 0).then(|| rule.finding("the selected change is empty", label())).into()
}
