//! `packet/claim`: who works on a packet in progress.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::PacketStatus;
use crate::document::packet::Generation;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    if input.packet.generation == Generation::G0 {
        return Verdict::skipped("packets of generation G0 have no claim fields");
    }
    let mut out = Vec::new();
    let in_progress = input.packet.status.as_ref().is_some_and(|s| s.value == PacketStatus::InProgress);
    let strengths = rule.list("strengths");
    let mut required: Vec<(&str, &str)> = Vec::new();
    if in_progress {
        required.extend([
            ("CODER_MODEL", "the packet is In Progress"),
            ("CODER_REASONING_STRENGTH", "the packet is In Progress"),
        ]);
    }
    let agentic = input.packet.meta("AGENTIC_MODE").filter(|field| field.is_filled());
    if let Some(field) = agentic {
        let bare = field.bare();
        if !matches!(bare.value, "YES" | "NO") {
            out.push(rule.finding("AGENTIC_MODE is YES or NO", input.at(bare.span, "neither")));
        } else if bare.value == "YES" {
            required.extend([
                ("ORCHESTRATOR_MODEL", "AGENTIC_MODE is YES"),
                ("ORCHESTRATION_STARTED_AT_UTC", "AGENTIC_MODE is YES"),
            ]);
        }
    }
    for (key, because) in required {
        match input.packet.meta(key) {
            Some(field) if field.is_filled() && !is_nobody(field.bare().value) => {}
            Some(field) => out.push(rule.finding(
                format!("{because}, but `{key}` is not filled"),
                input.at(field.label, "fill this"),
            )),
            None => out.push(rule.finding(
                format!("{because}, but there is no `{key}`"),
                input.at(input.packet.heading("METADATA"), format!("`{key}` belongs here")),
            )),
        }
    }
    if let Some(field) = input.packet.meta("CODER_REASONING_STRENGTH").filter(|field| field.is_filled()) {
        let bare = field.bare();
        if !strengths.iter().any(|word| word == bare.value) {
            let message = format!("`{}` is no reasoning strength", crate::text::one_line(bare.value, 40));
            out.push(rule.finding(message, input.at(bare.span, format!("one of {}", strengths.join(", ")))));
        }
    }
    out.into()
}

/// Words that people write where nobody is meant.
fn is_nobody(value: &str) -> bool {
    matches!(
        value.to_lowercase().as_str(),
        "n/a" | "none" | "nobody" | "unclaimed" | "unassigned" | "_" | "-"
    )
}
