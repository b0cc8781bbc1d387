//! `board/validated`: what the board calls validated has a report that says
//! so.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::board_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let Some(library) = input.governance else {
        return CheckResult::skipped("the packets were not looked at");
    };
    let mut out: Vec<Finding> = Vec::new();
    for entry in &board.entries {
        let wanted = match entry.state.as_str() {
            "VALIDATED" => "PASS",
            "FAIL" => "FAIL",
            "OUTDATED_ONLY" => "OUTDATED_ONLY",
            _ => continue,
        };
        let Some((document, packet)) = library.packet(&entry.wp_id) else { continue };
        // The last report is the one in force.
        let last = packet.phases.reports.last();
        if last.is_some_and(|report| report.verdict.value.eq_ignore_ascii_case(wanted)) {
            continue;
        }
        let label =
            Label::text(&board.source, entry.span, format!("needs `Verdict: {wanted}` in the packet"));
        out.push(match last {
            Some(report) => {
                let said = crate::text::to_single_line(&report.verdict.value, 40);
                let message =
                    format!("the board calls `{}` {}, its last report says {said}", entry.wp_id, entry.state);
                rule.finding(message, label).related(Label::text(
                    &packet.source,
                    report.verdict.span,
                    "the last verdict",
                ))
            }
            None => {
                let message = format!(
                    "the board calls `{}` {}, but its packet holds no verdict",
                    entry.wp_id, entry.state
                );
                rule.finding(message, label).related(Label::path(document.path(), "no report here"))
            }
        });
    }
    out.into()
}
