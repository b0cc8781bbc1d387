//! `packet/risk-tier`: LOW, MEDIUM or HIGH.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::check::mend::same_word;
use crate::finding::Place;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let Some(tier) = &input.packet.risk_tier else {
        let label = input.at(input.packet.heading("METADATA"), "`RISK_TIER` belongs here");
        let finding = rule.finding("the packet has no risk tier", label);
        let elsewhere = input.packet.fields.iter().find(|field| field.key == "RISK_TIER");
        return Some(match elsewhere {
            Some(field) if field.is_filled() => {
                finding.related(input.at(field.label, "this one stands where nobody looks for it"))
            }
            Some(field) => finding.related(input.at(field.label, "nobody has filled this")),
            None => finding,
        })
        .into();
    };
    let known = rule.list("tiers").contains(&tier.value);
    (!known)
        .then(|| {
            let finding = rule.finding(
                format!("`{}` is no risk tier", crate::text::one_line(&tier.value, 40)),
                input.at(tier.span, "LOW, MEDIUM or HIGH"),
            );
            match rule.list("tiers").iter().find(|known| same_word(known, &tier.value)) {
                Some(meant) => finding.fixed_by(
                    Place::text(&input.packet.source, tier.span),
                    meant.clone(),
                    format!("write `{meant}`"),
                ),
                None => finding,
            }
        })
        .into()
}
