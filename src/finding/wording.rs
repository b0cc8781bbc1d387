//! What a rule says of itself.

/// What a rule says of itself, for rules that are not part of the registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    /// One sentence: what must be true, or what is wrong.
    pub summary: String,
    /// Why it matters.
    pub why: String,
    /// What to do about a finding.
    pub remedy: String,
    /// Governance references, e.g. `CX-573`.
    pub references: Vec<String>,
    /// Policies of waivers that can excuse a finding.
    pub waivable_by: Vec<String>,
}
