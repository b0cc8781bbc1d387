//! `approval/signature-format`: the signature is one, of a real moment.

use crate::check::CheckResult;
use crate::check::context::ApprovalCheckContext;
use crate::document::Signature;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let Some(text) = &packet.signature else {
        return Some(rule.finding(
            "the packet is not signed",
            input.packet.label_at(packet.heading_span("METADATA"), "`USER_SIGNATURE` belongs here"),
        ))
        .into();
    };
    let shown = crate::text::to_single_line(&text.value, 40);
    let signature = match Signature::parse(&text.value) {
        Ok(signature) => signature,
        Err(fault) => {
            return Some(rule.finding(
                format!("`{shown}` is no signature"),
                input.packet.label_at(text.span, fault.to_string()),
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
            input.packet.label_at(text.span, "not yet"),
        ));
    }
    let (recorded, unreadable) = match refinement_recorded_at(input) {
        Ok(recorded) => (recorded, None),
        Err(stamp) => (None, Some(stamp)),
    };
    if let Some(stamp) = unreadable {
        let message = format!(
            "when the refinement was recorded cannot be read: `{}` is no time",
            crate::text::to_single_line(&stamp, 40)
        );
        out.push(rule.finding(message, input.packet.label_at(text.span, "so its order cannot be checked")));
    }
    if let Some(recorded) = recorded {
        // Signer's clock and log's clock may differ by a time zone.
        let earliest = recorded.checked_sub(jiff::Span::new().hours(14)).unwrap_or(recorded);
        if signature.at < earliest {
            let message = format!(
                "`{shown}` is dated {}, before the refinement was recorded ({recorded})",
                signature.at
            );
            out.push(rule.finding(
                message,
                input.packet.label_at(text.span, "signed before there was something to sign"),
            ));
        }
    }
    out.into()
}

/// When the refinement was recorded: the gate log's entry. The error is a
/// time that cannot be read.
fn refinement_recorded_at(input: &ApprovalCheckContext<'_>) -> Result<Option<jiff::civil::DateTime>, String> {
    let Ok(log) = input.gate_log else { return Ok(None) };
    let Some(entry) = log.last_entry(input.packet.id.as_str(), "REFINEMENT") else { return Ok(None) };
    let text = crate::document::gate_log::text_or_empty(&entry.timestamp);
    let stamp: jiff::Timestamp = text.parse().map_err(|_| text.to_owned())?;
    Ok(Some(stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime()))
}
