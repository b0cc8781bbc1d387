//! `packet/lineage`: a revision accounts for the packets before it.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::audit::wp_ids_in;
use crate::document::packet::Generation;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let earlier: Vec<&String> = input.family.iter().filter(|other| is_earlier(other, input)).collect();
    if input.id.revision().is_none() || input.packet.generation == Generation::G0 {
        return Verdict::skipped("only revisions `-vN` of generation G1 and later account for their lineage");
    }
    let Some(section) = input.packet.section("LINEAGE_AUDIT") else {
        if earlier.is_empty() && input.packet.generation == Generation::G1 {
            return Vec::new().into();
        }
        return Some(rule.finding(
            "a revision needs the section `LINEAGE_AUDIT`",
            input.at(input.packet.head(), "this is a revision"),
        ))
        .into();
    };
    // A comment names nothing.
    let text = input.packet.seen(section.blocks.clone());
    let missing = earlier.into_iter().filter(|id| !wp_ids_in(&text).any(|found| found == id.as_str()));
    missing
        .map(|id| {
            rule.finding(
                format!("the lineage does not name the earlier packet `{id}`"),
                input.at(section.title.span, "list every prior packet"),
            )
        })
        .collect::<Vec<_>>()
        .into()
}

fn is_earlier(other: &str, input: &PacketInput<'_>) -> bool {
    let Ok(other) = crate::document::WpId::parse(other) else { return false };
    other.base() == input.id.base() && other.revision().unwrap_or(0) < input.id.revision().unwrap_or(0)
}
