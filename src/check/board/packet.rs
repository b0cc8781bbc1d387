//! `board/packet`: what the board lists is there: a packet, or for STUB a
//! stub.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::format_count;

use super::board_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
