//! `packet/lineage`: a revision accounts for the packets before it.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::audit::find_wp_ids;
use crate::document::packet::Generation;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let earlier: Vec<&String> =
        input.revision_ids.iter().filter(|other| is_earlier_revision(other, input)).collect();
    if input.id.revision().is_none() || input.packet.generation == Generation::G0 {
        return CheckResult::skipped(
            "only revisions `-vN` of generation G1 and later account for their lineage",
        );
    }
    let Some(section) = input.packet.section("LINEAGE_AUDIT") else {
        if earlier.is_empty() && input.packet.generation == Generation::G1 {
            return Vec::new().into();
        }
        return Some(rule.finding(
            "a revision needs the section `LINEAGE_AUDIT`",
            input.label_at(input.packet.head_span(), "this is a revision"),
        ))
        .into();
    };
    // A comment names nothing.
    let text = input.packet.rendered_text(section.blocks.clone());
    let missing = earlier.into_iter().filter(|id| !find_wp_ids(&text).any(|found| found == id.as_str()));
    missing
        .map(|id| {
            rule.finding(
                format!("the lineage does not name the earlier packet `{id}`"),
                input.label_at(section.title.span, "list every prior packet"),
            )
        })
        .collect::<Vec<_>>()
        .into()
}

fn is_earlier_revision(other: &str, input: &PacketCheckContext<'_>) -> bool {
    let Ok(other) = crate::document::WpId::parse(other) else { return false };
    other.base() == input.id.base() && other.revision().unwrap_or(0) < input.id.revision().unwrap_or(0)
}
