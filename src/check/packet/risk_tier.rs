//! `packet/risk-tier`: LOW, MEDIUM or HIGH.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::fix_hints::equals_ignoring_punctuation;
use crate::finding::Place;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(tier) = &input.packet.risk_tier else {
        let label = input.label_at(input.packet.heading_span("METADATA"), "`RISK_TIER` belongs here");
        let finding = rule.finding("the packet has no risk tier", label);
        let elsewhere = input.packet.fields.iter().find(|field| field.key == "RISK_TIER");
        return Some(match elsewhere {
            Some(field) if field.is_filled() => {
                finding.related(input.label_at(field.label, "this one stands where nobody looks for it"))
            }
            Some(field) => finding.related(input.label_at(field.label, "nobody has filled this")),
            None => finding,
        })
        .into();
    };
    let known = rule.parameter("tiers").contains(&tier.value);
    (!known)
        .then(|| {
            let finding = rule.finding(
                format!("`{}` is no risk tier", crate::text::to_single_line(&tier.value, 40)),
                input.label_at(tier.span, "LOW, MEDIUM or HIGH"),
            );
            match rule.parameter("tiers").iter().find(|known| equals_ignoring_punctuation(known, &tier.value))
            {
                Some(meant) => finding.with_fix(
                    Place::text(&input.packet.source, tier.span),
                    meant.clone(),
                    format!("write `{meant}`"),
                ),
                None => finding,
            }
        })
        .into()
}
