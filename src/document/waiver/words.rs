//! Words that end a waiver, and ids that only contain such a word.

/// Beginnings of words that say that a waiver ended, or was not granted.
const ENDINGS: [&str; 30] = [
    "revok",
    "revoc",
    "withdr",
    "reject",
    "rescind",
    "cancel",
    "annul",
    "void",
    "declin",
    "denied",
    "deny",
    "refus",
    "supersed",
    "terminat",
    "suspend",
    "laps",
    "expired",
    "inactive",
    "invalid",
    "obsolete",
    "disapprov",
    "unapproved",
    "retract",
    "nullif",
    "draft",
    "propos",
    "pending",
    "requested",
    "awaiting",
    "unsigned",
];

/// Last parts of an id that name a work on a thing: `W-Order-Cancel-1`.
const WORKS: [&str; 7] = ["cancel", "cancellation", "reject", "rejection", "revoke", "suspend", "refusal"];

/// Returns whether a word in lower case says that a waiver ended.
pub(super) fn is_ending(word: &str) -> bool {
    ENDINGS.iter().any(|start| word.starts_with(start))
}

/// Returns whether an id has no words for an end, except for a work on a thing before its number:
/// `W-Order-Cancel-1`.
pub(super) fn is_plain_id(id: &str) -> bool {
    let lower = id.to_lowercase();
    let parts: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let is_plain = |at: usize| {
        let part = parts.get(at).copied().unwrap_or("");
        let mut before = parts.get(..at).unwrap_or_default().iter();
        let has_digit = |part: &&str| part.contains(|c: char| c.is_ascii_digit());
        let has_thing = before.clone().any(|part| part.len() > 2 && *part != "waiver" && !is_ending(part));
        let is_work = WORKS.contains(&part) && has_thing && !before.any(has_digit);
        !is_ending(part) && !matches!(part, "old" | "ended" | "closed" | "over") || is_work
    };
    let is_number_last = parts.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let has_ending = parts.iter().any(|part| is_ending(part));
    (0..parts.len()).all(is_plain) && (!has_ending || is_number_last)
}
