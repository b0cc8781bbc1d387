//! What kind of governance document a text is, by what it says of itself.

use super::outline::{Kind, Outline};
use super::section::{Section, sections};

/// Kinds of documents that the tool knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A task packet.
    Packet,
    /// A backlog note that is not executable.
    Stub,
    /// A technical refinement.
    Refinement,
    /// Another team's work contract (`# Contract — name`).
    Contract,
    /// The task board.
    Board,
    /// The traceability registry.
    Registry,
    /// The signature audit.
    Audit,
    /// None of these.
    Unknown,
}

impl DocumentKind {
    /// The name that messages use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Packet => "task packet",
            Self::Stub => "stub",
            Self::Refinement => "refinement",
            Self::Contract => "contract",
            Self::Board => "task board",
            Self::Registry => "traceability registry",
            Self::Audit => "signature audit",
            Self::Unknown => "document of unknown kind",
        }
    }
}

/// Recognises a document by its headings.
///
/// A template's preamble may stand above the real title, so every heading of
/// level 1 is looked at, and the last one that names a kind decides.
#[must_use]
pub fn kind_of(text: &str) -> DocumentKind {
    let outline = Outline::parse(text);
    kind_in(&sections(text, &outline), &outline)
}

/// As [`kind_of`], for a document that is parsed already.
#[must_use]
pub fn kind_in(all: &[Section], outline: &Outline) -> DocumentKind {
    let by_title =
        all.iter().filter(|s| s.level == 1).filter_map(|section| by_title(&section.title.value)).next_back();
    if let Some(kind) = by_title {
        return kind;
    }
    let has = |key: &str| all.iter().any(|section| section.key == key);
    if has("TECHNICAL_REFINEMENT") && (has("CLEARLY_COVERS") || has("SPEC_ANCHORS") || has("GAPS_IDENTIFIED"))
    {
        return DocumentKind::Refinement;
    }
    if has("METADATA") && (has("SCOPE") || has("BOOTSTRAP") || has("QUALITY_GATE")) {
        return DocumentKind::Packet;
    }
    let table = outline.blocks.iter().any(|block| block.kind == Kind::Table);
    if table && has("CONSUMED_SIGNATURES") { DocumentKind::Audit } else { DocumentKind::Unknown }
}

fn by_title(title: &str) -> Option<DocumentKind> {
    let lower = title.trim().to_lowercase().replace('_', " ");
    let starts = |start: &str| lower.starts_with(start);
    if starts("task packet stub") || starts("work packet stub") {
        Some(DocumentKind::Stub)
    } else if starts("task packet:") || starts("work packet:") {
        Some(DocumentKind::Packet)
    } else if starts("contract —") || starts("contract -") || starts("contract –") || starts("contract:")
    {
        Some(DocumentKind::Contract)
    } else if lower.contains("traceability registry") {
        Some(DocumentKind::Registry)
    } else if starts("signature audit") {
        Some(DocumentKind::Audit)
    } else if lower.contains("task board") {
        Some(DocumentKind::Board)
    } else if starts("technical refinement") {
        Some(DocumentKind::Refinement)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_title_wins_over_a_template_preamble() {
        assert_eq!(
            kind_of("# TASK_PACKET_STUB_TEMPLATE\n\nCopy.\n\n# Task Packet: WP-1-A\n"),
            DocumentKind::Packet
        );
        assert_eq!(kind_of("\u{feff}# Work Packet Stub: WP-1-A\n"), DocumentKind::Stub);
        assert_eq!(kind_of("# Contract — token-tracking\n"), DocumentKind::Contract);
        assert_eq!(kind_of("```\n# Task Packet: WP-1-A\n```\n"), DocumentKind::Unknown);
    }
}
