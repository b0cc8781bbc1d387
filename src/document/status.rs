//! A packet's status. The whole value is compared, never a substring.

use std::fmt;

/// Status of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PacketStatus {
    /// A coder may claim the packet.
    ReadyForDev,
    /// A coder works on the packet.
    InProgress,
    /// The work waits for something.
    Blocked,
    /// Handed over.
    Done,
    /// Handed over before the current rules applied.
    DoneHistorical,
    /// A validator has given a verdict: the text in parentheses.
    Validated(Option<String>),
    /// Replaced by another revision.
    Superseded,
    /// None of these.
    Unknown(String),
}

impl PacketStatus {
    /// The statuses that have no text in parentheses, as documents write them.
    pub const WORDS: [&'static str; 5] = ["Ready for Dev", "In Progress", "Blocked", "Done", "Superseded"];

    /// Returns the board's state for a packet of this status; `None` if the status
    /// does not determine it.
    #[must_use]
    pub fn board_state(&self) -> Option<&'static str> {
        Some(match self {
            Self::ReadyForDev => "READY_FOR_DEV",
            Self::InProgress => "IN_PROGRESS",
            Self::Blocked => "BLOCKED",
            Self::Superseded => "SUPERSEDED",
            _ => return None,
        })
    }

    /// Reads a status value as a whole: `In Progress - not done yet` is
    /// unknown, not done. Case, `-` or `_` instead of spaces, and trailing
    /// symbols do not matter. A verdict may follow in brackets.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let trimmed = text.trim().trim_end_matches(|c: char| !c.is_ascii_graphic()).trim();
        let (head, tail) = match trimmed.find(['(', '[']) {
            Some(at) => {
                let (head, tail) = trimmed.split_at(at);
                let inner = tail.trim_start_matches(['(', '[']);
                match inner.strip_suffix([')', ']']) {
                    Some(inner) if !inner.contains([')', ']']) => (head.trim(), Some(inner.trim())),
                    _ => return Self::Unknown(text.trim().to_owned()),
                }
            }
            None => (trimmed, None),
        };
        let words = head.to_lowercase().replace(['-', '_'], " ");
        let words: Vec<&str> = words.split_whitespace().collect();
        match (words.as_slice(), tail) {
            (["ready", "for", "dev"], None) => Self::ReadyForDev,
            (["in", "progress"], None) => Self::InProgress,
            (["blocked"], _) => Self::Blocked,
            (["done"], None) => Self::Done,
            (["done"], Some(tail)) if tail.to_lowercase().starts_with("historical") => Self::DoneHistorical,
            (["done"], Some(tail)) if tail.eq_ignore_ascii_case("validated") => Self::Validated(None),
            (["validated"], tail) => Self::Validated(tail.map(str::to_owned)),
            (["superseded"], _) => Self::Superseded,
            _ => Self::Unknown(text.trim().to_owned()),
        }
    }

    /// Returns whether coding may start or continue.
    #[must_use]
    pub fn allows_work(&self) -> bool {
        matches!(self, Self::ReadyForDev | Self::InProgress)
    }
}

/// Words at the start of a status, or states of a board, that end the work on a packet
/// without a verdict.
const ENDING_WORDS: [&str; 17] = [
    "superseded",
    "abandoned",
    "cancelled",
    "canceled",
    "withdrawn",
    "revoked",
    "rejected",
    "obsolete",
    "archived",
    "retired",
    "closed",
    "replaced",
    "deprecated",
    "void",
    "voided",
    "dropped",
    "discarded",
];

/// Returns whether a status or a state begins with a word that ends the work on a packet:
/// `Superseded by WP-1-A-v2`, `ABANDONED`.
#[must_use]
pub(crate) fn ends_work(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.next().is_some_and(|first| ENDING_WORDS.iter().any(|word| first.eq_ignore_ascii_case(word)))
}

impl fmt::Display for PacketStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadyForDev => f.write_str("Ready for Dev"),
            Self::InProgress => f.write_str("In Progress"),
            Self::Blocked => f.write_str("Blocked"),
            Self::Done => f.write_str("Done"),
            Self::DoneHistorical => f.write_str("Done (Historical)"),
            Self::Validated(None) => f.write_str("Validated"),
            Self::Validated(Some(verdict)) => write!(f, "Validated ({verdict})"),
            Self::Superseded => f.write_str("Superseded"),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_inside_a_sentence_is_not_a_status() {
        assert_eq!(PacketStatus::read("In-Progress"), PacketStatus::InProgress);
        assert_eq!(PacketStatus::read("READY FOR DEV 🔴"), PacketStatus::ReadyForDev);
        assert_eq!(PacketStatus::read("Done ✅"), PacketStatus::Done);
        assert_eq!(PacketStatus::read("Done (historical capture)"), PacketStatus::DoneHistorical);
        assert_eq!(PacketStatus::read("Validated (PASS)"), PacketStatus::Validated(Some("PASS".into())));
        assert!(matches!(PacketStatus::read("In Progress - not done yet"), PacketStatus::Unknown(_)));
        assert!(matches!(PacketStatus::read("Ready for Dev (Done)"), PacketStatus::Unknown(_)));
        assert!(matches!(PacketStatus::read(""), PacketStatus::Unknown(_)));
    }

    #[test]
    fn work_ends_with_the_first_word() {
        for text in ["Superseded by WP-1-A-v2", "ABANDONED", "**Cancelled** by Mira"] {
            assert!(ends_work(text), "{text}");
        }
        for text in ["In Progress (replaces the superseded WP-1-A)", "Not abandoned", "Blocked", ""] {
            assert!(!ends_work(text), "{text}");
        }
    }
}
