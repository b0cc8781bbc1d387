//! The state of a waiver: the values of a status, and the lines about a state or an end.

use super::ending::ends_waiver;

/// First words of a line about the state or the end of a waiver.
const STATE_WORDS: [&str; 13] = [
    "EXPIRY",
    "EXPIRES",
    "EXPIRE",
    "EXPIRATION",
    "END",
    "ENDS",
    "ENDED",
    "UNTIL",
    "VALID",
    "VALIDITY",
    "STATUS",
    "STATE",
    "DECISION",
];
/// Words beside them that name no other thing.
pub(super) const STATE_COMPANIONS: [&str; 24] = [
    "OF",
    "THE",
    "THIS",
    "ITS",
    "WAIVER",
    "GRANT",
    "PERMISSION",
    "EXCEPTION",
    "DATE",
    "DAY",
    "TIME",
    "PERIOD",
    "NOW",
    "CURRENT",
    "AS",
    "ON",
    "BY",
    "AT",
    "IN",
    "IS",
    "UTC",
    "FORCE",
    "UNTIL",
    "PLANNED",
];
/// Values of a status that say that a waiver is in force.
const IN_FORCE: [&str; 14] = [
    "ACTIVE",
    "APPROVED",
    "GRANTED",
    "IN FORCE",
    "IN EFFECT",
    "VALID",
    "EFFECTIVE",
    "ACCEPTED",
    "YES",
    "TRUE",
    "OPEN",
    "CURRENT",
    "CONFIRMED",
    "SIGNED",
];

/// Returns whether the value of a status says that the waiver is in force, and nothing else:
/// `ACTIVE`, `APPROVED (in the review)`, `granted by Mira on 2026-01-02`.
pub(super) fn is_in_force(value: &str) -> bool {
    let plain = value
        .trim()
        .trim_matches(['`', '*', '_', '.', ' '])
        .trim_start_matches(|c: char| !c.is_alphanumeric());
    let upper = plain.to_uppercase();
    let rest = IN_FORCE.iter().filter_map(|word| upper.strip_prefix(word)).min_by_key(|rest| rest.len());
    let Some(rest) = rest else { return false };
    let remark = rest.trim_start_matches(['`', '*', '_', '.', ',', ';', ' ', '-', '\u{2014}']);
    let is_remark = rest.is_empty()
        || remark.is_empty()
        || remark.starts_with("BY ")
        || remark.starts_with("ON ")
        || remark.starts_with('(')
        || remark.starts_with(|c: char| c.is_ascii_digit());
    // A time in a remark can be the end.
    let limits = ["UNTIL", "EXPIR", "TILL", "THROUGH", "ENDS", "ENDED", "BUT", " TO 2", "EXCEPT"];
    is_remark && !ends_waiver(remark) && !limits.iter().any(|word| remark.contains(word))
}

/// Returns whether a label that names no known part is about the state or the end of a waiver.
/// `State machine` and `End-to-end tests` are about other things.
pub(super) fn is_state_key(key: &str) -> bool {
    let mut words = key.split('_');
    let is_companion = |word: &str| {
        STATE_COMPANIONS.contains(&word)
            || STATE_WORDS.contains(&word)
            || word.starts_with(|c: char| c.is_ascii_digit())
    };
    words.next().is_some_and(|first| STATE_WORDS.contains(&first)) && words.all(is_companion)
}

/// Returns whether a line without a label is about the state or the end of a waiver:
/// `Expiry - 2026-02-20`, `Ends with phase 1`.
pub(super) fn is_state_text(body: &str) -> bool {
    let upper = body.to_uppercase();
    let mut words = upper.split_whitespace();
    let first = words.next().unwrap_or("").trim_matches(|c: char| !c.is_alphanumeric());
    let second = words.next().unwrap_or("");
    let is_mark = second.starts_with(['-', '=', '\u{2013}', '\u{2014}', '>']);
    let is_time = second.starts_with(|c: char| c.is_ascii_digit());
    match first {
        "EXPIRY" | "EXPIRES" | "EXPIRE" | "EXPIRATION" | "ENDS" | "ENDED" | "UNTIL" => true,
        "END" => {
            is_mark || is_time || second.is_empty() || matches!(second, "OF" | "ON" | "AT" | "DATE" | "WITH")
        }
        "VALID" | "VALIDITY" => {
            is_mark
                || is_time
                || second.is_empty()
                || matches!(second, "UNTIL" | "TILL" | "TO" | "THROUGH" | "FROM" | "FOR" | "PERIOD")
        }
        "STATUS" | "STATE" | "DECISION" | "APPROVED" | "GRANTED" => {
            let value = upper.split_once(second).map_or("", |(_, value)| value);
            is_mark && !is_in_force(value)
        }
        _ => false,
    }
}
