//! `change/judge`: the change edits what judges it, where that is allowed.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::check::scope::allows_change;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let judges = |path: &crate::text::RepoPath| {
        path.to_text().eq_ignore_ascii_case(input.config_name) || path.is_below(b".countersign")
    };
    // Where the scope does not name it, `scope/protected` says so.
    let named = |path: &crate::text::RepoPath| allows_change(&input.packet, path);
    let changed = input.files.iter().filter(|file| judges(&file.change.path) && named(&file.change.path));
    changed
        .map(|file| {
            let path = &file.change.path;
            let message = format!("{path} is changed, and the change is judged without it");
            rule.finding(message, Label::path(path, format!("rules come from {}", input.policy_source)))
                .about_path(path)
        })
        .collect::<Vec<_>>()
        .into()
}
