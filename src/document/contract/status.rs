//! A contract's status: the first words decide, the rest is a remark.

/// Status of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractStatus {
    /// Being written.
    Draft,
    /// Not started, or postponed.
    Pending,
    /// In progress.
    Active,
    /// All work is done.
    Complete,
    /// The work was stopped for good.
    Abandoned,
    /// Replaced by another contract, which contains its work.
    Absorbed,
    /// Ended, without a reason.
    Closed,
    /// None of these.
    Unknown,
}

/// Words of a status, in the spellings that contracts use.
const WORDS: [(&str, ContractStatus); 13] = [
    ("in progress", ContractStatus::Active),
    ("in-progress", ContractStatus::Active),
    ("draft", ContractStatus::Draft),
    ("pending", ContractStatus::Pending),
    ("active", ContractStatus::Active),
    ("completed", ContractStatus::Complete),
    ("complete", ContractStatus::Complete),
    ("done", ContractStatus::Complete),
    ("abandoned", ContractStatus::Abandoned),
    ("absorbed", ContractStatus::Absorbed),
    ("closed", ContractStatus::Closed),
    ("superseded", ContractStatus::Absorbed),
    ("deferred", ContractStatus::Pending),
];

impl ContractStatus {
    /// Reads a status. A known word counts at the start, if only a date or a
    /// separated remark follows: `complete (2026-02-17) — all done` is
    /// complete, `complete nonsense` is unknown.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lower = text.trim().trim_matches(['*', '`']).trim().to_lowercase();
        let found = WORDS.iter().find_map(|(word, status)| {
            let rest = lower.strip_prefix(word)?.trim_start();
            let is_separated =
                rest.is_empty() || rest.starts_with(['(', '[', ',', ';', ':', '.', '—', '–', '-', '/']);
            let remark = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
            let is_negated = remark == "not" || remark.starts_with("not ");
            let is_complete = *status == Self::Complete;
            is_separated.then_some(if is_negated && is_complete { Self::Unknown } else { *status })
        });
        found.unwrap_or(Self::Unknown)
    }

    /// Returns the status in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Complete => "complete",
            Self::Abandoned => "abandoned",
            Self::Absorbed => "absorbed",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_decide() {
        assert_eq!(ContractStatus::read("complete (2026-02-17) — all tested"), ContractStatus::Complete);
        assert_eq!(ContractStatus::read("In Progress"), ContractStatus::Active);
        assert_eq!(ContractStatus::read("closed (absorbed)"), ContractStatus::Closed);
        assert_eq!(ContractStatus::read("active, not complete"), ContractStatus::Active);
        assert_eq!(ContractStatus::read("complete nonsense"), ContractStatus::Unknown);
        assert_eq!(ContractStatus::read("completely open"), ContractStatus::Unknown);
        assert_eq!(ContractStatus::read("complete - not"), ContractStatus::Unknown);
    }
}
