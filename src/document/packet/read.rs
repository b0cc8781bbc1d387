//! Builds a [`Packet`] from its outline.

use std::sync::Arc;

use crate::document::evidence::Requirement;
use crate::document::field::{Field, read_fields};
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::document::{
    DocumentKind, Fault, PacketStatus, Parsed, evidence, is_placeholder, manifest, waiver,
};
use crate::text::{Source, Span, Spanned};

use super::{Generation, Packet, phases, quality, reports, scope};

/// Metadata fields that checks evaluate: a second value is a fault.
const SINGLE_VALUE_LABELS: [&str; 13] = [
    "WP_ID",
    "TASK_ID",
    "BASE_WP_ID",
    "STATUS",
    "RISK_TIER",
    "USER_SIGNATURE",
    "MERGE_BASE_SHA",
    "PACKET_FORMAT_VERSION",
    "REFINEMENT_FILE",
    "CODER_MODEL",
    "CODER_REASONING_STRENGTH",
    "AGENTIC_MODE",
    "SPEC_BASELINE",
];

pub(super) fn read_packet(
    source: &Arc<Source>,
    blocks: Outline,
    sections: Vec<Section>,
    kind: DocumentKind,
) -> Parsed<Packet> {
    let text = source.text();
    let outline = &blocks;
    let all = read_fields(text, outline, 0..outline.blocks.len());
    let find = |key: &str| sections.iter().find(|section| section.key == key);
    let title = find_title(&sections);
    let report_blocks = reports::find_report_blocks(text, outline, &sections);
    let metadata = select_metadata(&sections, &all, title);
    let mut faults = repeated_field_faults(text, &metadata);
    faults.extend(repeated_section_faults(&sections));

    let metadata_field = |key: &str| metadata.iter().find(|field| field.key == key);
    let in_section = |section: &str, key: &str| {
        let section = find(section)?;
        all.iter().find(|field| field.key == key && section.blocks.contains(&field.block))
    };
    let signature = metadata_field("USER_SIGNATURE").and_then(Field::filled_value).or_else(|| {
        all.iter()
            .find(|field| field.item.is_none() && field.key == "USER_SIGNATURE_LOCKED")
            .and_then(Field::filled_value)
    });
    let status = metadata_field("STATUS")
        .filter(|f| f.is_filled())
        .map(|field| Spanned::new(PacketStatus::read(field.unquoted_value()), field.value.span));
    let risk_tier = metadata_field("RISK_TIER")
        .or_else(|| in_section("QUALITY_GATE", "RISK_TIER"))
        .and_then(Field::filled_value)
        .or_else(|| in_section("RISK_TIER", "LEVEL").and_then(Field::filled_value))
        .or_else(|| find("RISK_TIER").and_then(|section| first_line(text, outline, section)))
        .or_else(|| sections.iter().find_map(parse_tier_title));
    let (scope, scope_faults) = scope::read_scope(text, outline, &sections, &all);
    faults.extend(scope_faults);

    let waivers = find("WAIVERS_GRANTED")
        .map(|s| waiver::read_waivers(text, outline, s.blocks.clone()))
        .unwrap_or_default();
    let (manifests, manifest_faults) =
        manifest::read_manifests(text, outline, manifest_fields(&sections, &all));
    faults.extend(manifest_faults);
    let manifest_template = manifests.iter().find(|block| block.is_template()).map(|block| block.span);
    let manifests: Vec<_> = manifests.into_iter().filter(|block| !block.is_template()).collect();
    let within = |key: &str| {
        let blocks = find(key).map_or(0..0, |section| section.blocks.clone());
        all.iter().filter(move |field| blocks.contains(&field.block))
    };
    let phases = phases::read_phases(text, outline, &sections, &all, &manifests, &report_blocks);
    let locked = outline.blocks.iter().find(|block| {
        block.kind == BlockKind::Prose
            && block.parent.is_none()
            && source.slice(block.content).to_lowercase().contains("this packet is locked")
    });
    let locked = locked.map(|block| block.content);
    // A quotation in a report is not a field of the packet.
    let in_report = |field: &&Field| report_blocks.iter().any(|blocks| blocks.contains(&field.block));
    let packet_fields: Vec<Field> = all.iter().filter(|field| !in_report(field)).cloned().collect();
    let (test_plan, plan_faults) = quality::read_test_plan(text, outline, &sections, &packet_fields);
    let (done_means, criteria_faults) = quality::read_done_means(text, outline, &sections, &packet_fields);
    faults.extend(plan_faults.into_iter().chain(criteria_faults));
    let value = Packet {
        kind,
        generation: detect_generation(&sections, &metadata),
        title_id: title.and_then(parse_title_id),
        title: title.map(|section| section.title.span),
        signature,
        status,
        risk_tier,
        merge_base: metadata_field("MERGE_BASE_SHA").and_then(Field::filled_value),
        refinement_file: in_section("TECHNICAL_REFINEMENT", "REFINEMENT_FILE")
            .or_else(|| metadata_field("REFINEMENT_FILE"))
            .and_then(Field::filled_value),
        scope,
        waivers,
        test_plan,
        done_means,
        phases,
        manifests,
        manifest_template,
        evidence: evidence::read_entries(text, outline, within("EVIDENCE")),
        mapping: read_mapping(text, outline, find("EVIDENCE_MAPPING"), within("EVIDENCE_MAPPING")),
        locked,
        metadata,
        fields: all,
        sections,
        source: Arc::clone(source),
        outline: blocks,
    };
    Parsed { value, faults }
}

/// Reads requirements and their locations: labelled entries, then table rows.
fn read_mapping<'a>(
    text: &str,
    outline: &Outline,
    section: Option<&Section>,
    fields: impl Iterator<Item = &'a Field>,
) -> Vec<Requirement> {
    let mut out = evidence::read_requirements(fields);
    out.extend(section.iter().flat_map(|section| evidence::read_mapped_rows(text, outline, section.span)));
    out
}

/// Returns the heading `Task Packet: …`; a template's preamble may precede it.
fn find_title(sections: &[Section]) -> Option<&Section> {
    let top_level = || sections.iter().filter(|section| section.level == 1);
    top_level().rfind(|section| parse_title_id(section).is_some()).or_else(|| top_level().next())
}

fn parse_title_id(section: &Section) -> Option<Spanned<String>> {
    let (name, id) = section.title.value.split_once(':')?;
    let known = matches!(
        name.trim().to_lowercase().as_str(),
        "task packet" | "work packet" | "task packet stub" | "work packet stub"
    );
    let id = id.split_whitespace().next()?.trim_matches('`');
    known.then(|| Spanned::new(id.to_owned(), section.title.span))
}

/// Returns the metadata: first-level fields. A nested field counts only if no
/// first-level field has its key.
fn select_metadata(sections: &[Section], all: &[Field], title: Option<&Section>) -> Vec<Field> {
    let blocks =
        sections.iter().find(|section| section.key == "METADATA").map(|section| section.own_blocks.clone());
    let blocks = blocks.or_else(|| title.map(|section| section.own_blocks.clone())).unwrap_or_default();
    let candidates = || all.iter().filter(|field| blocks.contains(&field.block));
    let is_at_top = |key: &str| candidates().any(|field| field.is_top_level && field.key == key);
    candidates().filter(|field| field.is_top_level || !is_at_top(&field.key)).cloned().collect()
}

fn repeated_field_faults(text: &str, metadata: &[Field]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, field) in metadata.iter().enumerate() {
        let first = metadata.iter().take(index).find(|earlier| earlier.key == field.key);
        if first.is_some() && SINGLE_VALUE_LABELS.contains(&field.key.as_str()) {
            let label = text.get(field.label.start..field.label.end).unwrap_or("");
            faults.push(Fault {
                rule: "packet/duplicate-field",
                message: format!("`{label}` is given a second time"),
                span: field.label,
            });
        }
    }
    faults
}

/// Returns faults for repeated sections of which only the first is evaluated.
fn repeated_section_faults(sections: &[Section]) -> Vec<Fault> {
    let decisive = [
        "METADATA",
        "SCOPE",
        "WAIVERS_GRANTED",
        "QUALITY_GATE",
        "SKELETON",
        "IMPLEMENTATION",
        "TECHNICAL_REFINEMENT",
        "AUTHORITY",
    ];
    let mut faults = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let earlier = sections.iter().take(index).any(|other| other.key == section.key && other.level <= 2);
        if earlier && section.level <= 2 && decisive.contains(&section.key.as_str()) {
            let message = format!("the section `{}` occurs a second time", section.title.value);
            faults.push(Fault { rule: "packet/duplicate-field", message, span: section.title.span });
        }
    }
    faults
}

fn detect_generation(sections: &[Section], metadata: &[Field]) -> Generation {
    let version =
        metadata.iter().find(|field| field.key == "PACKET_FORMAT_VERSION").and_then(Field::filled_value);
    if let Some(version) = version.map(|v| v.value) {
        let date: Result<jiff::civil::Date, _> = version.parse();
        return match date {
            Ok(_) if version == Generation::G2_VERSION => Generation::G2,
            Ok(_) if version.as_str() > Generation::G2_VERSION => Generation::Later(version),
            _ => Generation::Unknown(version),
        };
    }
    let has = |key: &str| sections.iter().any(|section| section.key == key);
    let upper = sections
        .iter()
        .any(|section| section.key == "METADATA" && section.title.value.starts_with("METADATA"));
    if has("TECHNICAL_REFINEMENT") || (upper && (has("SKELETON") || has("IMPLEMENTATION"))) {
        Generation::G1
    } else {
        Generation::G0
    }
}

/// Reads the risk tier from a heading: `### RISK_TIER: HIGH`.
fn parse_tier_title(section: &Section) -> Option<Spanned<String>> {
    let (name, tier) = section.title.value.split_once(':')?;
    let named = crate::document::field::normalize_key(name) == "RISK_TIER" && !is_placeholder(tier);
    named.then(|| Spanned::new(tier.trim().to_owned(), section.title.span))
}

fn first_line(text: &str, outline: &Outline, section: &Section) -> Option<Spanned<String>> {
    let prose = section
        .own_blocks
        .clone()
        .find(|index| outline.get(*index).is_some_and(|block| block.kind == BlockKind::Prose))?;
    let line = outline.prose_lines(text, prose).into_iter().next()?;
    let trimmed = line.text.trim();
    let at = line.start + line.text.find(trimmed).unwrap_or(0);
    let value = trimmed.trim_matches(['*', '`']);
    (!is_placeholder(value)).then(|| Spanned::new(value.to_owned(), Span::new(at, at + trimmed.len())))
}

/// Returns the fields from which manifests are read: all except those of
/// validation reports, evidence, waivers, scope and history.
pub(crate) fn manifest_fields<'a>(sections: &[Section], all: &'a [Field]) -> impl Iterator<Item = &'a Field> {
    let is_excluded = |key: &str| {
        key.starts_with("VALIDATION_REPORT")
            || matches!(key, "EVIDENCE" | "EVIDENCE_MAPPING" | "WAIVERS_GRANTED" | "SCOPE" | "HISTORY")
    };
    let excluded: Vec<_> = sections
        .iter()
        .filter(|section| section.level == 2 && is_excluded(&section.key))
        .map(|s| s.blocks.clone())
        .collect();
    all.iter().filter(move |field| !excluded.iter().any(|range| range.contains(&field.block)))
}
