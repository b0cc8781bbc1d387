//! `board/entry`: entries have one form, under the heading of their state.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::board::section_states;
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;

use super::board_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let at = |span, text: String| Label::text(&board.source, span, text);
    let mut out: Vec<Finding> = Vec::new();
    if board.sections.is_empty() {
        let first = board.source.line_span(1).unwrap_or_default();
        out.push(rule.finding(
            "the board has no heading of a state",
            at(first, "`## Ready for Dev` and others belong here".into()),
        ));
    }
    for line in &board.unreadable {
        let shown = crate::text::to_single_line(&line.value, 80);
        out.push(rule.finding(
            format!("this entry cannot be read: {shown}"),
            at(line.span, "`- **[WP-ID]** - [STATE]`".into()),
        ));
    }
    for entry in &board.misplaced {
        let message = format!("the entry of `{}` stands under no heading of a state", entry.wp_id);
        out.push(rule.finding(message, at(entry.span, "nobody looks for entries here".into())));
    }
    for entry in &board.entries {
        let allowed = section_states(&entry.section);
        if !allowed.contains(&entry.state.as_str()) {
            let message = format!("`{}` is {} under the heading {}", entry.wp_id, entry.state, entry.section);
            let finding =
                rule.finding(message, at(entry.span, format!("states here: {}", allowed.join(", "))));
            out.push(match board.move_entry_edit(entry, &entry.state) {
                Some(edit) => finding.with_unsafe_fix(
                    Place::text(&board.source, edit.span),
                    edit.text,
                    format!("move `{}` below the heading of {}", entry.wp_id, entry.state),
                ),
                None => finding,
            });
        } else if !entry.is_plain {
            let message = format!("the entry of `{}` says more than its state", entry.wp_id);
            let plain = format!("**[{}]** - [{}]", entry.wp_id, entry.state);
            out.push(
                rule.finding(message, at(entry.span, "details belong into the packet".into()))
                    .with_level(Level::Warning)
                    .with_unsafe_fix(Place::text(&board.source, entry.span), plain, "keep packet and state"),
            );
        }
    }
    out.into()
}
