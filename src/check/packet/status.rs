//! `packet/status`: the status is one of the known ones, as a whole.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::PacketStatus;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    match &input.packet.status {
        None => Some(rule.finding(
            "the packet has no status",
            input.at(input.packet.heading("METADATA"), "`Status` belongs here"),
        ))
        .into(),
        Some(status) => match &status.value {
            PacketStatus::Unknown(text) => {
                let shown = crate::text::one_line(text, 60);
                Some(rule.finding(
                    format!("`{shown}` is no status"),
                    input.at(status.span, "not one of the known ones"),
                ))
                .into()
            }
            _ => Vec::new().into(),
        },
    }
}
