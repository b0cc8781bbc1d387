//! `change/empty`: there is something to judge.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    input.files.is_empty().then(|| rule.finding("the selected change is empty", Label::repository(input.selection.reason.clone()))).into()
}
