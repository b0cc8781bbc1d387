//! Task packets of all generations, as typed fields with spans.

mod contract;
mod done_means;
mod excluded;
mod excluded_marks;
mod exclusion_lists;
mod exclusion_regions;
pub(crate) mod fenced_report;
mod from_contract;
mod items;
mod phases;
mod plan_table;
mod quality;
mod read;
mod reading;
mod reports;
mod scope;
mod scope_lists;
mod section_names;
mod test_plan;

use std::fmt;
use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::evidence::{EvidenceEntry, Requirement};
use super::field::Field;
use super::kind::{DocumentKind, detect_outline_kind};
use super::manifest::Manifest;
use super::outline::{BlockKind, Outline};
use super::section::{Section, read_sections};
use super::typed_contract::{ContractRole, TypedContract};
use super::waiver::Waiver;
use super::{PacketStatus, Parsed};

pub(in crate::document) use contract::WHITESPACE;
pub(crate) use contract::{ContractPart, contract_parts, unsigned_paths};
pub(crate) use done_means::Criterion;
pub(crate) use phases::{PacketPhases, PhaseSection};
pub(crate) use read::manifest_fields;
pub(crate) use reports::{VERDICT_LABELS, VerdictReport, first_day};
pub(crate) use scope::Scope;
pub(crate) use test_plan::{PlannedCommand, without_comment};

/// Format generation of a packet (FORMATS, "three generations").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generation {
    /// December 2025: title-case headings, `*` bullets.
    G0,
    /// January 2026: upper-case headings, refinement, manifests.
    G1,
    /// `PACKET_FORMAT_VERSION: 2026-02-01`.
    G2,
    /// A later format version, read like G2.
    Later(String),
    /// A format version that is not a date, or is earlier than that of G2.
    Unknown(String),
    /// A typed contract without a packet in Markdown; with its schema.
    Contract(String),
}

impl Generation {
    /// The format version of G2.
    pub const G2_VERSION: &'static str = "2026-02-01";

    /// Returns whether the packet must have the sections of G2.
    #[must_use]
    pub fn is_g2(&self) -> bool {
        matches!(self, Self::G2 | Self::Later(_) | Self::Unknown(_))
    }

    /// Returns the key under which rules list the requirements of this
    /// generation.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::G0 => "g0",
            Self::G1 => "g1",
            Self::Contract(_) => "contract",
            _ => "g2",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::G0 => f.write_str("G0"),
            Self::G1 => f.write_str("G1"),
            Self::G2 => write!(f, "G2 ({})", Self::G2_VERSION),
            Self::Later(version) => write!(f, "later ({version})"),
            Self::Unknown(version) => write!(f, "unknown ({version})"),
            Self::Contract(schema) => write!(f, "contract ({schema})"),
        }
    }
}

/// A task packet with its fields and sections.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Text of the packet.
    pub source: Arc<Source>,
    /// Kind of the document according to its headings.
    pub kind: DocumentKind,
    /// Format generation.
    pub generation: Generation,
    /// The id in the title.
    pub title_id: Option<Spanned<String>>,
    /// Span of the title.
    pub title: Option<Span>,
    /// All sections.
    pub sections: Vec<Section>,
    /// The labelled fields of METADATA. An old packet without METADATA has them
    /// below the title. A nested field counts only if no first-level field has
    /// its key.
    pub metadata: Vec<Field>,
    /// All labelled fields of the document.
    pub fields: Vec<Field>,
    /// The user signature, from the field that the generation uses.
    pub signature: Option<Spanned<String>>,
    /// The status.
    pub status: Option<Spanned<PacketStatus>>,
    /// The risk tier as written.
    pub risk_tier: Option<Spanned<String>>,
    /// `MERGE_BASE_SHA` as written, without a hint.
    pub merge_base: Option<Spanned<String>>,
    /// Path of the refinement as written.
    pub refinement_file: Option<Spanned<String>>,
    /// Scope paths.
    pub scope: Scope,
    /// Waivers.
    pub waivers: Vec<Waiver>,
    /// Commands of the test plan.
    pub test_plan: Vec<PlannedCommand>,
    /// Criteria of `DONE_MEANS`.
    pub done_means: Vec<Criterion>,
    /// Phases and their content.
    pub phases: PacketPhases,
    /// Manifests, without unfilled templates.
    pub manifests: Vec<Manifest>,
    /// Span of the unfilled manifest template, if the packet still has it.
    pub manifest_template: Option<Span>,
    /// Commands that the packet claims as evidence.
    pub evidence: Vec<EvidenceEntry>,
    /// Requirements mapped to code.
    pub mapping: Vec<Requirement>,
    /// Span of the sentence that declares the packet locked.
    pub locked: Option<Span>,
    /// Block structure.
    pub outline: Outline,
    /// The packet as CommonMark defines it, if its outline is another one.
    pub commonmark: Option<Box<Packet>>,
    /// The typed contract from which the packet was read, if it has no Markdown.
    pub contract: Option<Box<TypedContract>>,
    /// The typed contract beside a packet in Markdown, if it was read with it.
    pub second_form: Option<Box<TypedContract>>,
}

/// State of the content under a name, which may be a section or a labelled
/// field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentState {
    /// There is no such section or field.
    Missing,
    /// It exists, but is empty or has only the template's text.
    Empty(Span),
    /// It exists and has content.
    Filled(Span),
}

impl Packet {
    /// Reads a packet. Never fails; mistakes become faults.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Parsed<Self> {
        let contract =
            TypedContract::read(source).filter(|contract| contract.schema.role == ContractRole::Packet);
        if let Some(contract) = contract {
            return from_contract::from_contract(contract);
        }
        let outline = Outline::parse(source.text());
        let sections = read_sections(source.text(), &outline);
        let kind = detect_outline_kind(&sections, &outline);
        Self::from_outline(source, outline, sections, kind)
    }

    /// Reads a packet from a text that is already parsed; see [`Packet::read`].
    #[must_use]
    pub fn from_outline(
        source: &Arc<Source>,
        outline: Outline,
        sections: Vec<Section>,
        kind: DocumentKind,
    ) -> Parsed<Self> {
        let is_recovered = !outline.recoveries.is_empty() || !outline.split_labels.is_empty();
        let mut parsed = read::read_packet(source, outline, sections, kind);
        if is_recovered {
            let outline = Outline::parse_strict(source.text());
            let sections = read_sections(source.text(), &outline);
            let strict = read::read_packet(source, outline, sections, kind).value;
            parsed.value.commonmark = Some(Box::new(strict));
        }
        parsed
    }

    /// Returns the first section with this key (see
    /// [`normalize_title`](super::section::normalize_title)).
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == key)
    }

    /// Returns the first metadata field with this key.
    #[must_use]
    pub fn metadata_field(&self, key: &str) -> Option<&Field> {
        self.metadata.iter().find(|field| field.key == key)
    }

    /// Returns the first field with this key inside a section.
    #[must_use]
    pub fn field_in(&self, section: &str, key: &str) -> Option<&Field> {
        let section = self.section(section)?;
        self.fields.iter().find(|field| field.key == key && section.blocks.contains(&field.block))
    }

    /// Returns the state of the content under a name: a section of that title,
    /// or a labelled field with a value, or with a list or code below it.
    #[must_use]
    pub fn content_state(&self, key: &str) -> ContentState {
        let named = self.fields.iter().filter(|field| field.key == key && field.is_top_level);
        let fields = named.map(|field| {
            let below = match field.item {
                Some(item) => field.block + 1..self.outline.get(item).map_or(0, |block| block.end),
                None => self.list_below(field),
            };
            (field.label, field.is_filled() || self.has_content(below))
        });
        let titled = self.sections.iter().filter(|section| section.key == key);
        let sections = titled.map(|section| (section.title.span, self.has_content(section.blocks.clone())));
        let all: Vec<(Span, bool)> = fields.chain(sections).collect();
        match (all.iter().find(|(_, filled)| *filled), all.first()) {
            (Some((span, _)), _) => ContentState::Filled(*span),
            (None, Some((span, _))) => ContentState::Empty(*span),
            (None, None) => ContentState::Missing,
        }
    }

    /// Returns the blocks of the list or code below a paragraph whose last label is this field.
    fn list_below(&self, field: &Field) -> std::ops::Range<usize> {
        let next = self.outline.get(field.block).map_or(0, |block| block.end.max(field.block + 1));
        let is_last = !self
            .fields
            .iter()
            .any(|other| other.block == field.block && other.label.start > field.label.start);
        match self.outline.get(next).filter(|_| is_last) {
            Some(block) if matches!(block.kind, BlockKind::List(_) | BlockKind::Code(_)) => next..block.end,
            _ => 0..0,
        }
    }

    fn has_content(&self, mut blocks: std::ops::Range<usize>) -> bool {
        blocks.any(|index| {
            let Some(block) = self.outline.get(index) else { return false };
            let body = self.source.slice(block.content).trim();
            match block.kind {
                BlockKind::Prose => {
                    !(super::is_placeholder(body) || (body.starts_with('(') && body.ends_with(')')))
                }
                BlockKind::Code(_) => {
                    let is_template = |line: &str| line.starts_with('<') && super::is_placeholder(line);
                    let mut lines = body.lines().map(str::trim);
                    lines.any(|line| !line.is_empty() && !line.starts_with('#') && !is_template(line))
                }
                _ => false,
            }
        })
    }

    /// Returns the visible text of some blocks in the rendered document: prose
    /// and cells without comments, and code.
    #[must_use]
    pub fn rendered_text(&self, blocks: std::ops::Range<usize>) -> String {
        let mut out = String::new();
        for index in blocks {
            let Some(block) = self.outline.get(index) else { break };
            match block.kind {
                BlockKind::Prose | BlockKind::Heading(_) | BlockKind::Cell => {
                    let lines = self.outline.prose_lines(self.source.text(), index);
                    lines.iter().for_each(|line| out.push_str(&line.text));
                }
                BlockKind::Code(_) => out.push_str(self.source.slice(block.content)),
                _ => continue,
            }
            out.push('\n');
        }
        out
    }

    /// Returns the span for findings about the packet as a whole: its title, or
    /// its first line.
    #[must_use]
    pub fn head_span(&self) -> Span {
        self.title.or_else(|| self.source.line_span(1)).unwrap_or_default()
    }

    /// Returns the span of a section's heading; that of the packet's head if there
    /// is no such section.
    #[must_use]
    pub fn heading_span(&self, key: &str) -> Span {
        self.section(key).map_or_else(|| self.head_span(), |section| section.title.span)
    }
}
