//! `packet/manifest-template`: there is a place for the manifests.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::packet::Generation;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    if input.packet.generation == Generation::G0 {
        return Verdict::skipped("packets of generation G0 have no manifest template");
    }
    let there = input.packet.manifest_template.is_some() || !input.packet.manifests.is_empty();
    (!there)
        .then(|| {
            rule.finding(
                "the packet has no COR-701 manifest, not even the template's",
                input.at(input.packet.heading("VALIDATION"), "the manifests belong here"),
            )
        })
        .into()
}
