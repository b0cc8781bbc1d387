//! `change/unjudged`: the bytes of every changed file are known.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let found = input.files.iter().filter_map(|file| {
        let why = file.change.unjudged.as_ref()?;
        Some(
            rule.finding(
                format!(
                    "this {} cannot be judged: {why}",
                    file.change.post.or(file.change.pre).map_or("file", |entry| entry.mode.noun())
                ),
                Label::path(&file.change.path, ""),
            )
            .about(&file.change.path),
        )
    });
    found.collect::<Vec<_>>().into()
}
