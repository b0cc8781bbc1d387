//! `board/one-state`: a packet stands on the board once.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::board::BoardEntry;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::board_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    let mut firsts: BTreeMap<&str, &BoardEntry> = BTreeMap::new();
    for entry in &board.entries {
        let first = *firsts.entry(entry.wp_id.as_str()).or_insert(entry);
        if std::ptr::eq(first, entry) {
            continue;
        }
        let message = if first.state == entry.state {
            format!("`{}` stands on the board a second time", entry.wp_id)
        } else {
            format!("`{}` is {} and {} at once", entry.wp_id, first.state, entry.state)
        };
        out.push(
            rule.finding(message, Label::text(&board.source, entry.span, "the second entry"))
                .related(Label::text(&board.source, first.span, "the first entry")),
        );
    }
    out.into()
}
