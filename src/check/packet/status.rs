//! `packet/status`: the status is one of the known ones, as a whole.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::check::mend::same_word;
use crate::document::PacketStatus;
use crate::finding::Place;
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
                let finding = rule.finding(
                    format!("`{shown}` is no status"),
                    input.at(status.span, "not one of the known ones"),
                );
                let exact = input.packet.source.slice(status.span) == text;
                let meant = PacketStatus::WORDS.iter().find(|word| same_word(word, text)).filter(|_| exact);
                Some(match meant {
                    Some(meant) => finding.fixed_by(
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
