//! `packet/format-version` and `packet/manifest-template`: the packet has the form that its
//! date and its generation require.

use jiff::civil::Date;

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::packet::Generation;
use crate::document::template::{PACKET, split_sections};
use crate::finding::{Level, Place};
use crate::rule::Rule;
use crate::text::{Span, line_ending};

/// `packet/format-version`: `PACKET_FORMAT_VERSION` is a valid version, and it
/// is present if the packet's date requires it.
pub(in crate::check) fn format_version(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet;
    let at = packet
        .metadata_field("PACKET_FORMAT_VERSION")
        .map_or_else(|| packet.heading_span("METADATA"), |field| field.value.span);
    match &packet.generation {
        Generation::Unknown(version) => {
            let message = format!(
                "invalid PACKET_FORMAT_VERSION `{}`; expected a date, 2026-02-01 or later",
                crate::text::to_single_line(version, 40)
            );
            return Some(rule.finding(message, input.label_at(at, "unknown format version"))).into();
        }
        Generation::Later(version) => {
            let known = rule.parameter("known");
            if known.iter().any(|other| other == version) {
                return Vec::new().into();
            }
            let message = format!(
                "PACKET_FORMAT_VERSION {version} is newer than this program supports; the packet is \
                    read as {}",
                Generation::G2_VERSION
            );
            return Some(
                rule.finding(message, input.label_at(at, "unknown sections are not checked"))
                    .with_level(Level::Note),
            )
            .into();
        }
        Generation::G2 | Generation::Contract(_) => {}
        Generation::G0 | Generation::G1 => {
            if let Some(finding) = check_missing_version(input, rule) {
                return Some(finding).into();
            }
        }
    }
    Vec::new().into()
}

/// Returns a finding if the packet has no version although its date requires
/// one. The newer of the packet's date and the signature's date is compared with
/// the minimum of the configuration.
fn check_missing_version(input: &PacketCheckContext<'_>, rule: &Rule) -> Option<crate::finding::Finding> {
    let minimum = input.policy.minimum_format.as_deref()?;
    let from: Date = minimum.parse().ok()?;
    let field = input.packet.metadata_field("DATE").and_then(crate::document::field::Field::filled_value);
    let newest = input.newest_date();
    let span = field.map_or_else(|| input.packet.heading_span("METADATA"), |field| field.span);
    match newest {
        Some(date) if date < from => None,
        Some(date) => Some(rule.finding(
            format!("a packet with the date {date} requires `PACKET_FORMAT_VERSION: {minimum}` or later"),
            input.label_at(span, "the date of the packet"),
        )),
        None => Some(rule.finding(
            format!("a packet without a date requires `PACKET_FORMAT_VERSION: {minimum}` or later"),
            input.label_at(span, "no date"),
        )),
    }
    .map(|finding| finding.misses("METADATA", Some("PACKET_FORMAT_VERSION")))
}

/// `packet/manifest-template`: the packet contains at least one COR-701 manifest
/// block, either filled or unchanged from the template.
pub(in crate::check) fn manifest_template(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.packet.generation == Generation::G0 {
        return CheckResult::skipped("packets of generation G0 have no manifest template");
    }
    let has_manifest = input.packet.manifest_template.is_some() || !input.packet.manifests.is_empty();
    (!has_manifest)
        .then(|| {
            let finding = rule.finding(
                "the packet has no COR-701 manifest block",
                input.label_at(input.packet.heading_span("VALIDATION"), "add the manifest block here"),
            );
            let finding = finding.misses("VALIDATION", None);
            let all = split_sections(PACKET);
            let body = all.iter().find(|(key, _)| key == "VALIDATION");
            let lines = body.and_then(|(_, text)| text.split_once("- **Target"));
            match (input.packet.section("VALIDATION"), lines) {
                (Some(section), Some((_, rest))) => {
                    let source = &input.packet.source;
                    let ending = line_ending(source.text());
                    let at = section.span.start + source.slice(section.span).trim_end().len();
                    let block = format!("{ending}{ending}- **Target{}", rest.replace('\n', ending));
                    let place = Place::text(source, Span::new(at, at));
                    finding.with_fix(place, block, "add the manifest block of the template")
                }
                _ => finding,
            }
        })
        .into()
}
