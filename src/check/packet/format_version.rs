//! `packet/format-version`: the packet has the format that its date demands.

use jiff::civil::Date;

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::packet::Generation;
use crate::finding::Level;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet;
    let at = packet
        .metadata_field("PACKET_FORMAT_VERSION")
        .map_or_else(|| packet.heading_span("METADATA"), |field| field.value.span);
    match &packet.generation {
        Generation::Unknown(version) => {
            let message = format!("`{}` is no format version", crate::text::to_single_line(version, 40));
            return Some(
                rule.finding(message, input.label_at(at, "a version is a date, 2026-02-01 or later")),
            )
            .into();
        }
        Generation::Later(version) => {
            let message = format!(
                "format {version} is newer than this tool knows; it is read as {}",
                Generation::G2_VERSION
            );
            return Some(
                rule.finding(message, input.label_at(at, "sections that are unknown are kept"))
                    .with_level(Level::Note),
            )
            .into();
        }
        Generation::G2 => {}
        Generation::G0 | Generation::G1 => {
            if let Some(finding) = check_missing_version(input, rule) {
                return Some(finding).into();
            }
        }
    }
    Vec::new().into()
}

/// A packet without a version, although its date asks for one. The date of
/// the packet and the repository's minimum decide, not the packet's silence;
/// the signature's date counts when the packet's own is missing or older.
fn check_missing_version(input: &PacketCheckContext<'_>, rule: &Rule) -> Option<crate::finding::Finding> {
    let minimum = input.policy.minimum_format.as_deref()?;
    let from: Date = minimum.parse().ok()?;
    let field = input.packet.metadata_field("DATE").and_then(crate::document::field::Field::filled_value);
    let newest = input.newest_date();
    let place = field.map_or_else(|| input.packet.heading_span("METADATA"), |field| field.span);
    match newest {
        Some(date) if date < from => None,
        Some(date) => Some(rule.finding(
            format!("a packet of {date} must carry `PACKET_FORMAT_VERSION: {minimum}` or later"),
            input.label_at(place, "dated here"),
        )),
        None => Some(rule.finding(
            format!("a packet without a date must carry `PACKET_FORMAT_VERSION: {minimum}` or later"),
            input.label_at(place, "no date"),
        )),
    }
}
