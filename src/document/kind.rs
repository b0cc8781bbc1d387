//! Detection of a governance document's kind from its text.

use super::outline::{BlockKind, Outline};
use super::section::{Section, read_sections};
use super::wp_id::WpId;

/// Kinds of governance documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The orchestrator's gate log (JSON).
    GateLog,
    /// A validator's gate state (JSON).
    ValidatorState,
    /// The pointer to the current specification.
    SpecPointer,
    /// A packet as a typed contract (JSON), next to its Markdown.
    PacketContract,
    /// A task of a packet as a typed contract (JSON).
    TaskContract,
    /// A template of one of these, with unfilled variables.
    Template,
    /// None of these.
    Unknown,
}

impl DocumentKind {
    /// All kinds, in order.
    pub const ALL: [Self; 14] = [
        Self::Packet,
        Self::Stub,
        Self::Refinement,
        Self::Contract,
        Self::Board,
        Self::Registry,
        Self::Audit,
        Self::GateLog,
        Self::ValidatorState,
        Self::SpecPointer,
        Self::PacketContract,
        Self::TaskContract,
        Self::Template,
        Self::Unknown,
    ];

    /// Returns the name that messages use.
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
            Self::GateLog => "gate log",
            Self::ValidatorState => "validator state",
            Self::SpecPointer => "specification pointer",
            Self::PacketContract => "packet contract",
            Self::TaskContract => "micro task",
            Self::Template => "template",
            Self::Unknown => "document of unknown kind",
        }
    }
}

/// Detects a document's kind by its headings, or a state file's by its keys.
///
/// A template may have a preamble above the real title. So all headings of
/// level 1 are read, and the last one that names a kind decides.
#[must_use]
pub(crate) fn detect_kind(text: &str) -> DocumentKind {
    if let Some(kind) = detect_json_kind(text) {
        return kind;
    }
    let outline = Outline::parse(text);
    detect_outline_kind(&read_sections(text, &outline), &outline)
}

/// Detects the kind of a state file; `None` if the text does not begin with a
/// brace. The first known key decides, so that the kind of a malformed file
/// is detected, too.
#[must_use]
pub(crate) fn detect_json_kind(text: &str) -> Option<DocumentKind> {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if !body.starts_with('{') {
        return None;
    }
    let keys =
        [("\"gate_logs\"", DocumentKind::GateLog), ("\"validation_sessions\"", DocumentKind::ValidatorState)];
    let found = keys.iter().filter_map(|(key, kind)| body.find(key).map(|at| (at, *kind)));
    Some(found.min_by_key(|(at, _)| *at).map_or(DocumentKind::Unknown, |(_, kind)| kind))
}

/// Detects the kind of a Markdown document that is already parsed; see
/// [`detect_kind`].
#[must_use]
pub(super) fn detect_outline_kind(all: &[Section], outline: &Outline) -> DocumentKind {
    let titles = || all.iter().filter(|section| section.level == 1).map(|section| &section.title.value);
    let has_shape = |kind: &DocumentKind| match kind {
        DocumentKind::Board => all.iter().any(|section| is_board_state(&section.key)),
        DocumentKind::Registry | DocumentKind::Audit => {
            outline.blocks.iter().any(|block| block.kind == BlockKind::Table)
        }
        _ => true,
    };
    if let Some((title, kind)) = titles()
        .filter_map(|title| Some((title, kind_from_title(title)?)))
        .rfind(|(title, kind)| is_exact_title(title) || has_shape(kind))
    {
        return if title.contains("{{") { DocumentKind::Template } else { kind };
    }
    let has = |key: &str| all.iter().any(|section| section.key == key);
    if has("TECHNICAL_REFINEMENT") && (has("CLEARLY_COVERS") || has("SPEC_ANCHORS") || has("GAPS_IDENTIFIED"))
    {
        return DocumentKind::Refinement;
    }
    if has("METADATA") && (has("SCOPE") || has("BOOTSTRAP") || has("QUALITY_GATE")) {
        return DocumentKind::Packet;
    }
    let has_scope = has("SCOPE") || has("IN_SCOPE_PATHS");
    let has_goal = has("QUALITY_GATE") || has("DONE_MEANS") || has("TEST_PLAN");
    if has_scope && has_goal && titles().any(|title| starts_with_id(title)) {
        return DocumentKind::Packet;
    }
    let table = outline.blocks.iter().any(|block| block.kind == BlockKind::Table);
    if table && has("CONSUMED_SIGNATURES") { DocumentKind::Audit } else { DocumentKind::Unknown }
}

/// Returns whether a section of a task board has this key.
fn is_board_state(key: &str) -> bool {
    let states = ["READY_FOR_DEV", "IN_PROGRESS", "DONE", "SUPERSEDED", "STUB_BACKLOG", "BLOCKED"];
    states
        .iter()
        .any(|state| key == *state || key.strip_prefix(state).is_some_and(|rest| rest.starts_with('_')))
}

/// Returns whether a title names a record and nothing else; words of a longer title
/// do not make a document a record.
fn is_exact_title(title: &str) -> bool {
    let key = super::section::normalize_title(title);
    matches!(
        key.as_str(),
        "TASK_BOARD"
            | "WP_TRACEABILITY_REGISTRY"
            | "TRACEABILITY_REGISTRY"
            | "SIGNATURE_AUDIT"
            | "SPEC_CURRENT"
    )
}

/// Returns whether the first word of a title is the id of a work packet.
fn starts_with_id(title: &str) -> bool {
    let first = title.split_whitespace().next().unwrap_or_default();
    WpId::parse(first.trim_matches(['`', ':'])).is_ok()
}

fn kind_from_title(title: &str) -> Option<DocumentKind> {
    let lower = title.trim().to_lowercase().replace('_', " ");
    let starts = |start: &str| lower.starts_with(start);
    if starts("task packet stub:") || starts("work packet stub:") {
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
    } else if starts("spec current") {
        Some(DocumentKind::SpecPointer)
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
            detect_kind("# TASK_PACKET_STUB_TEMPLATE\n\nCopy.\n\n# Task Packet: WP-1-A\n"),
            DocumentKind::Packet
        );
        assert_eq!(detect_kind("\u{feff}# Work Packet Stub: WP-1-A\n"), DocumentKind::Stub);
        assert_eq!(detect_kind("# Contract — token-tracking\n"), DocumentKind::Contract);
        assert_eq!(detect_kind("```\n# Task Packet: WP-1-A\n```\n"), DocumentKind::Unknown);
        assert_eq!(detect_kind("# Task Packet: {{WP_ID}}\n"), DocumentKind::Template);
    }

    #[test]
    fn an_id_as_title_with_scope_and_goal_is_a_packet() {
        let body = "## Scope\n- IN_SCOPE_PATHS:\n  - a\n";
        for title in ["WP-1-A", "WP-1-A: say goodbye", "`WP-1-A` say goodbye"] {
            let text = format!("# {title}\n\n{body}\n## Done means\n- b\n");
            assert_eq!(detect_kind(&text), DocumentKind::Packet, "{text}");
            assert_eq!(detect_kind(&format!("# {title}\n\n{body}")), DocumentKind::Unknown);
        }
        let text = format!("# Notes on WP-1-A\n\n{body}\n## Done means\n- b\n");
        assert_eq!(detect_kind(&text), DocumentKind::Unknown);
    }

    #[test]
    fn words_in_a_title_do_not_make_a_document_a_record() {
        for text in [
            "# MT-001: Task Board sync keeps its rows\n\n## Scope\n- a\n",
            "# Why the traceability registry is a table\n\ntext\n",
            "# Signature audit of the second quarter, a report\n",
        ] {
            assert_eq!(detect_kind(text), DocumentKind::Unknown, "{text}");
        }
        assert_eq!(detect_kind("# Task Board\n"), DocumentKind::Board);
        assert_eq!(detect_kind("# Our Task Board\n\n## Done\n"), DocumentKind::Board);
        assert_eq!(detect_kind("# Signature Audit Log\n\n| a |\n|---|\n"), DocumentKind::Audit);
    }

    #[test]
    fn state_files_are_detected_by_their_keys_even_if_malformed() {
        assert_eq!(detect_kind("{\"gate_logs\": [,]}"), DocumentKind::GateLog);
        assert_eq!(
            detect_kind("\u{feff}{\n<<<<<<< a\n \"validation_sessions\": {}}"),
            DocumentKind::ValidatorState
        );
        assert_eq!(detect_kind("{}"), DocumentKind::Unknown);
    }
}
