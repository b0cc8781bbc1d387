//! `packet/…`: the packet has the sections and fields of its generation.

use std::collections::HashMap;

use super::signatures::check_signatures;
use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::fix_hints::{
    equals_ignoring_punctuation, find_misspelt_label, with_label_fix, with_section_fix,
};
use crate::document::PacketStatus;
use crate::document::field::Field;
use crate::document::hidden::ends_open;
use crate::document::packet::{ContentState, Generation};
use crate::document::section::find_heading_in_fence;
use crate::document::template::PACKET;
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;
use crate::text::Span;

/// `packet/duplicate-field`: every field and section that decides a verdict
/// occurs only once in the packet.
pub(in crate::check) fn duplicate_field(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let faults = input.faults.iter().filter(|fault| fault.rule == rule.id.as_str());
    let by_label: HashMap<Span, &Field> =
        input.packet.fields.iter().map(|field| (field.label, field)).collect();
    let mut firsts: HashMap<&str, &Field> = HashMap::new();
    for field in &input.packet.fields {
        firsts.entry(field.key.as_str()).or_insert(field);
    }
    faults
        .map(|fault| {
            let finding = rule.finding(fault.message.clone(), input.label_at(fault.span, "a repetition"));
            let repeated = by_label.get(&fault.span).copied();
            let first = repeated.and_then(|field| firsts.get(field.key.as_str()).copied());
            match repeated.zip(first).and_then(|(field, first)| repeated_line(input, field, first)) {
                Some(line) => {
                    finding.with_fix(Place::text(&input.packet.source, line), "", "remove the repetition")
                }
                None => finding,
            }
        })
        .chain(check_signatures(input, rule))
        .collect::<Vec<_>>()
        .into()
}

/// Returns the whole line of a field that repeats an earlier field with the
/// same value; `None` if the values differ or the line contains more.
fn repeated_line(input: &PacketCheckContext<'_>, repeated: &Field, first: &Field) -> Option<Span> {
    let label = repeated.label;
    if first.label.start >= label.start {
        return None;
    }
    let source = &input.packet.source;
    let number = source.line(label.start);
    let line = source.line_span(number)?;
    let is_single_line = repeated.value.span.is_empty() || line.contains(repeated.value.span);
    let has_no_items =
        repeated.item.is_none_or(|item| input.packet.outline.items(Some(item)).next().is_none());
    let next = source.line_span(number + 1).map_or(source.text().len(), |next| next.start);
    (first.value.value == repeated.value.value
        && is_single_line
        && has_no_items
        && source.slice(line).contains("- "))
    .then(|| Span::new(line.start, next))
}

/// `packet/section`: the packet has every section that its generation requires,
/// each as a heading.
pub(in crate::check) fn section(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let missing = rule.parameter(input.packet.generation.key()).iter().filter(|wanted| {
        let mut alternatives = wanted.split('|');
        !alternatives
            .any(|alternative| alternative.split('+').all(|key| input.packet.section(key.trim()).is_some()))
    });
    missing
        .map(|wanted| {
            let name = wanted.split('|').next().unwrap_or(wanted).trim();
            let message =
                format!("a packet of generation {} requires the section `{name}`", input.packet.generation);
            let finding = rule
                .finding(message, input.label_at(input.packet.head_span(), "this packet"))
                .misses(name, None);
            let finding =
                match find_heading_in_fence(input.packet.source.text(), &input.packet.outline, name) {
                    Some(span) => finding
                        .related(input.label_at(span, "this heading is inside a fence or indented code")),
                    None => finding,
                };
            let packet = input.packet;
            // The headings of older generations differ from those of the template.
            let template = if packet.generation.is_g2() { PACKET } else { "" };
            if !finding.related.is_empty() || ends_open(packet.source.text(), &packet.outline) {
                return finding;
            }
            with_section_fix(finding, &packet.source, &packet.sections, template, name)
        })
        .collect::<Vec<_>>()
        .into()
}

/// Returns the parameter with the required fields of a packet, and its name in messages.
fn required_by(input: &PacketCheckContext<'_>) -> (&'static str, String) {
    if input.policy.minimal_packets {
        ("standard", "the profile `standard`".to_owned())
    } else {
        let generation = &input.packet.generation;
        (generation.key(), format!("a packet of generation {generation}"))
    }
}

/// Returns one note about a head of generation G0 that says neither when nor for whom the
/// packet was written. Later generations require these fields.
fn missing_head(input: &PacketCheckContext<'_>, rule: &Rule) -> Option<Finding> {
    let packet = input.packet;
    let has_head = packet.metadata_field("TASK_ID").is_some() && packet.metadata_field("ROLE").is_some();
    if packet.generation != Generation::G0 || !has_head || input.policy.minimal_packets {
        return None;
    }
    let names = rule.parameter("head");
    let missing: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| packet.metadata_field(name).is_none()).collect();
    if missing.len() < names.len() || names.is_empty() {
        return None;
    }
    let message = format!("the head of the packet has no {}", missing.join(", "));
    let label = input.label_at(packet.heading_span("METADATA"), "the head of the packet");
    Some(rule.finding(message, label).with_level(Level::Note))
}

/// `packet/field`: every field that the packet's generation requires is a
/// labelled field or section, and it is filled.
pub(in crate::check) fn field(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let (key, required_by) = required_by(input);
    for wanted in rule.parameter(key) {
        // `SECTION: NAME|OTHER_NAME`
        let (section, names) = wanted.split_once(':').unwrap_or(("", wanted));
        let slots: Vec<(&str, ContentState)> =
            names.split('|').map(|name| (name.trim(), find_content(input, section, name.trim()))).collect();
        if slots.iter().any(|(_, slot)| matches!(slot, ContentState::Filled(_))) {
            continue;
        }
        let empty = slots.iter().find_map(|(name, slot)| match slot {
            ContentState::Empty(span) => Some((*name, *span)),
            _ => None,
        });
        let name = slots.first().map_or("", |(name, _)| name);
        let finding = match empty {
            Some((name, span)) => rule.finding(
                match name {
                    "TEST_PLAN" => "`TEST_PLAN` contains no command; expected a command in a closed \
                        fence, or a bullet in backticks"
                        .to_owned(),
                    "DONE_MEANS" => "`DONE_MEANS` contains no criterion; expected a bullet list".to_owned(),
                    _ => format!(
                        "`{name}` is not filled: it is empty, unchanged from the template, \
                        or prose instead of a list"
                    ),
                },
                input.label_at(span, "not filled"),
            ),
            None => {
                let message = format!("{required_by} requires the field `{name}`");
                let label = input.label_at(input.packet.heading_span(section), format!("add `{name}` here"));
                let finding = rule.finding(message, label);
                let finding = match find_other_name(input, rule, name) {
                    Some(span) => {
                        let label = format!("this is not read; rename it to `{name}`");
                        finding.related(input.label_at(span, label))
                    }
                    None => finding,
                };
                let blocks = input.packet.section(section).map_or(0..0, |section| section.blocks.clone());
                let fields = input.packet.fields.iter().filter(|field| blocks.contains(&field.block));
                match find_misspelt_label(fields, name) {
                    Some(field) => with_label_fix(finding, &input.packet.source, field, name),
                    None => finding,
                }
            }
        };
        out.push(finding.misses(section, Some(name)));
    }
    out.extend(missing_head(input, rule));
    out.into()
}

/// Returns the first heading or label that is another usual name of a field.
fn find_other_name(input: &PacketCheckContext<'_>, rule: &Rule, name: &str) -> Option<Span> {
    let pairs = rule.parameter("called").iter().filter_map(|pair| pair.split_once(": "));
    let names: Vec<&str> = pairs.filter(|(_, means)| *means == name).map(|(other, _)| other).collect();
    let sections = input.packet.sections.iter().map(|section| (&section.key, section.title.span));
    let fields = input.packet.fields.iter().filter(|field| field.is_top_level);
    let mut all = sections.chain(fields.map(|field| (&field.key, field.label)));
    all.find(|(key, _)| names.contains(&key.as_str())).map(|(_, span)| span)
}

/// Finds the content of a required field. Metadata counts only in the METADATA
/// section; other names may be sections, or top-level fields of any section.
fn find_content(input: &PacketCheckContext<'_>, section: &str, name: &str) -> ContentState {
    if section != "METADATA" {
        let found = input.packet.content_state(name);
        // Prose alone is not enough: a plan needs a command, and DONE_MEANS a
        // criterion.
        let is_hollow = match name {
            "TEST_PLAN" => input.packet.test_plan.is_empty(),
            "DONE_MEANS" => input.packet.done_means.is_empty(),
            _ => false,
        };
        // The entries of a scope list may be on the line of the label or below it.
        let has_entry = || input.packet.scope.in_scope.iter().any(|entry| entry.pattern.is_ok());
        return match found {
            ContentState::Empty(span) if name == "IN_SCOPE_PATHS" && has_entry() => {
                ContentState::Filled(span)
            }
            // The commands may be in a table.
            ContentState::Empty(span) if name == "TEST_PLAN" && !is_hollow => ContentState::Filled(span),
            ContentState::Filled(span) if is_hollow => ContentState::Empty(span),
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

/// `packet/claim`: the claim fields that the packet needs have valid values.
pub(in crate::check) fn claim(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
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
            out.push(rule.finding(
                format!(
                    "invalid AGENTIC_MODE `{}`; expected YES or NO",
                    crate::text::to_single_line(bare.value, 40)
                ),
                input.label_at(bare.span, "expected YES or NO"),
            ));
        } else if bare.value == "YES" {
            required.extend([
                ("ORCHESTRATOR_MODEL", "AGENTIC_MODE is YES"),
                ("ORCHESTRATION_STARTED_AT_UTC", "AGENTIC_MODE is YES"),
            ]);
        }
    }
    for (key, because) in required {
        let finding = match input.packet.metadata_field(key) {
            Some(field) if field.is_filled() && !is_unclaimed(field.bare_value().value) => continue,
            Some(field) => rule.finding(
                format!("{because}, but `{key}` is not filled"),
                input.label_at(field.label, "not filled"),
            ),
            None => rule.finding(
                format!("{because}, but the field `{key}` is missing"),
                input.label_at(input.packet.heading_span("METADATA"), format!("add `{key}` here")),
            ),
        };
        out.push(finding.misses("METADATA", Some(key)));
    }
    if let Some(field) =
        input.packet.metadata_field("CODER_REASONING_STRENGTH").filter(|field| field.is_filled())
    {
        let bare = field.bare_value();
        if !strengths.iter().any(|word| word == bare.value) {
            let message = format!(
                "invalid CODER_REASONING_STRENGTH `{}`; expected one of: {}",
                crate::text::to_single_line(bare.value, 40),
                strengths.join(", ")
            );
            out.push(rule.finding(message, input.label_at(bare.span, "unknown reasoning strength")));
        }
    }
    out.into()
}

/// Returns whether a value means that the packet has no owner.
pub(super) fn is_unclaimed(value: &str) -> bool {
    matches!(
        value.to_lowercase().as_str(),
        "n/a" | "none" | "nobody" | "unclaimed" | "unassigned" | "_" | "-"
    )
}

/// `packet/risk-tier`: `RISK_TIER` is LOW, MEDIUM or HIGH.
pub(in crate::check) fn risk_tier(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(tier) = &input.packet.risk_tier else {
        let label = input.label_at(input.packet.heading_span("METADATA"), "add `RISK_TIER` here");
        let finding =
            rule.finding("the packet has no RISK_TIER", label).misses("METADATA", Some("RISK_TIER"));
        let elsewhere = input.packet.fields.iter().find(|field| field.key == "RISK_TIER");
        return Some(match elsewhere {
            Some(field) if field.is_filled() => {
                finding.related(input.label_at(field.label, "not in the METADATA section"))
            }
            Some(field) => finding.related(input.label_at(field.label, "not filled")),
            None => finding,
        })
        .into();
    };
    let known = rule.parameter("tiers").contains(&tier.value);
    (!known)
        .then(|| {
            let finding = rule.finding(
                format!(
                    "invalid RISK_TIER `{}`; expected LOW, MEDIUM or HIGH",
                    crate::text::to_single_line(&tier.value, 40)
                ),
                input.label_at(tier.span, "unknown risk tier"),
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

/// `packet/spec-reference`: the packet names the specification that it
/// implements: `SPEC_BASELINE`, `SPEC_TARGET` and `SPEC_ANCHOR` are filled.
pub(in crate::check) fn spec_reference(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let names: &[&str] = if input.packet.generation == Generation::G0 {
        &["SPEC_ANCHOR|SPEC_CURRENT|SPEC_BASELINE|SPEC_TARGET"]
    } else {
        &["SPEC_BASELINE", "SPEC_TARGET", "SPEC_ANCHOR|SPEC_ANCHORS"]
    };
    let mut out = Vec::new();
    for name in names {
        let slots: Vec<ContentState> = name.split('|').map(|name| input.packet.content_state(name)).collect();
        if slots.iter().any(|slot| matches!(slot, ContentState::Filled(_))) {
            continue;
        }
        let first = name.split('|').next().unwrap_or(name);
        let span = slots
            .iter()
            .find_map(|slot| if let ContentState::Empty(span) = slot { Some(*span) } else { None });
        let finding = rule.finding(
            format!("the field `{first}` of the packet is missing or not filled"),
            input.label_at(
                span.unwrap_or_else(|| input.packet.heading_span("AUTHORITY")),
                "name the specification here",
            ),
        );
        out.push(finding.misses("AUTHORITY", Some(first)));
    }
    out.into()
}
