//! `change/hidden`: nothing was told to git to be unchanged that is not.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = input.files.iter().filter_map(|file| {
        let remark = file.change.note.as_ref()?;
        let message = format!("this path {}, although {remark}", file.change.kind().clause());
        Some(
            rule.finding(message, Label::path(&file.change.path, "hidden from `git status`"))
                .about_path(&file.change.path),
        )
    });
    found.collect::<Vec<_>>().into()
}
