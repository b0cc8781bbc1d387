//! `change/…`: the selected change is complete and can be judged.

use crate::change::Commit;
use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, RangeFact, SelectionCheckContext};
use crate::check::scope::allows_change;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{RepoPath, format_count};

/// `change/empty`: the selected change contains at least one changed file.
pub(super) fn empty(input: &SelectionCheckContext<'_>, rule: &Rule) -> CheckResult {
    let label = || Label::repository(format!("selected by: {}", input.selection.reason));
    (input.changed_count == 0)
        .then(|| rule.finding("the selected change contains no changed file", label()))
        .into()
}

/// `change/user-ignored`: no untracked file is ignored by the user's own ignore file only.
pub(crate) fn user_ignored(input: &SelectionCheckContext<'_>, rule: &Rule) -> CheckResult {
    user_ignored_findings(input.user_ignored, rule).into()
}

/// Creates a finding for each untracked path that only the user of git ignores.
pub(crate) fn user_ignored_findings(paths: &[RepoPath], rule: &Rule) -> Vec<Finding> {
    let finding = |path: &RepoPath| {
        let message = format!("{path} is untracked, and only the ignore file of your own git ignores it");
        let label = format!("not part of the change; `/{path}` is its line for `.gitignore`");
        rule.finding(message, Label::path(path, label)).about_path(path)
    };
    paths.iter().map(finding).collect()
}

/// `change/base`: the base of a range is an ancestor of its head.
pub(super) fn base(input: &SelectionCheckContext<'_>, rule: &Rule) -> CheckResult {
    if !input.selection.mode.is_committed() {
        return CheckResult::skipped("the change is not a range");
    }
    let label = || Label::repository("a reversed range, or a base on another line of history");
    (!input.is_ancestor_range)
        .then(|| rule.finding("the base of the range is not an ancestor of its head", label()))
        .into()
}

/// `change/judge`: the change does not edit the configuration or a file in
/// `.countersign/`. Edits that the scope does not allow are reported by
/// `scope/protected`.
pub(super) fn judge(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let controls_checks = |path: &crate::text::RepoPath| {
        path.to_text().eq_ignore_ascii_case(input.config_name) || path.is_below(b".countersign")
    };
    let allowed = |path: &crate::text::RepoPath| allows_change(&input.packet, path);
    let changed =
        input.files.iter().filter(|file| controls_checks(&file.change.path) && allowed(&file.change.path));
    changed
        .map(|file| {
            let path = &file.change.path;
            let message = format!("{path} is changed; the edit takes effect only after this change");
            rule.finding(
                message,
                Label::path(path, format!("this change is judged by the rules of {}", input.policy_source)),
            )
            .about_path(path)
        })
        .collect::<Vec<_>>()
        .into()
}

/// `change/range-start`: the judged range starts at `MERGE_BASE_SHA` or
/// earlier, so that it contains all of the packet's work.
pub(super) fn range_start(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(merge_base) = &input.packet.packet.merge_base else {
        return CheckResult::skipped("the packet has no MERGE_BASE_SHA");
    };
    let base = input.selection.base.map_or_else(|| "nothing".to_owned(), Commit::short);
    let here = input.packet.label_at(merge_base.span, "the start of the work");
    let finding = match &input.range_fact {
        RangeFact::NotApplicable => {
            return CheckResult::skipped("the change is not a range, or MERGE_BASE_SHA is not usable");
        }
        RangeFact::Complete => return Vec::new().into(),
        RangeFact::SkipsGovernance => {
            let message = format!(
                "the range starts at {base}, after the packet's MERGE_BASE_SHA; only governance \
                    files changed before it"
            );
            rule.finding(message, here).with_level(Level::Warning)
        }
        RangeFact::FollowsUnaccounted { count, first } => {
            let message = format!(
                "not judged here: {} with code of no packet, on the main branch before this range ({first})",
                format_count(*count, "earlier commit")
            );
            let help = "Look at the run of the push that brought it. To judge it now, name the whole range: \
                `--range A..B`.";
            // Honest repositories have such commits, too, so this is no warning.
            rule.finding(message, here).with_level(Level::Note).help(help)
        }
        RangeFact::OmitsWork(None) => {
            let message = format!(
                "the range starts at {base}, which is neither the packet's MERGE_BASE_SHA nor \
                    before it; part of the work may be missing from the range"
            );
            rule.finding(message, here)
        }
        RangeFact::OmitsWork(Some(why)) => {
            let message = format!(
                "the range starts at {base}, after the packet's MERGE_BASE_SHA, and leaves out \
                    work: {why}"
            );
            rule.finding(message, here)
        }
    };
    Some(finding).into()
}

/// `change/unjudged`: the content of every changed file can be determined.
pub(super) fn unjudged(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `change/hidden`: no changed path has the flag assume-unchanged or
/// skip-worktree in git's index.
pub(super) fn hidden(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = input.files.iter().filter_map(|file| {
        let note = file.change.note.as_ref()?;
        let message = format!("this path {}, although {note}", file.change.kind().clause());
        Some(
            rule.finding(message, Label::path(&file.change.path, "hidden from `git status`"))
                .about_path(&file.change.path),
        )
    });
    found.collect::<Vec<_>>().into()
}
