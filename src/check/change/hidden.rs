//! `change/hidden`: nothing was told to git to be unchanged that is not.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let found = input.files.iter().filter_map(|file| {
        let remark = file.change.remark.as_ref()?;
        let message = format!("this path {}, although {remark}", file.change.kind().clause());
        Some(
            rule.finding(message, Label::path(&file.change.path, "hidden from `git status`"))
                .about(&file.change.path),
        )
    });
    found.collect::<Vec<_>>().into()
}
