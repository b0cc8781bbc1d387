//! `traceability/board`: the registry and the task board agree.

use super::{first_rows, registry_of};
use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::is_placeholder;
use crate::document::registry::{Registry, board_group, group_ends, is_state_only};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, format_count};

/// `traceability/board`: the state that a row of the registry repeats is that of the
/// packet on the task board.
pub(in crate::check) fn board(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let Some(board) = input.governance.and_then(GovernanceDocuments::board) else {
        return CheckResult::skipped("the task board does not exist");
    };
    let mut out: Vec<Finding> = Vec::new();
    let mut unknown: Vec<Span> = Vec::new();
    for (row, first) in registry.rows.iter().zip(first_rows(&registry.rows)) {
        // `traceability/active` reports a further row of a base id.
        if first.is_some() {
            continue;
        }
        let Some(cell) = &row.board else { continue };
        if !cell.value.trim().is_empty() && is_placeholder(&cell.value) {
            let active = Registry::active_id(row);
            unknown
                .extend(active.filter(|id| board.entries_of(id.as_str()).next().is_some()).map(|_| row.span));
        }
        let Some(group) = board_group(&cell.value) else { continue };
        // `Done: WP-1-A-v2` names the packet, which may be another revision than the active
        // one. A state alone is that of the active packet, if it says that the work is over;
        // an older state is only behind the board. Other texts are remarks.
        let named = crate::document::audit::find_wp_ids(&cell.value).next().map(str::to_owned);
        let active = || Registry::active_id(row).filter(|_| group_ends(group) && is_state_only(&cell.value));
        let Some(id) = named.or_else(|| active().map(|id| id.as_str().to_owned())) else { continue };
        let Some(entry) = board.entries_of(&id).last() else { continue };
        if state_group(&entry.state) == Some(group) {
            continue;
        }
        let message = format!(
            "the registry says `{}`, but `{id}` is {} on the task board",
            crate::text::to_single_line(&cell.value, 80),
            entry.state
        );
        out.push(
            rule.finding(message, Label::text(&registry.source, cell.span, "state in the registry"))
                .related(Label::text(&board.source, entry.span, "state on the board")),
        );
    }
    out.extend(report_unknown(registry, &unknown, rule));
    out.into()
}

/// Returns one note about the rows that leave the state open, although the board has one.
fn report_unknown(registry: &Registry, rows: &[Span], rule: &Rule) -> Option<Finding> {
    let (first, others) = rows.split_first()?;
    let message = match others.len() {
        0 => "a row of the registry leaves the state open, but the task board has one".to_owned(),
        _ => format!(
            "{} of the registry leave the state open, but the task board has one",
            format_count(rows.len(), "row")
        ),
    };
    let label = |span: &Span| Label::text(&registry.source, *span, "no state");
    let finding = rule.finding(message, label(first)).with_level(Level::Note);
    Some(others.iter().take(MAX_SHOWN).fold(finding, |finding, span| finding.related(label(span))))
}

/// Maximum number of further rows that one finding shows.
const MAX_SHOWN: usize = 11;

/// Returns the group of a state in brackets.
fn state_group(state: &str) -> Option<&'static str> {
    Some(match state {
        "STUB" => "stub",
        "READY_FOR_DEV" | "IN_PROGRESS" | "BLOCKED" => "open",
        "SUPERSEDED" => "superseded",
        "VALIDATED" | "FAIL" | "OUTDATED_ONLY" | "MERGE_PENDING" | "ABANDONED" | "DONE" => "done",
        _ => return None,
    })
}
