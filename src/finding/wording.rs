//! Texts of rules that are not part of the registry.

/// Texts of a rule that is not part of the registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    /// One sentence: the requirement, or the problem.
    pub summary: String,
    /// Reason for the rule.
    pub why: String,
    /// Instructions to fix a finding.
    pub remedy: String,
    /// Instructions in a repository without packets; empty if they are the same.
    pub fence_remedy: String,
    /// Governance references, e.g. `CX-573`.
    pub references: Vec<String>,
    /// Policies whose waivers can cover a finding.
    pub waivable_by: Vec<String>,
}
