//! Names of a packet's sections, by what they belong to.

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
