//! `packet/claim`: who works on a packet in progress.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::PacketStatus;
use crate::document::packet::Generation;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.packet.generation == Generation::G0 {
        return CheckResult::skipped("packets of generation G0 have no claim fields");
    }
    let mut out = Vec::new();
    let in_progress = input.packet.status.as_ref().is_some_and(|s| s.value == PacketStatus::InProgress);
    let strengths = rule.parameter("strengths");
    let mut required: Vec<(&str, &str)> = Vec::new();
    if in_progress {
        required.extend([
            ("CODER_MODEL", "the packet is In Progress"),
            ("CODER_REASONING_STRENGTH", "the packet is In Progress"),
        ]);
    }
    let agentic = input.packet.metadata_field("AGENTIC_MODE").filter(|field| field.is_filled());
    if let Some(field) = agentic {
        let bare = field.bare_value();
        if !matches!(bare.value, "YES" | "NO") {
            out.push(rule.finding("AGENTIC_MODE is YES or NO", input.label_at(bare.span, "neither")));
        } else if bare.value == "YES" {
            required.extend([
                ("ORCHESTRATOR_MODEL", "AGENTIC_MODE is YES"),
                ("ORCHESTRATION_STARTED_AT_UTC", "AGENTIC_MODE is YES"),
            ]);
        }
    }
    for (key, because) in required {
        match input.packet.metadata_field(key) {
            Some(field) if field.is_filled() && !is_unclaimed(field.bare_value().value) => {}
            Some(field) => out.push(rule.finding(
                format!("{because}, but `{key}` is not filled"),
                input.label_at(field.label, "fill this"),
            )),
            None => out.push(rule.finding(
                format!("{because}, but there is no `{key}`"),
                input.label_at(input.packet.heading_span("METADATA"), format!("`{key}` belongs here")),
            )),
        }
    }
    if let Some(field) =
        input.packet.metadata_field("CODER_REASONING_STRENGTH").filter(|field| field.is_filled())
    {
        let bare = field.bare_value();
        if !strengths.iter().any(|word| word == bare.value) {
            let message =
                format!("`{}` is no reasoning strength", crate::text::to_single_line(bare.value, 40));
            out.push(
                rule.finding(message, input.label_at(bare.span, format!("one of {}", strengths.join(", ")))),
            );
        }
    }
    out.into()
}

/// Words that people write where nobody is meant.
fn is_unclaimed(value: &str) -> bool {
    matches!(
        value.to_lowercase().as_str(),
        "n/a" | "none" | "nobody" | "unclaimed" | "unassigned" | "_" | "-"
    )
}
