//! `packet/…`: sections and fields of the packet's generation.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::fix_hints::{
    equals_ignoring_punctuation, find_misspelt_label, with_label_fix, with_section_fix,
};
use crate::document::PacketStatus;
use crate::document::packet::{ContentState, Generation};
use crate::document::section::find_heading_in_fence;
use crate::document::template::{PACKET, split_sections};
use crate::finding::{Level, Place};
use crate::rule::Rule;
use crate::text::{Span, line_ending};
use jiff::civil::Date;

/// `packet/section`: the sections of the packet's generation are there.
pub(in crate::check) fn section(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let missing = rule.parameter(input.packet.generation.key()).iter().filter(|wanted| {
        let mut spellings = wanted.split('|');
        !spellings.any(|spelling| spelling.split('+').all(|key| input.packet.section(key.trim()).is_some()))
    });
    missing
        .map(|wanted| {
            let name = wanted.split('|').next().unwrap_or(wanted).trim();
            let message =
                format!("a packet of generation {} needs the section `{name}`", input.packet.generation);
            let finding = rule.finding(message, input.label_at(input.packet.head_span(), "this packet"));
            let finding = match find_heading_in_fence(input.packet.source.text(), &input.packet.outline, name)
            {
                Some(span) => finding
                    .related(input.label_at(span, "this heading stands inside a fence or indented code")),
                None => finding,
            };
            let packet = input.packet;
            // Older generations have other headings.
            let template = if packet.generation.is_g2() { PACKET } else { "" };
            if !finding.related.is_empty() {
                return finding;
            }
            with_section_fix(finding, &packet.source, &packet.sections, template, name)
        })
        .collect::<Vec<_>>()
        .into()
}

/// `packet/field`: the fields of the packet's generation say something.
pub(in crate::check) fn field(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `packet/duplicate-field`: what decides a verdict is said once.
pub(in crate::check) fn duplicate_field(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let faults = input.faults.iter().filter(|fault| fault.rule == rule.id.as_str());
    faults
        .map(|fault| {
            let finding = rule.finding(fault.message.clone(), input.label_at(fault.span, "said before"));
            match repeated_line(input, fault.span) {
                Some(line) => {
                    finding.with_fix(Place::text(&input.packet.source, line), "", "remove the repetition")
                }
                None => finding,
            }
        })
        .collect::<Vec<_>>()
        .into()
}

/// The whole line of a field that says again what was said, word for word.
fn repeated_line(input: &PacketCheckContext<'_>, label: Span) -> Option<Span> {
    let fields = &input.packet.fields;
    let again = fields.iter().find(|field| field.label == label)?;
    let first = fields.iter().find(|field| field.key == again.key && field.label.start < label.start)?;
    let source = &input.packet.source;
    let number = source.line(label.start);
    let line = source.line_span(number)?;
    let alone = again.value.span.is_empty() || line.contains(again.value.span);
    let bare = again.item.is_none_or(|item| input.packet.outline.items(Some(item)).next().is_none());
    let next = source.line_span(number + 1).map_or(source.text().len(), |next| next.start);
    (first.value.value == again.value.value && alone && bare && source.slice(line).contains("- "))
        .then(|| Span::new(line.start, next))
}

/// `packet/claim`: who works on a packet in progress.
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

/// `packet/risk-tier`: LOW, MEDIUM or HIGH.
pub(in crate::check) fn risk_tier(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `packet/spec-reference`: the packet names the specification that it
/// implements.
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
        out.push(rule.finding(
            format!("the packet does not fill `{first}`"),
            input.label_at(
                span.unwrap_or_else(|| input.packet.heading_span("AUTHORITY")),
                "the specification belongs here",
            ),
        ));
    }
    out.into()
}

/// `packet/format-version`: the packet has the format that its date demands.
pub(in crate::check) fn format_version(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet;
    let at = packet
        .metadata_field("PACKET_FORMAT_VERSION")
        .map_or_else(|| packet.heading_span("METADATA"), |field| field.value.span);
    match &packet.generation {
        Generation::Unknown(version) => {
            let message = format!("`{}` is no format version", crate::text::to_single_line(version, 40));
            return Some(
                rule.finding(message, input.label_at(at, "a version is a date, 2026-02-01 or later")),
            )
            .into();
        }
        Generation::Later(version) => {
            let message = format!(
                "format {version} is newer than this tool knows; it is read as {}",
                Generation::G2_VERSION
            );
            return Some(
                rule.finding(message, input.label_at(at, "sections that are unknown are kept"))
                    .with_level(Level::Note),
            )
            .into();
        }
        Generation::G2 => {}
        Generation::G0 | Generation::G1 => {
            if let Some(finding) = check_missing_version(input, rule) {
                return Some(finding).into();
            }
        }
    }
    Vec::new().into()
}

/// A packet without a version, although its date asks for one. The date of
/// the packet and the repository's minimum decide, not the packet's silence;
/// the signature's date counts when the packet's own is missing or older.
fn check_missing_version(input: &PacketCheckContext<'_>, rule: &Rule) -> Option<crate::finding::Finding> {
    let minimum = input.policy.minimum_format.as_deref()?;
    let from: Date = minimum.parse().ok()?;
    let field = input.packet.metadata_field("DATE").and_then(crate::document::field::Field::filled_value);
    let newest = input.newest_date();
    let place = field.map_or_else(|| input.packet.heading_span("METADATA"), |field| field.span);
    match newest {
        Some(date) if date < from => None,
        Some(date) => Some(rule.finding(
            format!("a packet of {date} must carry `PACKET_FORMAT_VERSION: {minimum}` or later"),
            input.label_at(place, "dated here"),
        )),
        None => Some(rule.finding(
            format!("a packet without a date must carry `PACKET_FORMAT_VERSION: {minimum}` or later"),
            input.label_at(place, "no date"),
        )),
    }
}

/// `packet/manifest-template`: there is a place for the manifests.
pub(in crate::check) fn manifest_template(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.packet.generation == Generation::G0 {
        return CheckResult::skipped("packets of generation G0 have no manifest template");
    }
    let there = input.packet.manifest_template.is_some() || !input.packet.manifests.is_empty();
    (!there)
        .then(|| {
            let finding = rule.finding(
                "the packet has no COR-701 manifest, not even the template's",
                input.label_at(input.packet.heading_span("VALIDATION"), "the manifests belong here"),
            );
            let body = split_sections(PACKET).into_iter().find(|(key, _)| key == "VALIDATION");
            let lines = body.as_ref().and_then(|(_, text)| text.split_once("- **Target"));
            match (input.packet.section("VALIDATION"), lines) {
                (Some(section), Some((_, rest))) => {
                    let source = &input.packet.source;
                    let ending = line_ending(source.text());
                    let at = section.span.start + source.slice(section.span).trim_end().len();
                    let block = format!("{ending}{ending}- **Target{}", rest.replace('\n', ending));
                    let place = Place::text(source, Span::new(at, at));
                    finding.with_fix(place, block, "add the block of the template")
                }
                _ => finding,
            }
        })
        .into()
}
