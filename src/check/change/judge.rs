//! `change/judge`: the change edits what judges it, where that is allowed.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::check::scope::allows;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let judges = |path: &crate::text::RepoPath| {
        path.to_text().eq_ignore_ascii_case(input.configuration) || path.is_below(b".countersign")
    };
    // Where the scope does not name it, `scope/protected` says so.
    let named = |path: &crate::text::RepoPath| allows(&input.packet, path);
    let changed = input.files.iter().filter(|file| judges(&file.change.path) && named(&file.change.path));
    changed
        .map(|file| {
            let path = &file.change.path;
            let message = format!("{path} is changed, and the change is judged without it");
            rule.finding(message, Label::path(path, format!("rules come from {}", input.trusted))).about(path)
        })
        .collect::<Vec<_>>()
        .into()
}
