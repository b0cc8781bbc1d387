//! The strict reading of lines about a waiver: each word for an end stops it, unless the word
//! plainly describes a thing of the product, as in `rejected orders are kept`.

use super::ending::{clauses, denies_phrase, is_stamped, is_waiver_word};
use super::words::{is_ending, is_plain_id};

/// Things of a product that such a word can describe.
const TOPICS: [&str; 48] = [
    "order",
    "orders",
    "session",
    "sessions",
    "input",
    "inputs",
    "token",
    "tokens",
    "record",
    "records",
    "user",
    "users",
    "file",
    "files",
    "entry",
    "entries",
    "event",
    "events",
    "key",
    "keys",
    "item",
    "items",
    "job",
    "jobs",
    "task",
    "tasks",
    "value",
    "values",
    "data",
    "payment",
    "payments",
    "message",
    "messages",
    "certificate",
    "certificates",
    "account",
    "accounts",
    "row",
    "rows",
    "transaction",
    "transactions",
    "upload",
    "uploads",
    "link",
    "links",
    "bookings",
    "request",
    "requests",
];
/// Words in front of a word that describes the thing behind it.
const CONNECTIONS: [&str; 18] = [
    "the", "a", "an", "of", "for", "with", "in", "from", "to", "and", "or", "all", "covers", "cover",
    "keeps", "about", "on", "old",
];
/// Verbs between a thing and the word for its end.
const VERBS: [&str; 7] = ["is", "are", "was", "were", "be", "been", "being"];
/// Beginnings of words for a grant.
const GRANTS: [&str; 8] = ["approv", "grant", "accept", "confirm", "sign", "agree", "consent", "authori"];
/// Words that deny the word for a grant behind them.
const DENIALS: [&str; 6] = ["not", "never", "nobody", "neither", "without", "cannot"];

/// Returns whether a text has a word that ends or denies a waiver, and this word does not describe
/// a thing of the product.
pub(super) fn ends_strictly(text: &str) -> bool {
    clauses(text).iter().any(|words| clause_ends(words))
        || text.contains("~~")
        || denies_phrase(text)
        || text.split_whitespace().any(is_stamped_id)
}

fn clause_ends(words: &[String]) -> bool {
    let text = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", String::as_str);
    let is_topic = |word: &str| TOPICS.contains(&word);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_here = has(&["below", "above", "following", "follow", "here"]);
    // `The first form of this change was rejected`.
    let is_earlier = has(&["first", "earlier", "previous"])
        && has(&["form", "version", "attempt", "patch", "plan"])
        && !has(&["it", "\u{0}"])
        && !words.iter().any(|word| is_waiver_word(word));
    // `Expired waivers do not count`.
    let rest: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    if rest == ["waivers", "do", "not", "count"] || rest == ["waivers", "are", "removed"] {
        return false;
    }
    let ends_at = |at: usize| {
        let word = text(Some(at));
        let (before, next) = (text(at.checked_sub(1)), text(Some(at + 1)));
        // `Rejected requests:` is the title of what follows.
        let is_title = words.len() <= at + 2 && (at == 0 || matches!(before, "the" | "a" | "an" | "all"));
        let describes = is_topic(next) && (at == 0 || CONNECTIONS.contains(&before)) && !is_title && !is_here;
        let is_stated = VERBS.contains(&before) && (is_topic(text(at.checked_sub(2))) || is_earlier);
        let is_work = is_topic(before) && (word.ends_with("ation") || word.ends_with("al"));
        is_ending(word) && !describes && !is_stated && !is_work
    };
    let is_over =
        |at: usize| matches!(text(Some(at)), "over" | "ended") && VERBS.contains(&text(at.checked_sub(1)));
    let is_denied = |at: usize| {
        let denies = |back: usize| DENIALS.contains(&text(at.checked_sub(back)));
        GRANTS.iter().any(|start| text(Some(at)).starts_with(start)) && (denies(1) || denies(2))
    };
    (0..words.len()).any(|at| ends_at(at) || is_over(at) || is_denied(at))
}

/// Returns whether a text has a limit of time: `until 2026-02-20`, `expires on 2026-02-20`.
pub(super) fn has_limit(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let is_date = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric()).starts_with("20") && word.contains('-')
    };
    words.any(|word| matches!(word, "until" | "till") || word.starts_with("expir"))
        && lower.split_whitespace().any(is_date)
}

/// Returns whether a word is the id of a waiver with a stamp: `W-1-REVOKED`, `W-1.revoked`.
fn is_stamped_id(word: &str) -> bool {
    let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
    let is_id = plain.contains(|c: char| c.is_ascii_digit())
        && !plain.contains('/')
        && plain.contains('-')
        && plain.starts_with(|c: char| c.is_ascii_uppercase());
    is_id && !is_plain_id(plain)
}

/// Returns whether a label says that the waiver ended: `Revoked`, `Withdrawn on`, `Reason for
/// revocation`. `Order cancellation` does not.
pub(super) fn is_end_label(label: &str) -> bool {
    ends_strictly(label) || is_stamped(label)
}
