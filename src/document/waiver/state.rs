//! The state of a waiver: the values of a status, and the lines about a state or an end.

use super::ending::ends_waiver;
use super::strict::ends_strictly;

/// Words beside a word for an end that name no other thing.
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
const IN_FORCE: [&str; 13] = [
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
    let is_remark = rest.is_empty() || rest.starts_with(|c: char| !c.is_alphanumeric());
    let is_empty = !rest.contains(char::is_alphanumeric);
    // A time in a remark can be the end.
    is_remark && (is_empty || is_grant_text(plain.get(plain.len() - rest.len()..).unwrap_or("until")))
}

/// Words of a value that says who granted a waiver, when and where, beside names and dates.
const GRANT_WORDS: [&str; 46] = [
    "in",
    "the",
    "at",
    "on",
    "by",
    "of",
    "a",
    "an",
    "and",
    "with",
    "via",
    "during",
    "see",
    "per",
    "as",
    "this",
    "review",
    "reviews",
    "meeting",
    "call",
    "chat",
    "issue",
    "session",
    "planning",
    "kickoff",
    "workshop",
    "ticket",
    "thread",
    "comment",
    "mail",
    "email",
    "message",
    "slack",
    "user",
    "operator",
    "owner",
    "lead",
    "team",
    "maintainer",
    "reviewer",
    "approver",
    "work",
    "packet",
    "pr",
    "utc",
    "verbally",
];
/// Words that limit, deny or postpone a grant, in each form of capitals.
const LIMITS: [&str; 38] = [
    "until",
    "till",
    "through",
    "only",
    "before",
    "not",
    "no",
    "nobody",
    "none",
    "never",
    "if",
    "maybe",
    "perhaps",
    "will",
    "would",
    "wait",
    "waiting",
    "waits",
    "tbd",
    "later",
    "soon",
    "unless",
    "when",
    "once",
    "n",
    "false",
    "yet",
    "but",
    "except",
    "disagrees",
    "disagreed",
    "unclear",
    "unknown",
    "open",
    "closed",
    "over",
    "ended",
    "without",
];

pub(super) fn is_limit(word: &str) -> bool {
    LIMITS.contains(&word) || word.starts_with("expir") || is_duration(word)
}

/// Returns whether a word in lower case is a unit of time, or a part of the work.
fn is_duration(word: &str) -> bool {
    let plain = word.strip_suffix('s').unwrap_or(word);
    matches!(plain, "day" | "week" | "month" | "year" | "hour" | "minute" | "phase" | "sprint" | "quarter")
}

/// Returns whether a word is a time: a number such as that of a date, or a unit of time.
fn is_time_word(word: &str) -> bool {
    let plain = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    is_duration(&plain) || plain.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns whether a text limits, denies or postpones a grant: `Mira (until 2026-02-20)`, or two
/// dates.
pub(super) fn limits_grant(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let dates =
        lower.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 4 && part.starts_with("20"));
    let mut times = lower.split_whitespace().zip(lower.split_whitespace().skip(1));
    // `up to 2026-02-20`, not `instruction to expand`.
    let is_span = |(to, time): (&str, &str)| {
        matches!(to.trim_matches(|c: char| !c.is_alphanumeric()), "to" | "for") && is_time_word(time)
    };
    let names_one = lower.contains("for one ") || lower.contains("for a ");
    words.any(is_limit)
        || times.any(is_span)
        || names_one
        || dates.count() > 1
        || ends_strictly(text)
        || ends_waiver(text)
}

/// Returns whether a text names only who granted a waiver, when and where: `Mira, in the review`.
pub(super) fn is_grant_text(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let is_plain = |word: &str| {
        word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
            || GRANT_WORDS.contains(&word.to_lowercase().as_str())
    };
    words.peek().is_some() && words.all(is_plain) && !limits_grant(text) && !text.contains('?')
}

/// Words after which a line about a state or an end is about another thing: `State machine`.
const OTHER_THINGS: [&str; 26] = [
    "MACHINE",
    "MACHINES",
    "CODE",
    "CODES",
    "TABLE",
    "TABLES",
    "FIELD",
    "FIELDS",
    "PAGE",
    "COLUMN",
    "DIAGRAM",
    "TRANSITION",
    "TRANSITIONS",
    "STORE",
    "FILES",
    "HANDLING",
    "MANAGEMENT",
    "USER",
    "USERS",
    "POINT",
    "POINTS",
    "ORDERS",
    "INPUT",
    "INPUTS",
    "SESSIONS",
    "COMMITS",
];
/// First words of a label for the time of a record, not of an end.
const RECORD_WORDS: [&str; 16] = [
    "CREATED",
    "RECORDED",
    "ADDED",
    "REVIEWED",
    "WRITTEN",
    "UPDATED",
    "RAISED",
    "LOGGED",
    "ASKED",
    "SIGNED",
    "TIMESTAMP",
    "EFFORT",
    "ESTIMATE",
    "ISSUED",
    "DATE",
    "TIME",
];

/// What a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// A word for a state: `Status`.
    State,
    /// A word for an end or a duration: `Ends`.
    End,
    /// A word for a grant: `Approved`.
    Grant,
    /// Another word.
    Other,
}

/// Returns whether the key of a grant limits it: `Granted for`.
pub(super) fn limits_key(key: &str) -> bool {
    let is_limiting =
        |word: &str| matches!(word, "FROM" | "FOR" | "UP" | "AFTER") || is_limit(&word.to_lowercase());
    key.split('_').any(is_limiting)
}

/// Reads the first words of a key.
pub(super) fn start_of(key: &str) -> Start {
    let mut words = key.split('_');
    let first = words.next().unwrap_or("");
    let second = words.next().unwrap_or("");
    if OTHER_THINGS.contains(&second) || key.starts_with("END_TO_END") {
        return Start::Other;
    }
    match first {
        "STATUS" | "STATE" | "DECISION" | "VERDICT" | "OUTCOME" => Start::State,
        "UNTIL" | "TILL" | "VALID" | "VALIDITY" | "DURATION" | "PERIOD" | "TERM" | "SUNSET" | "DEADLINE"
        | "LIFETIME" | "TTL" | "END" | "ENDS" | "ENDED" | "ENDING" | "STOPS" => Start::End,
        "NOT" if matches!(second, "AFTER" | "BEFORE" | "VALID" | "LATER") => Start::End,
        first if first.starts_with("EXPIR") => Start::End,
        "APPROVED" | "GRANTED" | "ACCEPTED" | "CONFIRMED" | "SIGNED" | "AUTHORIZED" | "AUTHORISED"
        | "PERMITTED" | "AGREED" | "RATIFIED" => Start::Grant,
        "IN" if matches!(second, "EFFECT" | "FORCE") => Start::Grant,
        "ACTIVE" | "EFFECTIVE" if second.is_empty() => Start::Grant,
        _ => Start::Other,
    }
}

/// Returns whether a label that names no known part has a time as its value, so that it can be an
/// end: `Good through: 2026-03-01`. The times of records are no ends.
pub(super) fn is_time_value(key: &str, value: &str) -> bool {
    let first = key.split('_').next().unwrap_or("");
    let count = value.split_whitespace().count();
    let has_date = crate::document::waiver::value::find_date(value).is_some();
    let has_duration = value
        .split_whitespace()
        .any(|word| is_time_word(word) && !word.starts_with(|c: char| c.is_ascii_digit()));
    !RECORD_WORDS.contains(&first)
        && !key.contains(|c: char| c.is_ascii_digit())
        && count > 0
        && (has_date || (has_duration && count <= 3))
}

/// Returns whether a line without a label says when a grant ends, or denies it: `Expiry - 2026-02-20`,
/// `Ends with phase 1`, `Approved - no`.
pub(super) fn is_state_text(body: &str, key: &str) -> bool {
    let rest = || body.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    match start_of(key) {
        Start::State => !is_in_force(rest()),
        Start::End => true,
        Start::Grant => !is_in_force(body) && !is_grant_text(body),
        Start::Other => false,
    }
}
