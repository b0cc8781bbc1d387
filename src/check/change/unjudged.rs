//! `change/unjudged`: the bytes of every changed file are known.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = input.files.iter().filter_map(|file| {
        let why = file.change.unreadable_reason.as_ref()?;
        Some(
            rule.finding(
                format!(
                    "this {} cannot be judged: {why}",
                    file.change.after.or(file.change.before).map_or("file", |entry| entry.mode.noun())
                ),
                Label::path(&file.change.path, ""),
            )
            .about_path(&file.change.path),
        )
    });
    found.collect::<Vec<_>>().into()
}
