//! What a rule about stand-ins left out because the product is about it.

/// Matches of a rule that are no findings because they are about a subject of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubjectInfo {
    /// Id of the rule.
    pub rule: String,
    /// The subject, or the folder of a package.
    pub subject: String,
    /// The key in `scan: vocabulary`.
    pub vocabulary: String,
    /// Number of matches.
    pub matches: usize,
    /// Why it is a subject.
    pub reason: String,
}
