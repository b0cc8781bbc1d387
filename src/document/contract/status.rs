//! A contract's status: its first words decide, the rest is a remark.

/// What a contract says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractStatus {
    /// Being written.
    Draft,
    /// Waits.
    Pending,
    /// Worked on.
    Active,
    /// Everything in it is done.
    Complete,
    /// Given up.
    Abandoned,
    /// Taken over by another contract.
    Absorbed,
    /// Ended without saying how.
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
    /// Reads a status. A known word counts at the start, with nothing but a
    /// date or a remark set off behind it: `complete (2026-02-17) — all done`
    /// is complete, `complete nonsense` is unknown.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lower = text.trim().trim_matches(['*', '`']).trim().to_lowercase();
        let found = WORDS.iter().find_map(|(word, status)| {
            let rest = lower.strip_prefix(word)?.trim_start();
            let set_off =
                rest.is_empty() || rest.starts_with(['(', '[', ',', ';', ':', '.', '—', '–', '-', '/']);
            let remark = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
            let taken_back = remark == "not" || remark.starts_with("not ");
            let is_complete = *status == Self::Complete;
            set_off.then_some(if taken_back && is_complete { Self::Unknown } else { *status })
        });
        found.unwrap_or(Self::Unknown)
    }

    /// The word for it.
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
