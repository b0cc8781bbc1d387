//! `packet/manifest-template`: there is a place for the manifests.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::packet::Generation;
use crate::document::template::{PACKET, split_sections};
use crate::finding::Place;
use crate::rule::Rule;
use crate::text::{Span, line_ending};

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.packet.generation == Generation::G0 {
        return CheckResult::skipped("packets of generation G0 have no manifest template");
    }
    let there = input.packet.manifest_template.is_some() || !input.packet.manifests.is_empty();
    (!there)
        .then(|| {
            let finding = rule.finding(
                "the packet has no COR-701 manifest, not even the template's",
                input.label_at(input.packet.heading_span("VALIDATION"), "the manifests belong here"),
            );
            let body = split_sections(PACKET).into_iter().find(|(key, _)| key == "VALIDATION");
            let lines = body.as_ref().and_then(|(_, text)| text.split_once("- **Target"));
            match (input.packet.section("VALIDATION"), lines) {
                (Some(section), Some((_, rest))) => {
                    let source = &input.packet.source;
                    let ending = line_ending(source.text());
                    let at = section.span.start + source.slice(section.span).trim_end().len();
                    let block = format!("{ending}{ending}- **Target{}", rest.replace('\n', ending));
                    let place = Place::text(source, Span::new(at, at));
                    finding.with_fix(place, block, "add the block of the template")
                }
                _ => finding,
            }
        })
        .into()
}
