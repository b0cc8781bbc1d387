//! `board/…`: the task board can be read, and agrees with the packets.

mod notes;
mod status;

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::record::report_missing;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::board::{Board, BoardEntry, names_state, section_states};
use crate::document::{DocumentBody, WpId};
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::{Spanned, format_count};

pub(super) use status::status;

/// Returns the document as a task board, or a skipped result.
fn board_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a Board, CheckResult> {
    match &input.document.body {
        DocumentBody::Board(board) => Ok(board),
        _ => Err(CheckResult::skipped("not a task board")),
    }
}

/// `board/entry`: every entry consists of a packet id and a state in one fixed
/// form, and is under the heading of that state.
pub(super) fn entry(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let at = |span, text: String| Label::text(&board.source, span, text);
    let mut out: Vec<Finding> = Vec::new();
    if board.sections.is_empty() {
        let first = board.source.line_span(1).unwrap_or_default();
        let finding = rule.finding(
            "the board has no state heading; expected `## Ready for Dev`, `## In Progress` and others",
            at(first, "no state heading".into()),
        );
        // A list of another project can have the name of the board.
        let is_foreign = board.entries.is_empty()
            && board.misplaced.is_empty()
            && board.unreadable.is_empty()
            && input.governance.is_some_and(GovernanceDocuments::has_no_packets_or_stubs);
        out.push(if is_foreign { finding.with_level(Level::Warning) } else { finding });
    }
    let has_no_states = is_without_states(board);
    if let Some(first) = board.unreadable.first().filter(|_| has_no_states) {
        let message = format!(
            "the {} entries of the board have no state; expected `- **[<WP_ID>]** - [<STATE>]`",
            board.unreadable.len()
        );
        out.push(
            rule.finding(message, at(first.span, "the first of them".into())).with_level(Level::Warning),
        );
    }
    for line in board.unreadable.iter().filter(|_| !has_no_states) {
        let shown = crate::text::to_single_line(&line.value, 80);
        out.push(rule.finding(
            format!("invalid board entry `{shown}`; expected `- **[<WP_ID>]** - [<STATE>]`"),
            at(line.span, "invalid entry".into()),
        ));
    }
    for entry in &board.misplaced {
        let message = format!("the entry of `{}` is not under a state heading", entry.wp_id);
        out.push(rule.finding(message, at(entry.span, "not under a state heading".into())));
    }
    for entry in &board.entries {
        let allowed = section_states(&entry.section);
        if !allowed.contains(&entry.state.as_str()) {
            let message = format!(
                "`{}` has the state {}, which does not belong under the heading {}",
                entry.wp_id, entry.state, entry.section
            );
            let label = format!("expected under this heading: {}", allowed.join(", "));
            let finding = rule.finding(message, at(entry.span, label));
            let edit = if out.len() < MAX_EDITS { board.move_entry_edit(entry, &entry.state) } else { None };
            out.push(match edit {
                Some(edit) => finding.with_unsafe_fix(
                    Place::text(&board.source, edit.span),
                    edit.text,
                    format!("move `{}` to the heading of {}", entry.wp_id, entry.state),
                ),
                None => finding,
            });
        } else if !entry.is_plain && !notes::gives_reason(board, entry) {
            let message = format!("the entry of `{}` contains more than its id and state", entry.wp_id);
            let plain = format!("**[{}]** - [{}]", entry.wp_id, entry.state);
            out.push(
                rule.finding(message, at(entry.span, "details belong in the packet".into()))
                    .with_level(Level::Warning)
                    .with_unsafe_fix(
                        Place::text(&board.source, entry.span),
                        plain,
                        "keep only the packet id and the state",
                    ),
            );
        }
    }
    out.extend(notes::without_reason(board, rule));
    out.extend(notes::leftovers(board, rule));
    out.into()
}

/// Returns whether a board of several entries names no state at all: it is of a time when
/// the headings alone told the states.
fn is_without_states(board: &Board) -> bool {
    let is_plain_list = |line: &Spanned<String>| line.value.starts_with("**[") && !names_state(&line.value);
    board.entries.is_empty()
        && board.misplaced.is_empty()
        && board.unreadable.len() > 1
        && board.unreadable.iter().all(is_plain_list)
}

/// Maximum number of findings with an edit that moves an entry: the edit has a copy of the
/// text between both headings.
const MAX_EDITS: usize = 50;

/// `board/one-state`: a packet is on the board at most once.
pub(super) fn one_state(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
            format!("`{}` is on the board more than once", entry.wp_id)
        } else {
            format!("`{}` is on the board as {} and as {}", entry.wp_id, first.state, entry.state)
        };
        out.push(
            rule.finding(message, Label::text(&board.source, entry.span, "a further entry"))
                .related(Label::text(&board.source, first.span, "the first entry")),
        );
    }
    out.into()
}

/// `board/packet`: every entry with the state STUB has a stub and no task
/// packet, every entry with the state SUPERSEDED has a stub or a task packet, and
/// every other entry has a task packet.
pub(super) fn packet(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let Some(governance) = input.governance else {
        return CheckResult::skipped("the packets were not read");
    };
    if let Some(first) = board.entries.first().filter(|_| governance.has_no_packets_or_stubs()) {
        let message = format!(
            "the board lists {}, but the repository has no packet and no stub",
            format_count(board.entries.len(), "packet")
        );
        let label = Label::text(&board.source, first.span, "the first entry");
        return Some(rule.finding(message, label)).into();
    }
    let mut out: Vec<Finding> = Vec::new();
    let mut missing: Vec<(String, Label)> = Vec::new();
    for entry in &board.entries {
        let (packet, stub) = (governance.packet(&entry.wp_id), governance.stub(&entry.wp_id));
        let at = |text: &str| Label::text(&board.source, entry.span, text);
        let id = &entry.wp_id;
        match (entry.state.as_str(), packet, stub) {
            // `board/one-state` reports the two states.
            ("STUB", Some(_), _) if board.entries_of(id).any(|other| other.state != "STUB") => {}
            ("STUB", Some((document, _)), _) => {
                let message = format!("`{id}` is STUB on the board, but its task packet exists");
                out.push(
                    rule.finding(message, at("listed as a stub"))
                        .related(Label::path(document.path(), "the packet")),
                );
            }
            ("STUB", None, None) => {
                missing.push((format!("the stub of `{id}` does not exist"), at("listed here")));
            }
            // A stub can also be superseded.
            ("STUB" | "SUPERSEDED", None, Some(_)) | (_, Some(_), _) => {}
            (_, None, Some(stub)) => {
                let message = format!("`{id}` is {} on the board, but only its stub exists", entry.state);
                out.push(
                    rule.finding(message, at("listed here")).related(Label::path(stub.path(), "the stub")),
                );
            }
            // What was given up before it had a packet stays on the board.
            ("SUPERSEDED" | "ABANDONED", None, None) => {
                let message = format!("`{id}` is {} on the board, and it has no packet", entry.state);
                out.push(rule.finding(message, at("listed here")).with_level(Level::Note));
            }
            // `record/json` reports a packet that is a broken contract.
            (_, None, None) if governance.has_broken_packet(id) => {}
            (_, None, None) => {
                missing.push((format!("the task packet `{id}` does not exist"), at("listed here")));
            }
        }
    }
    out.extend(report_missing(rule, missing, "task board", "packet"));
    out.extend(notes::activated_stubs(governance, rule));
    out.into()
}

/// `board/validated`: if the board gives a packet the state VALIDATED, FAIL or
/// `OUTDATED_ONLY`, the last report in the packet has that verdict.
pub(super) fn validated(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let Some(governance) = input.governance else {
        return CheckResult::skipped("the packets were not read");
    };
    let mut out: Vec<Finding> = Vec::new();
    for entry in &board.entries {
        let wanted = match entry.state.as_str() {
            "VALIDATED" => "PASS",
            "FAIL" => "FAIL",
            "OUTDATED_ONLY" => "OUTDATED_ONLY",
            _ => continue,
        };
        let Some((document, packet)) = governance.packet(&entry.wp_id) else { continue };
        // Only the last report counts.
        let last = packet.phases.newest_report();
        if last.is_some_and(|report| report.verdict.value.eq_ignore_ascii_case(wanted)) {
            continue;
        }
        // A typed contract records the verdict itself, such as `PASS_V3`.
        let id = WpId::parse(&entry.wp_id).ok();
        let contract = id.and_then(|id| governance.packet_contract(&id)).filter(|_| last.is_none());
        let recorded = contract.and_then(|contract| contract.value("verdict"));
        if recorded.is_some_and(|verdict| verdict.value.to_uppercase().starts_with(wanted)) {
            continue;
        }
        let label =
            Label::text(&board.source, entry.span, format!("requires `Verdict: {wanted}` in the packet"));
        out.push(match last {
            Some(report) => {
                let verdict = crate::text::to_single_line(&report.verdict.value, 40);
                let message = format!(
                    "`{}` is {} on the board, but its last report has the verdict {verdict}",
                    entry.wp_id, entry.state
                );
                let there = Label::text(&packet.source, report.verdict.span, "the last verdict");
                let finding = rule.finding(message, label).related(there);
                if packet.phases.is_order_known() {
                    finding
                } else {
                    let note = "The last report has no time, and another report may be newer.";
                    finding.with_level(Level::Warning).note(note)
                }
            }
            None => {
                let message = format!(
                    "`{}` is {} on the board, but its packet contains no report with a verdict",
                    entry.wp_id, entry.state
                );
                rule.finding(message, label).related(Label::path(document.path(), "no report in this packet"))
            }
        });
    }
    out.extend(notes::open_sessions(board, governance, rule));
    out.into()
}
