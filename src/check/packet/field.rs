//! `packet/field`: the fields of the packet's generation say something.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::check::mend::{misspelt_label, respelt};
use crate::document::packet::Slot;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for wanted in rule.list(input.packet.generation.key()) {
        // `SECTION: NAME|OTHER_NAME`
        let (section, names) = wanted.split_once(':').unwrap_or(("", wanted));
        let slots: Vec<(&str, Slot)> =
            names.split('|').map(|name| (name.trim(), slot(input, section, name.trim()))).collect();
        if slots.iter().any(|(_, slot)| matches!(slot, Slot::Filled(_))) {
            continue;
        }
        let empty = slots.iter().find_map(|(name, slot)| match slot {
            Slot::Empty(span) => Some((*name, *span)),
            _ => None,
        });
        let name = slots.first().map_or("", |(name, _)| name);
        out.push(match empty {
            Some((name, span)) => rule.finding(
                match name {
                    "TEST_PLAN" => "`TEST_PLAN` holds no command: one in a closed fence, or a bullet in back-ticks".to_owned(),
                    "DONE_MEANS" => "`DONE_MEANS` holds no criterion: each is a bullet of a list".to_owned(),
                    _ => format!("`{name}` says nothing: it is empty, still the template's text, or prose where a list belongs"),
                },
                input.at(span, "fill this"),
            ),
            None => {
                let message = format!("a packet of generation {} needs `{name}`", input.packet.generation);
                let label = input.at(input.packet.heading(section), format!("`{name}` belongs here"));
                let finding = rule.finding(message, label);
                let blocks = input.packet.section(section).map_or(0..0, |section| section.blocks.clone());
                let fields = input.packet.fields.iter().filter(|field| blocks.contains(&field.block));
                match misspelt_label(fields, name) {
                    Some(field) => respelt(finding, &input.packet.source, field, name),
                    None => finding,
                }
            }
        });
    }
    out.into()
}

/// Metadata counts only where metadata stands; other names may be sections or
/// fields anywhere at the top of a section.
fn slot(input: &PacketInput<'_>, section: &str, name: &str) -> Slot {
    if section != "METADATA" {
        let found = input.packet.slot(name);
        // Words around a plan are no plan: it needs a command, or a criterion.
        let hollow = match name {
            "TEST_PLAN" => input.packet.test_plan.is_empty(),
            "DONE_MEANS" => input.packet.done_means.is_empty(),
            _ => false,
        };
        // A scope list may stand beside its label as well as below it.
        let usable = || input.packet.scope.inside.iter().any(|entry| entry.coverage.is_ok());
        return match found {
            Slot::Empty(span) if name == "IN_SCOPE_PATHS" && usable() => Slot::Filled(span),
            Slot::Filled(span) if hollow => Slot::Empty(span),
            found => found,
        };
    }
    if name == "USER_SIGNATURE" {
        return input
            .packet
            .signature
            .as_ref()
            .map_or(Slot::Missing, |signature| Slot::Filled(signature.span));
    }
    match input.packet.meta(name) {
        Some(field) if field.is_filled() => Slot::Filled(field.value.span),
        Some(field) => Slot::Empty(field.label),
        None => Slot::Missing,
    }
}
