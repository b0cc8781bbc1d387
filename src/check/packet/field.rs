//! `packet/field`: the fields of the packet's generation say something.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::fix_hints::{find_misspelt_label, with_label_fix};
use crate::document::packet::ContentState;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for wanted in rule.parameter(input.packet.generation.key()) {
        // `SECTION: NAME|OTHER_NAME`
        let (section, names) = wanted.split_once(':').unwrap_or(("", wanted));
        let slots: Vec<(&str, ContentState)> =
            names.split('|').map(|name| (name.trim(), find_slot(input, section, name.trim()))).collect();
        if slots.iter().any(|(_, slot)| matches!(slot, ContentState::Filled(_))) {
            continue;
        }
        let empty = slots.iter().find_map(|(name, slot)| match slot {
            ContentState::Empty(span) => Some((*name, *span)),
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
                input.label_at(span, "fill this"),
            ),
            None => {
                let message = format!("a packet of generation {} needs `{name}`", input.packet.generation);
                let label = input.label_at(input.packet.heading_span(section), format!("`{name}` belongs here"));
                let finding = rule.finding(message, label);
                let blocks = input.packet.section(section).map_or(0..0, |section| section.blocks.clone());
                let fields = input.packet.fields.iter().filter(|field| blocks.contains(&field.block));
                match find_misspelt_label(fields, name) {
                    Some(field) => with_label_fix(finding, &input.packet.source, field, name),
                    None => finding,
                }
            }
        });
    }
    out.into()
}

/// Metadata counts only where metadata stands; other names may be sections or
/// fields anywhere at the top of a section.
fn find_slot(input: &PacketCheckContext<'_>, section: &str, name: &str) -> ContentState {
    if section != "METADATA" {
        let found = input.packet.content_state(name);
        // Words around a plan are no plan: it needs a command, or a criterion.
        let hollow = match name {
            "TEST_PLAN" => input.packet.test_plan.is_empty(),
            "DONE_MEANS" => input.packet.done_means.is_empty(),
            _ => false,
        };
        // A scope list may stand beside its label as well as below it.
        let usable = || input.packet.scope.in_scope.iter().any(|entry| entry.pattern.is_ok());
        return match found {
            ContentState::Empty(span) if name == "IN_SCOPE_PATHS" && usable() => ContentState::Filled(span),
            ContentState::Filled(span) if hollow => ContentState::Empty(span),
            found => found,
        };
    }
    if name == "USER_SIGNATURE" {
        return input
            .packet
            .signature
            .as_ref()
            .map_or(ContentState::Missing, |signature| ContentState::Filled(signature.span));
    }
    match input.packet.metadata_field(name) {
        Some(field) if field.is_filled() => ContentState::Filled(field.value.span),
        Some(field) => ContentState::Empty(field.label),
        None => ContentState::Missing,
    }
}
