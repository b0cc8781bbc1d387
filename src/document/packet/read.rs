//! Builds a [`Packet`] from its outline.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use crate::document::block_ranges::BlockRanges;
use crate::document::evidence::Requirement;
use crate::document::field::{Field, read_fields};
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::document::wp_id::WpId;
use crate::document::{
    DocumentKind, Fault, PacketStatus, Parsed, evidence, is_placeholder, manifest, waiver,
};
use crate::text::{Source, Span, Spanned};

use super::items::find_unread_waivers;
use super::{Generation, Packet, done_means, phases, quality, reports, scope, test_plan};

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
    let sections = quality::with_usual_levels(sections);
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
        .map(|section| waiver::read_granted(text, outline, section, &sections))
        .unwrap_or_default();
    if let Some(section) = find("WAIVERS_GRANTED") {
        faults.extend(find_unread_waivers(text, outline, section.own_blocks.clone()));
    }
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
    let locked = find_lock(text, outline);
    // A quotation in a report is not a field of the packet.
    let reported = BlockRanges::new(&report_blocks);
    let in_report = |field: &&Field| reported.contains(field.block);
    let packet_fields: Cow<'_, [Field]> = if report_blocks.is_empty() {
        Cow::Borrowed(&all)
    } else {
        Cow::Owned(all.iter().filter(|field| !in_report(field)).cloned().collect())
    };
    let (test_plan, plan_faults) = test_plan::read_test_plan(text, outline, &sections, &packet_fields);
    let (done_means, criteria_faults) = done_means::read_done_means(text, outline, &sections, &packet_fields);
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
        commonmark: None,
        second_form: None,
        contract: None,
    };
    Parsed { value, faults }
}

/// Returns the span of the paragraph that locks the packet, as packets write it:
/// `**IMPORTANT: This packet is locked. No edits allowed.**`. The statement must be
/// the whole first line of a top-level paragraph.
fn find_lock(text: &str, outline: &Outline) -> Option<Span> {
    let is_lock = |index: usize| {
        let lines = outline.prose_lines(text, index);
        lines.first().is_some_and(|line| is_lock_statement(&line.text))
    };
    let mut blocks = outline.blocks.iter().enumerate();
    let locked = blocks
        .find(|(index, block)| block.kind == BlockKind::Prose && block.parent.is_none() && is_lock(*index));
    locked.map(|(_, block)| block.content)
}

/// Returns whether a line says that the packet is locked, and nothing else.
/// Emphasis, case and an opening `IMPORTANT:` or `NOTE:` make no difference.
fn is_lock_statement(line: &str) -> bool {
    let plain: String = line.chars().filter(|c| !matches!(c, '*' | '_')).collect();
    let plain = plain.trim().to_lowercase();
    let opened = ["important", "note"].iter().find_map(|word| plain.strip_prefix(word)?.strip_prefix(':'));
    let statement = opened.unwrap_or(&plain).trim_start();
    let Some(rest) = statement.strip_prefix("this packet is locked") else { return false };
    let rest = rest.trim_start_matches(['.', '!', ';', ':', ',']).trim_start();
    matches!(rest.trim_end_matches(['.', '!']), "" | "no edits allowed" | "no edits are allowed")
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
    let title = section.title.value.as_str();
    let first = title.split_whitespace().next()?.trim_matches(['`', ':']);
    if WpId::parse(first).is_ok() {
        return Some(Spanned::new(first.to_owned(), section.title.span));
    }
    let (name, id) = title.split_once(':')?;
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
    let top: HashSet<&str> =
        candidates().filter(|field| field.is_top_level).map(|field| field.key.as_str()).collect();
    candidates().filter(|field| field.is_top_level || !top.contains(field.key.as_str())).cloned().collect()
}

fn repeated_field_faults(text: &str, metadata: &[Field]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for field in metadata.iter().filter(|field| SINGLE_VALUE_LABELS.contains(&field.key.as_str())) {
        if !seen.insert(&field.key) {
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
    let mut seen: HashSet<&str> = HashSet::new();
    for section in sections.iter().filter(|s| s.level <= 2 && decisive.contains(&s.key.as_str())) {
        if !seen.insert(&section.key) {
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
        // Dates are compared, not texts: `20260101` is the basic form of ISO 8601.
        let parse_date = |text: &str| text.parse::<jiff::civil::Date>().ok();
        return match parse_date(&version).cmp(&parse_date(Generation::G2_VERSION)) {
            Ordering::Equal => Generation::G2,
            Ordering::Greater => Generation::Later(version),
            // `None`, a text that is not a date, is less than every date.
            Ordering::Less => Generation::Unknown(version),
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
    let excluded: Vec<std::ops::Range<usize>> = sections
        .iter()
        .filter(|section| section.level == 2 && is_excluded(&section.key))
        .map(|s| s.blocks.clone())
        .collect();
    let excluded = BlockRanges::new(&excluded);
    all.iter().filter(move |field| !excluded.contains(field.block))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crate::document::Packet;
    use crate::document::packet::Generation;
    use crate::text::{RepoPath, Source};

    fn read(text: &str) -> crate::document::Parsed<Packet> {
        Packet::read(&Source::from_text(RepoPath::from("packet.md"), text))
    }

    #[test]
    fn only_a_line_of_its_own_locks_a_packet() {
        let is_locked = |line: &str| {
            let text = format!("# Task Packet: WP-1-A\n\n## METADATA\n- WP_ID: WP-1-A\n\n{line}\n");
            read(&text).value.locked.is_some()
        };
        for line in [
            "**IMPORTANT: This packet is locked. No edits allowed.**\n**If changes needed: Create NEW packet.**",
            "IMPORTANT: This packet is locked. No edits allowed.",
            "This packet is locked",
            "**This packet is locked.**",
            "**Important:** this packet is LOCKED!",
        ] {
            assert!(is_locked(line), "{line}");
        }
        for line in [
            "Nobody edits the scope once this packet is locked.",
            "Nobody edits the scope once\nthis packet is locked.",
            "This packet is locked when the validator has written its verdict.",
            "This packet is locked. That is what the last line of a finished packet says.",
            "Note: this packet is locked only after validation.",
            "> This packet is locked.",
            "- This packet is locked.",
            "```\nThis packet is locked.\n```",
            "<!-- This packet is locked. -->",
        ] {
            assert!(!is_locked(line), "{line}");
        }
    }

    #[test]
    fn many_metadata_fields_are_read_in_linear_time() {
        let top: String = (0..40_000).map(|number| format!("- KEY_{number}: x\n")).collect();
        let nested: String = (0..20_000).map(|number| format!("  - NESTED_{number}: x\n")).collect();
        let text =
            format!("# Task Packet: WP-1-A\n\n## METADATA\n{top}{nested}- STATUS: Done\n- STATUS: Done\n");
        let start = Instant::now();
        let parsed = read(&text);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert!(parsed.value.metadata.len() > 40_000, "{}", parsed.value.metadata.len());
        let repeated = parsed.faults.iter().filter(|fault| fault.rule == "packet/duplicate-field");
        assert_eq!(repeated.count(), 1, "the second status");
    }

    #[test]
    fn format_versions_are_compared_as_dates() {
        let generation = |version: &str| {
            let text = format!("# Task Packet: WP-1-A\n\n## METADATA\n- PACKET_FORMAT_VERSION: {version}\n");
            read(&text).value.generation
        };
        assert_eq!(generation("2026-02-01"), Generation::G2);
        assert_eq!(generation("20260201"), Generation::G2);
        assert_eq!(generation("2026-03-01"), Generation::Later("2026-03-01".into()));
        assert_eq!(generation("20260301"), Generation::Later("20260301".into()));
        for version in ["20260101", "2025-12-01", "soon", "v9", "2026-13-01"] {
            assert_eq!(generation(version), Generation::Unknown(version.into()));
        }
    }
}
