//! `packet/active`: work starts only on the packet that is in force.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::{PacketStatus, WpId};
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    if let Some(status) = input.packet.status.as_ref().filter(|s| s.value == PacketStatus::Superseded) {
        out.push(rule.finding("this packet is superseded", input.label_at(status.span, "says so here")));
    }
    if let Some(locked) = input.packet.locked {
        out.push(rule.finding("this packet is locked", input.label_at(locked, "says so here")));
    }
    for entry in input.board.iter().flat_map(|board| board.entries_of(input.id.as_str())) {
        if let Some(board) = input.board.filter(|_| entry.state == "SUPERSEDED") {
            let there = Label::text(&board.source, entry.span, "superseded here");
            let here = input.label_at(input.packet.head_span(), "this packet");
            out.push(rule.finding("the task board lists this packet as superseded", here).related(there));
        }
    }
    let Some(registry) = input.registry else { return out.into() };
    for row in registry.rows_of(input.id.base()) {
        let active = row.active.value.rsplit('/').next().unwrap_or("").trim_end_matches(".md");
        if active != input.id.as_str() && WpId::parse(active).is_ok() {
            let message =
                format!("the registry names `{active}` as the active packet of `{}`", input.id.base());
            let there = Label::text(&registry.source, row.active.span, "the active packet");
            out.push(
                rule.finding(message, input.label_at(input.packet.head_span(), "not the active one"))
                    .related(there),
            );
        }
    }
    out.into()
}
