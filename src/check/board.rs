//! `board/…`: the task board can be read, and says of each packet one true
//! thing.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::board::{Board, BoardEntry, section_states};
use crate::document::{DocumentBody, PacketStatus};
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::format_count;

/// The board that a document is.
fn board_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a Board, CheckResult> {
    match &input.document.body {
        DocumentBody::Board(board) => Ok(board),
        _ => Err(CheckResult::skipped("not a task board")),
    }
}

/// `board/entry`: entries have one form, under the heading of their state.
pub(super) fn entry(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `board/one-state`: a packet stands on the board once.
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

/// `board/packet`: what the board lists is there: a packet, or for STUB a
/// stub.
pub(super) fn packet(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let Some(library) = input.governance else {
        return CheckResult::skipped("the packets were not looked at");
    };
    if let Some(first) = board.entries.first().filter(|_| library.has_no_packets_or_stubs()) {
        let message = format!(
            "the board lists {}, but there is not one packet or stub",
            format_count(board.entries.len(), "packet")
        );
        let label = Label::text(&board.source, first.span, "the first of them");
        return Some(rule.finding(message, label)).into();
    }
    let mut out: Vec<Finding> = Vec::new();
    for entry in &board.entries {
        let (packet, stub) = (library.packet(&entry.wp_id), library.stub(&entry.wp_id));
        let at = |text: &str| Label::text(&board.source, entry.span, text);
        let id = &entry.wp_id;
        match (entry.state.as_str(), packet, stub) {
            ("STUB", Some((document, _)), _) => {
                let message = format!("the board calls `{id}` a stub, but it has a task packet");
                out.push(
                    rule.finding(message, at("still a stub here"))
                        .related(Label::path(document.path(), "the packet")),
                );
            }
            ("STUB", None, None) => {
                out.push(rule.finding(format!("there is no stub of `{id}`"), at("listed here")));
            }
            ("STUB", None, Some(_)) | (_, Some(_), _) => {}
            (_, None, Some(stub)) => {
                let message = format!("the board calls `{id}` {}, but it is only a stub", entry.state);
                out.push(
                    rule.finding(message, at("listed here")).related(Label::path(stub.path(), "the stub")),
                );
            }
            (_, None, None) => {
                out.push(rule.finding(format!("there is no packet of `{id}`"), at("listed here")));
            }
        }
    }
    out.into()
}

/// `board/status`: board and packet agree on the state, and every packet is
/// on the board.
pub(super) fn status(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let board = match board_of(input) {
        Ok(board) => board,
        Err(skipped) => return skipped,
    };
    let Some(library) = input.governance else {
        return CheckResult::skipped("the packets were not looked at");
    };
    let mut out: Vec<Finding> = Vec::new();
    for (id, _, packet) in library.packets() {
        let Some(status) = &packet.status else { continue };
        let entry = board.entries_of(id).next();
        match entry {
            Some(entry)
                if !status_matches_state(&status.value, &entry.state)
                    && !library.is_historical(id, packet) =>
            {
                let message =
                    format!("`{id}` is `{}` in its packet and {} on the board", status.value, entry.state);
                let finding = rule
                    .finding(message, Label::text(&board.source, entry.span, "the board"))
                    .related(Label::text(&packet.source, status.span, "the packet"));
                let state = status.value.board_state();
                let edit = state.and_then(|state| Some((state, board.move_entry_edit(entry, state)?)));
                out.push(match edit {
                    Some((state, edit)) => finding.with_unsafe_fix(
                        Place::text(&board.source, edit.span),
                        edit.text,
                        format!("move `{id}` to {state} on the board"),
                    ),
                    None => finding,
                });
            }
            None if status.value.allows_work() || status.value == PacketStatus::Blocked => {
                let label = Label::text(&packet.source, status.span, "not on the board");
                let finding = rule
                    .finding(format!("`{id}` is open, but the board does not list it"), label)
                    .help(format!("The board is {}.", board.source.name()));
                let state = status.value.board_state();
                out.push(match state.and_then(|state| board.insert_entry_edit(id, state)) {
                    Some(edit) => finding.with_fix(
                        Place::text(&board.source, edit.span),
                        edit.text,
                        format!("put `{id}` on the board"),
                    ),
                    None => finding,
                });
            }
            _ => {}
        }
    }
    out.into()
}

/// Whether a packet's status and a board's state can stand together. Packets
/// that were handed over wait on the board under `In Progress` for their
/// verdict; what is superseded keeps its last status.
fn status_matches_state(status: &PacketStatus, state: &str) -> bool {
    match state {
        "READY_FOR_DEV" => *status == PacketStatus::ReadyForDev,
        "IN_PROGRESS" => matches!(status, PacketStatus::InProgress | PacketStatus::Done),
        "BLOCKED" => *status == PacketStatus::Blocked,
        "VALIDATED" | "FAIL" | "OUTDATED_ONLY" => {
            matches!(status, PacketStatus::Done | PacketStatus::DoneHistorical | PacketStatus::Validated(_))
        }
        "SUPERSEDED" => !status.allows_work() && *status != PacketStatus::Blocked,
        _ => true,
    }
}

/// `board/validated`: what the board calls validated has a report that says
/// so.
pub(super) fn validated(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
