//! `packet/status`: the status is one of the known ones, as a whole.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::fix_hints::equals_ignoring_punctuation;
use crate::document::PacketStatus;
use crate::finding::Place;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    match &input.packet.status {
        None => Some(rule.finding(
            "the packet has no status",
            input.label_at(input.packet.heading_span("METADATA"), "`Status` belongs here"),
        ))
        .into(),
        Some(status) => match &status.value {
            PacketStatus::Unknown(text) => {
                let shown = crate::text::to_single_line(text, 60);
                let finding = rule.finding(
                    format!("`{shown}` is no status"),
                    input.label_at(status.span, "not one of the known ones"),
                );
                let exact = input.packet.source.slice(status.span) == text;
                let meant = PacketStatus::WORDS
                    .iter()
                    .find(|word| equals_ignoring_punctuation(word, text))
                    .filter(|_| exact);
                Some(match meant {
                    Some(meant) => finding.with_fix(
                        Place::text(&input.packet.source, status.span),
                        *meant,
                        format!("write `{meant}`"),
                    ),
                    None => finding,
                })
                .into()
            }
            _ => Vec::new().into(),
        },
    }
}
