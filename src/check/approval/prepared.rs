//! `approval/prepared`: the branch and working tree are those of PREPARE.

use crate::check::CheckResult;
use crate::check::context::ApprovalCheckContext;
use crate::document::gate_log::text_or_empty;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::Spanned;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 were not prepared");
    }
    let log = match &input.gate_log {
        Ok(log) => *log,
        Err(path) => {
            return Some(rule.finding(
                "there is no gate log, so nothing was prepared",
                Label::path(path, "no such file"),
            ))
            .into();
        }
    };
    let id = input.packet.id.as_str();
    let Some(entry) = log.last_entry(id, "PREPARE") else {
        return Some(rule.finding(
            format!("the gate log has no PREPARE entry of `{id}`"),
            Label::path(log.source.name(), "no such entry"),
        ))
        .into();
    };
    let mut out = Vec::new();
    let (branch, folder) = (text_or_empty(&entry.branch), text_or_empty(&entry.worktree_dir));
    let place = |field: &Option<Spanned<String>>| {
        field.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span)
    };
    if input.branch != Some(branch) {
        let now = input.branch.map_or_else(
            || "no branch (HEAD is detached)".to_owned(),
            |branch| format!("branch `{}`", crate::text::to_single_line(branch, 80)),
        );
        let message = format!(
            "the work was prepared on branch `{}`, but {now} is checked out",
            crate::text::to_single_line(branch, 80)
        );
        out.push(
            rule.finding(message, Label::text(&log.source, place(&entry.branch), "the prepared branch")),
        );
    }
    let prepared = folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or("");
    if !matches!(prepared, "" | ".") && input.worktree_name != Some(prepared) {
        let now = input.worktree_name.unwrap_or("another folder");
        let message = format!(
            "the work was prepared in `{}`, but this is `{}`",
            crate::text::to_single_line(folder, 80),
            crate::text::to_single_line(now, 80)
        );
        out.push(
            rule.finding(
                message,
                Label::text(&log.source, place(&entry.worktree_dir), "the prepared folder"),
            ),
        );
    }
    out.into()
}
