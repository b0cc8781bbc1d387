//! `packet/workable`: the status lets work start.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::PacketStatus;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    match &input.packet.status {
        Some(status) if status.value.allows_work() => Vec::new().into(),
        Some(status) if matches!(status.value, PacketStatus::Unknown(_)) => {
            CheckResult::skipped("the status is not a known one")
        }
        Some(status) => Some(rule.finding(
            format!("a packet that is `{}` is not open for work", status.value),
            input.label_at(status.span, "work may start on `Ready for Dev` or `In Progress`"),
        ))
        .into(),
        None => CheckResult::skipped("there is no status"),
    }
}
