//! Puts a [`Packet`] together from its outline.

use std::sync::Arc;

use crate::document::label::{Field, fields};
use crate::document::outline::{Kind, Outline};
use crate::document::section::Section;
use crate::document::{
    DocumentKind, Fault, PacketStatus, Parsed, evidence, is_placeholder, manifest, waiver,
};
use crate::text::{Source, Span, Spanned};

use super::{Generation, Packet, PlannedCommand, phases, scope};

/// Labels of metadata that decide verdicts: saying two things is a fault.
const DECISIVE: [&str; 13] = [
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

pub(super) fn packet(
    source: &Arc<Source>,
    blocks: Outline,
    sections: Vec<Section>,
    kind: DocumentKind,
) -> Parsed<Packet> {
    let text = source.text();
    let outline = &blocks;
    let all = fields(text, outline, 0..outline.blocks.len());
    let find = |key: &str| sections.iter().find(|section| section.key == key);
    let title = title(&sections);
    let metadata = metadata(&sections, &all, title);
    let mut faults = repeated(text, &metadata);
    faults.extend(repeated_sections(&sections));

    let meta = |key: &str| metadata.iter().find(|field| field.key == key);
    let in_section = |section: &str, key: &str| {
        let section = find(section)?;
        all.iter().find(|field| field.key == key && section.blocks.contains(&field.block))
    };
    let signature = meta("USER_SIGNATURE").and_then(Field::filled).or_else(|| {
        all.iter()
            .find(|field| field.item.is_none() && field.key == "USER_SIGNATURE_LOCKED")
            .and_then(Field::filled)
    });
    let status = meta("STATUS")
        .filter(|f| f.is_filled())
        .map(|field| Spanned::new(PacketStatus::read(field.full()), field.value.span));
    let risk_tier = meta("RISK_TIER")
        .or_else(|| in_section("QUALITY_GATE", "RISK_TIER"))
        .and_then(Field::filled)
        .or_else(|| find("RISK_TIER").and_then(|section| first_line(text, outline, section)));
    let (scope, scope_faults) = scope::read(text, outline, &sections, &all);
    faults.extend(scope_faults);

    let waivers =
        find("WAIVERS_GRANTED").map(|s| waiver::read(text, outline, s.blocks.clone())).unwrap_or_default();
    let (manifests, manifest_faults) = manifest::read(text, outline, &manifest_fields(&sections, &all));
    faults.extend(manifest_faults);
    let manifest_template = manifests.iter().find(|block| block.is_template()).map(|block| block.span);
    let manifests: Vec<_> = manifests.into_iter().filter(|block| !block.is_template()).collect();
    let within = |key: &str| match find(key) {
        Some(section) => all.iter().filter(|field| section.blocks.contains(&field.block)).cloned().collect(),
        None => Vec::new(),
    };
    let phases = phases::read(text, outline, &sections, &all, &manifests);
    let locked = outline.blocks.iter().find(|block| {
        block.kind == Kind::Prose
            && block.parent.is_none()
            && source.slice(block.content).to_lowercase().contains("this packet is locked")
    });
    let locked = locked.map(|block| block.content);
    let test_plan = test_plan(text, outline, &sections, &all);
    let done_means = done_means(text, outline, &sections, &all);
    let value = Packet {
        kind,
        generation: generation(&sections, &metadata),
        title_id: title.and_then(title_id),
        title: title.map(|section| section.title.span),
        signature,
        status,
        risk_tier,
        merge_base: meta("MERGE_BASE_SHA").and_then(Field::filled),
        refinement_file: in_section("TECHNICAL_REFINEMENT", "REFINEMENT_FILE")
            .or_else(|| meta("REFINEMENT_FILE"))
            .and_then(Field::filled),
        scope,
        waivers,
        test_plan,
        done_means,
        phases,
        manifests,
        manifest_template,
        evidence: evidence::entries(text, outline, &within("EVIDENCE")),
        mapping: evidence::requirements(&within("EVIDENCE_MAPPING")),
        locked,
        metadata,
        fields: all,
        sections,
        source: Arc::clone(source),
        outline: blocks,
    };
    Parsed { value, faults }
}

/// The heading `Task Packet: …`; a template's preamble may stand above it.
fn title(sections: &[Section]) -> Option<&Section> {
    let tops = || sections.iter().filter(|section| section.level == 1);
    tops().rfind(|section| title_id(section).is_some()).or_else(|| tops().next())
}

fn title_id(section: &Section) -> Option<Spanned<String>> {
    let (name, id) = section.title.value.split_once(':')?;
    let known = matches!(
        name.trim().to_lowercase().as_str(),
        "task packet" | "work packet" | "task packet stub" | "work packet stub"
    );
    let id = id.split_whitespace().next()?.trim_matches('`');
    known.then(|| Spanned::new(id.to_owned(), section.title.span))
}

fn metadata(sections: &[Section], all: &[Field], title: Option<&Section>) -> Vec<Field> {
    let place = sections.iter().find(|section| section.key == "METADATA").map(|section| section.own.clone());
    let place = place.or_else(|| title.map(|section| section.own.clone())).unwrap_or_default();
    all.iter().filter(|field| field.top && place.contains(&field.block)).cloned().collect()
}

fn repeated(text: &str, metadata: &[Field]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, field) in metadata.iter().enumerate() {
        let first = metadata.iter().take(index).find(|earlier| earlier.key == field.key);
        if first.is_some() && DECISIVE.contains(&field.key.as_str()) {
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

/// Sections whose first occurrence decides may not occur twice.
fn repeated_sections(sections: &[Section]) -> Vec<Fault> {
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
        let earlier =
            sections.iter().take(index).any(|other| other.key == section.key && other.level == section.level);
        if earlier && section.level == 2 && decisive.contains(&section.key.as_str()) {
            let message = format!("the section `{}` stands here a second time", section.title.value);
            faults.push(Fault { rule: "packet/duplicate-field", message, span: section.title.span });
        }
    }
    faults
}

fn generation(sections: &[Section], metadata: &[Field]) -> Generation {
    let version = metadata.iter().find(|field| field.key == "PACKET_FORMAT_VERSION").and_then(Field::filled);
    if let Some(version) = version.map(|v| v.value) {
        let date: Result<jiff::civil::Date, _> = version.parse();
        return match date {
            Ok(_) if version == Generation::G2_VERSION => Generation::G2,
            Ok(_) => Generation::Later(version),
            Err(_) => Generation::Unknown(version),
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

fn first_line(text: &str, outline: &Outline, section: &Section) -> Option<Spanned<String>> {
    let prose = section
        .own
        .clone()
        .find(|index| outline.get(*index).is_some_and(|block| block.kind == Kind::Prose))?;
    let line = outline.prose_lines(text, prose).into_iter().next()?;
    let trimmed = line.text.trim();
    let at = line.start + line.text.find(trimmed).unwrap_or(0);
    let value = trimmed.trim_matches(['*', '`']);
    (!is_placeholder(value)).then(|| Spanned::new(value.to_owned(), Span::new(at, at + trimmed.len())))
}

/// Manifest labels count everywhere but in reports, evidence and waivers.
fn manifest_fields(sections: &[Section], all: &[Field]) -> Vec<Field> {
    let not_here = |key: &str| {
        key.starts_with("VALIDATION_REPORT")
            || matches!(key, "EVIDENCE" | "EVIDENCE_MAPPING" | "WAIVERS_GRANTED" | "SCOPE" | "HISTORY")
    };
    let closed: Vec<_> = sections
        .iter()
        .filter(|section| section.level == 2 && not_here(&section.key))
        .map(|s| s.blocks.clone())
        .collect();
    all.iter().filter(|field| !closed.iter().any(|range| range.contains(&field.block))).cloned().collect()
}

/// Blocks of something that is either a section or a labelled item.
fn slot_blocks(
    sections: &[Section],
    all: &[Field],
    outline: &Outline,
    key: &str,
) -> Option<std::ops::Range<usize>> {
    if let Some(section) = sections.iter().find(|section| section.key == key) {
        return Some(section.blocks.clone());
    }
    let field = all.iter().find(|field| field.key == key && field.top)?;
    let end = field.item.and_then(|item| outline.get(item)).map(|block| block.end);
    let start = field.block + 1;
    match end {
        Some(end) => Some(start..end),
        // A paragraph `TEST_PLAN:` owns the block that follows it.
        None => outline.get(start).map(|next| start..next.end),
    }
}

fn test_plan(text: &str, outline: &Outline, sections: &[Section], all: &[Field]) -> Vec<PlannedCommand> {
    let Some(range) = slot_blocks(sections, all, outline, "TEST_PLAN") else { return Vec::new() };
    let mut out = Vec::new();
    for index in range {
        let Some(block) = outline.get(index) else { break };
        if !matches!(block.kind, Kind::Code(_)) {
            continue;
        }
        let mut start = block.content.start;
        let mut open: Option<PlannedCommand> = None;
        for piece in text.get(block.content.start..block.content.end).unwrap_or("").split_inclusive('\n') {
            let line = crate::text::trimmed(text, Span::new(start, start + piece.len()));
            start += piece.len();
            let continued = line.value.strip_suffix('\\').map(str::trim_end);
            let body = continued.unwrap_or(line.value);
            match open.take() {
                Some(mut command) => {
                    command.text = format!("{} {body}", command.text);
                    command.span = command.span.cover(line.span);
                    open = Some(command);
                }
                None if line.value.is_empty() || line.value.starts_with('#') => {}
                None => open = Some(PlannedCommand { text: body.to_owned(), span: line.span }),
            }
            if continued.is_none() {
                out.extend(open.take());
            }
        }
        out.extend(open);
    }
    out
}

fn done_means(text: &str, outline: &Outline, sections: &[Section], all: &[Field]) -> Vec<Spanned<String>> {
    let Some(range) = slot_blocks(sections, all, outline, "DONE_MEANS") else { return Vec::new() };
    let mut out = Vec::new();
    let mut depth_end = 0;
    for index in range {
        let Some(block) = outline.get(index) else { break };
        if block.kind != Kind::Item || index < depth_end {
            continue;
        }
        depth_end = block.end;
        let Some(prose) = outline.item_prose(index).and_then(|prose| outline.get(prose)) else { continue };
        let line = crate::text::trimmed(text, prose.content);
        let body = line.value.trim_start_matches(|c: char| !c.is_ascii() || c.is_whitespace());
        let body = body.strip_prefix("[ ] ").or_else(|| body.strip_prefix("[x] ")).unwrap_or(body);
        if !is_placeholder(body) {
            out.push(Spanned::new(body.split_whitespace().collect::<Vec<_>>().join(" "), line.span));
        }
    }
    out
}
