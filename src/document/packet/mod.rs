//! Task packets of all generations, as typed fields with spans.

mod contract;
mod phases;
mod quality;
mod read;
mod reports;
mod scope;

use std::fmt;
use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::evidence::{EvidenceEntry, Requirement};
use super::field::Field;
use super::kind::{DocumentKind, detect_outline_kind};
use super::manifest::Manifest;
use super::outline::{BlockKind, Outline};
use super::section::{Section, read_sections};
use super::waiver::Waiver;
use super::{PacketStatus, Parsed};

pub(in crate::document) use contract::WHITESPACE;
pub use contract::{ContractPart, contract_parts};
pub use phases::{PacketPhases, PhaseSection};
pub use quality::{Criterion, PlannedCommand};
pub use read::manifest_fields;
pub use reports::VerdictReport;
pub use scope::Scope;

/// Which shape a packet has (FORMATS, "three generations").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generation {
    /// December 2025: title-case headings, `*` bullets.
    G0,
    /// January 2026: upper-case headings, refinement, manifests.
    G1,
    /// `PACKET_FORMAT_VERSION: 2026-02-01`.
    G2,
    /// A later version, read as far as it is understood.
    Later(String),
    /// A version that is no date.
    Unknown(String),
}

impl Generation {
    /// The format version that G2 carries.
    pub const G2_VERSION: &'static str = "2026-02-01";

    /// Whether the packet has the sections of G2.
    #[must_use]
    pub fn is_g2(&self) -> bool {
        matches!(self, Self::G2 | Self::Later(_) | Self::Unknown(_))
    }

    /// The key under which rules list what this generation needs.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::G0 => "g0",
            Self::G1 => "g1",
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
        }
    }
}

/// A packet as it was read.
#[derive(Debug)]
pub struct Packet {
    /// Its text.
    pub source: Arc<Source>,
    /// What the document is by its headings.
    pub kind: DocumentKind,
    /// Which shape it has.
    pub generation: Generation,
    /// The id in the title.
    pub title_id: Option<Spanned<String>>,
    /// The title's heading.
    pub title: Option<Span>,
    /// All sections.
    pub sections: Vec<Section>,
    /// The labelled fields of METADATA (or of the title's section where an
    /// old packet has no METADATA), first-level ones only.
    pub metadata: Vec<Field>,
    /// All labelled fields of the document.
    pub fields: Vec<Field>,
    /// The user signature, wherever its generation puts it.
    pub signature: Option<Spanned<String>>,
    /// The status.
    pub status: Option<Spanned<PacketStatus>>,
    /// The risk tier as written.
    pub risk_tier: Option<Spanned<String>>,
    /// `MERGE_BASE_SHA` as written, hint cut off.
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
    /// Phases and what stands in them.
    pub phases: PacketPhases,
    /// Manifests, templates left out.
    pub manifests: Vec<Manifest>,
    /// The unfilled manifest template, if it is still there.
    pub manifest_template: Option<Span>,
    /// Claims of evidence.
    pub evidence: Vec<EvidenceEntry>,
    /// Requirements mapped to code.
    pub mapping: Vec<Requirement>,
    /// Whether the packet says that it is locked.
    pub locked: Option<Span>,
    /// Its block structure.
    pub outline: Outline,
}

/// What stands under a name that may be a section or a labelled field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentState {
    /// Neither.
    Missing,
    /// There, but empty or the template's.
    Empty(Span),
    /// There, with something in it.
    Filled(Span),
}

impl Packet {
    /// Reads a packet. Never fails; what could not be read is a fault.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Parsed<Self> {
        let outline = Outline::parse(source.text());
        let sections = read_sections(source.text(), &outline);
        let kind = detect_outline_kind(&sections, &outline);
        read::read_packet(source, outline, sections, kind)
    }

    /// As [`Packet::read`], for a text that is parsed and known already.
    #[must_use]
    pub fn from_outline(
        source: &Arc<Source>,
        outline: Outline,
        sections: Vec<Section>,
        kind: DocumentKind,
    ) -> Parsed<Self> {
        read::read_packet(source, outline, sections, kind)
    }

    /// The first section with this key (see [`super::section::title_key`]).
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == key)
    }

    /// The first metadata field with this key.
    #[must_use]
    pub fn metadata_field(&self, key: &str) -> Option<&Field> {
        self.metadata.iter().find(|field| field.key == key)
    }

    /// The first field with this key inside a section.
    #[must_use]
    pub fn field_in(&self, section: &str, key: &str) -> Option<&Field> {
        let section = self.section(section)?;
        self.fields.iter().find(|field| field.key == key && section.blocks.contains(&field.block))
    }

    /// What stands under a name: a section of that title, or a labelled
    /// field, with a value of its own or a list or code below it.
    #[must_use]
    pub fn content_state(&self, key: &str) -> ContentState {
        let named = self.fields.iter().filter(|field| field.key == key && field.is_top_level);
        let fields = named.map(|field| {
            let below = field
                .item
                .and_then(|item| self.outline.get(item))
                .map_or(0..0, |block| field.block + 1..block.end);
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

    fn has_content(&self, mut blocks: std::ops::Range<usize>) -> bool {
        blocks.any(|index| {
            let Some(block) = self.outline.get(index) else { return false };
            let body = self.source.slice(block.content).trim();
            match block.kind {
                BlockKind::Prose => {
                    !(super::is_placeholder(body) || (body.starts_with('(') && body.ends_with(')')))
                }
                BlockKind::Code(_) => {
                    let template = |line: &str| line.starts_with('<') && super::is_placeholder(line);
                    let mut lines = body.lines().map(str::trim);
                    lines.any(|line| !line.is_empty() && !line.starts_with('#') && !template(line))
                }
                _ => false,
            }
        })
    }

    /// What a reader of the rendered document sees of some blocks: prose and
    /// cells without comments, and code.
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

    /// A place for findings about the packet as a whole: its title, or its
    /// first line.
    #[must_use]
    pub fn head_span(&self) -> Span {
        self.title.or_else(|| self.source.line_span(1)).unwrap_or_default()
    }

    /// Where a section stands (its heading), or the head of the packet.
    #[must_use]
    pub fn heading_span(&self, key: &str) -> Span {
        self.section(key).map_or_else(|| self.head_span(), |section| section.title.span)
    }
}
