//! `packet/section`: the sections of the packet's generation are there.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::fix_hints::with_section_fix;
use crate::document::section::find_heading_in_fence;
use crate::document::template::PACKET;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let missing = rule.parameter(input.packet.generation.key()).iter().filter(|wanted| {
        let mut spellings = wanted.split('|');
        !spellings.any(|spelling| spelling.split('+').all(|key| input.packet.section(key.trim()).is_some()))
    });
    missing
        .map(|wanted| {
            let name = wanted.split('|').next().unwrap_or(wanted).trim();
            let message =
                format!("a packet of generation {} needs the section `{name}`", input.packet.generation);
            let finding = rule.finding(message, input.label_at(input.packet.head_span(), "this packet"));
            let finding = match find_heading_in_fence(input.packet.source.text(), &input.packet.outline, name)
            {
                Some(span) => finding
                    .related(input.label_at(span, "this heading stands inside a fence or indented code")),
                None => finding,
            };
            let packet = input.packet;
            // Older generations have other headings.
            let template = if packet.generation.is_g2() { PACKET } else { "" };
            if !finding.related.is_empty() {
                return finding;
            }
            with_section_fix(finding, &packet.source, &packet.sections, template, name)
        })
        .collect::<Vec<_>>()
        .into()
}
