//! `approval/signature-format`: the signature is one, of a real moment.

use crate::check::Verdict;
use crate::check::input::ApprovalInput;
use crate::document::Signature;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    let packet = input.packet.packet;
    let Some(text) = &packet.signature else {
        return Some(rule.finding(
            "the packet is not signed",
            input.packet.at(packet.heading("METADATA"), "`USER_SIGNATURE` belongs here"),
        ))
        .into();
    };
    let shown = crate::text::one_line(&text.value, 40);
    let signature = match Signature::parse(&text.value) {
        Ok(signature) => signature,
        Err(fault) => {
            return Some(rule.finding(
                format!("`{shown}` is no signature"),
                input.packet.at(text.span, fault.to_string()),
            ))
            .into();
        }
    };
    let mut out = Vec::new();
    // The signer's clock may run up to fourteen hours ahead of UTC.
    let latest = input.now.checked_add(jiff::Span::new().hours(14)).unwrap_or(input.now);
    if signature.at > latest {
        out.push(rule.finding(
            format!("`{shown}` is dated {}, in the future", signature.at),
            input.packet.at(text.span, "not yet"),
        ));
    }
    if let Some(recorded) = recorded_before(input) {
        // Signer's clock and log's clock may differ by a time zone.
        let earliest = recorded.checked_sub(jiff::Span::new().hours(14)).unwrap_or(recorded);
        if signature.at < earliest {
            let message = format!(
                "`{shown}` is dated {}, before the refinement was recorded ({recorded})",
                signature.at
            );
            out.push(
                rule.finding(
                    message,
                    input.packet.at(text.span, "signed before there was something to sign"),
                ),
            );
        }
    }
    out.into()
}

/// When the refinement was recorded: the gate log's entry.
fn recorded_before(input: &ApprovalInput<'_>) -> Option<jiff::civil::DateTime> {
    let log = input.gate_log.as_ref().ok()?;
    let entry = log.last(input.packet.id.as_str(), "REFINEMENT")?;
    let stamp: jiff::Timestamp = entry.timestamp.parse().ok()?;
    Some(stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime())
}
