//! `change/…`: there is a change, all of it, and all of it can be judged.

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, RangeFact, SelectionCheckContext};
use crate::check::scope::allows_change;
use crate::finding::{Label, Level};
use crate::rule::Rule;

/// `change/base`: the base of a range is an ancestor of its head.
pub(super) fn base(input: &SelectionCheckContext<'_>, rule: &Rule) -> CheckResult {
    if !input.selection.mode.is_committed() {
        return CheckResult::skipped("the change is not a range");
    }
    let label = || Label::repository("it is reversed, or the base is on another line of history");
    (!input.is_ancestor_range)
        .then(|| rule.finding("the base of the range is no ancestor of its head", label()))
        .into()
}

/// `change/empty`: there is something to judge.
pub(super) fn empty(input: &SelectionCheckContext<'_>, rule: &Rule) -> CheckResult {
    let label = || Label::repository(format!("selected by: {}", input.selection.reason));
    (input.changed_count == 0).then(|| rule.finding("the selected change is empty", label())).into()
}

/// `change/hidden`: nothing was told to git to be unchanged that is not.
pub(super) fn hidden(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `change/judge`: the change edits what judges it, where that is allowed.
pub(super) fn judge(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `change/range-start`: the range holds all of the packet's work.
pub(super) fn range_start(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(merge_base) = &input.packet.packet.merge_base else {
        return CheckResult::skipped("the packet gives no MERGE_BASE_SHA");
    };
    let base = input.selection.base.map_or_else(|| "nothing".to_owned(), |commit| commit.short());
    let here = input.packet.label_at(merge_base.span, "the work starts here");
    let finding = match input.range_fact {
        RangeFact::NotApplicable => {
            return CheckResult::skipped("the change is no range, or MERGE_BASE_SHA is not usable");
        }
        RangeFact::Complete => return Vec::new().into(),
        RangeFact::SkipsGovernance => {
            let message = format!(
                "the range starts at {base}, after the packet's MERGE_BASE_SHA; only governance files changed before it"
            );
            rule.finding(message, here).with_level(Level::Warning)
        }
        RangeFact::OmitsWork => {
            let message = format!(
                "the range starts at {base}, which is not the packet's MERGE_BASE_SHA or before it: part of the work may be left out"
            );
            rule.finding(message, here)
        }
    };
    Some(finding).into()
}

/// `change/unjudged`: the bytes of every changed file are known.
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
