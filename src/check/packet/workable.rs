//! `packet/workable`: the status lets work start.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::PacketStatus;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    match &input.packet.status {
        Some(status) if status.value.allows_work() => Vec::new().into(),
        Some(status) if matches!(status.value, PacketStatus::Unknown(_)) => {
            Verdict::skipped("the status is not a known one")
        }
        Some(status) => Some(rule.finding(
            format!("a packet that is `{}` is not open for work", status.value),
            input.at(status.span, "work may start on `Ready for Dev` or `In Progress`"),
        ))
        .into(),
        None => Verdict::skipped("there is no status"),
    }
}
