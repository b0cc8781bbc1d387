//! Names of a packet's sections, by what they belong to.

use crate::document::exclusion::{Certainty, exclusion_key};
use crate::document::section::Section;
use crate::text::Span;

/// Sections that belong to the contract.
pub(super) const CONTRACT_SECTIONS: [&str; 9] = [
    "TECHNICAL_REFINEMENT",
    "SCOPE",
    "QUALITY_GATE",
    "TEST_PLAN",
    "DONE_MEANS",
    "IN_SCOPE_PATHS",
    "OUT_OF_SCOPE",
    "RISK_TIER",
    "AUTHORITY",
];

/// Sections of the work. With a smaller heading below a section of the contract, they are no
/// part of it, and no list of the contract reads them.
pub(super) const WORK_SECTIONS: [&str; 11] = [
    "METADATA",
    "WAIVERS_GRANTED",
    "BOOTSTRAP",
    "SKELETON",
    "IMPLEMENTATION",
    "HYGIENE",
    "STATUS_HANDOFF",
    "EVIDENCE",
    "EVIDENCE_MAPPING",
    "VALIDATION",
    "VALIDATION_REPORTS",
];

/// Returns whether a section of this name ends the one before it, whatever the level of its
/// heading.
pub(super) fn is_own_section(key: &str) -> bool {
    CONTRACT_SECTIONS.contains(&key) || WORK_SECTIONS.contains(&key) || key == "ROLLBACK_HINT"
}

/// Returns whether a section is a part of the contract. One in other words for out of scope
/// binds, too.
pub(super) fn is_contract_section(section: &Section) -> bool {
    CONTRACT_SECTIONS.contains(&section.key.as_str())
        || (section.level == 2 && exclusion_key(&section.key) == Some(Certainty::Clear))
}

/// Returns the sections of the contract that are in no other one, each with its pieces: the
/// section without the sections of the work inside of it.
pub(super) fn contract_pieces(sections: &[Section]) -> Vec<(&Section, Vec<Span>)> {
    let mut out: Vec<(&Section, Vec<Span>)> = Vec::new();
    for (index, section) in sections.iter().enumerate().filter(|(_, section)| is_contract_section(section)) {
        if !out.last().is_some_and(|(outer, _)| outer.span.contains(section.span)) {
            out.push((section, pieces_of(sections.get(index + 1..).unwrap_or_default(), section.span)));
        }
    }
    out
}

/// Returns the pieces of a section without the sections of the work inside of it. `later` are
/// the sections behind it.
fn pieces_of(later: &[Section], whole: Span) -> Vec<Span> {
    let mut out = Vec::new();
    let mut start = whole.start;
    let inside = later.iter().take_while(|section| whole.contains(section.span));
    for section in inside.filter(|section| WORK_SECTIONS.contains(&section.key.as_str())) {
        if section.span.start > start {
            out.push(Span::new(start, section.span.start));
        }
        start = start.max(section.span.end);
    }
    if start < whole.end {
        out.push(Span::new(start, whole.end));
    }
    out
}
