//! The words by which a text says that a waiver ended, or was not granted.
//!
//! The values of a status are an allow list (see [`state`](super::state)). Other lines of a waiver
//! are about files, tests and orders. They stop it only if they speak about the waiver itself.

use super::words::{is_ending, is_plain_id};

/// Word groups that say the same.
const PHRASES: [&str; 16] = [
    "no longer",
    "not in force",
    "not granted",
    "not approved",
    "never granted",
    "never approved",
    "not valid",
    "not active",
    "not yet",
    "not accepted",
    "not confirmed",
    "to be approved",
    "to be granted",
    "has ended",
    "out of force",
    "does not apply",
];
/// Words for the waiver itself.
const THINGS: [&str; 12] = [
    "waiver",
    "waivers",
    "approval",
    "approvals",
    "grant",
    "grants",
    "permission",
    "exception",
    "consent",
    "signature",
    "id",
    "\u{0}",
];
/// Words in front of such a word that state nothing else.
const LEADS: [&str; 48] = [
    "was",
    "is",
    "are",
    "were",
    "has",
    "have",
    "been",
    "be",
    "being",
    "now",
    "since",
    "later",
    "then",
    "hereby",
    "already",
    "but",
    "and",
    "also",
    "marked",
    "declared",
    "considered",
    "as",
    "became",
    "got",
    "status",
    "state",
    "it",
    "this",
    "that",
    "these",
    "the",
    "all",
    "both",
    "our",
    "in",
    "fact",
    "note",
    "update",
    "remark",
    "decision",
    "reason",
    "date",
    "day",
    "time",
    "for",
    "of",
    "by",
    "on",
];
/// Verbs directly in front of it whose subject it describes.
const VERBS: [&str; 16] = [
    "was",
    "is",
    "are",
    "were",
    "been",
    "be",
    "being",
    "now",
    "since",
    "hereby",
    "already",
    "marked",
    "declared",
    "considered",
    "became",
    "got",
];
/// Words behind it that say when, why or by whom.
const AFTER: [&str; 27] = [
    "by",
    "on",
    "at",
    "in",
    "since",
    "as",
    "because",
    "due",
    "after",
    "per",
    "from",
    "for",
    "and",
    "now",
    "see",
    "effective",
    "until",
    "with",
    "yes",
    "true",
    "review",
    "confirmation",
    "decision",
    "date",
    "again",
    "completely",
    "entirely",
];
/// Words of a clause that states a condition or a rule, not what happened.
const RULES: [&str; 11] =
    ["if", "unless", "when", "whenever", "may", "can", "could", "would", "might", "must", "should"];
/// Words of a rule about each waiver, in a clause with a condition.
const KINDS: [&str; 4] = ["a", "an", "any", "each"];
/// Words of a condition.
const CONDITIONS: [&str; 4] = ["without", "if", "unless", "when"];
/// Words that turn it around.
const NEGATIONS: [&str; 7] = ["not", "never", "no", "none", "nothing", "nor", "non"];

/// Returns whether a word is the name of a thing, not a statement: a path, or an id such as
/// `W-Order-Cancel-1`.
fn is_name(word: &str) -> bool {
    let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
    let first = plain.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    if is_ending(&first.to_lowercase()) {
        return false;
    }
    let has_extension = plain.rsplit_once('.').is_some_and(|(name, extension)| {
        let is_short = (1..=5).contains(&extension.len());
        !name.is_empty() && is_short && !is_ending(extension) && extension.bytes().all(is_extension_byte)
    });
    let is_id = || {
        plain.contains('-')
            && plain.contains(|c: char| c.is_ascii_digit())
            && first.starts_with(|c: char| c.is_ascii_uppercase())
            && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && is_plain_id(plain)
    };
    // `Mira/revoked` is no path.
    let is_path = plain.contains('/') && (has_extension || word.starts_with('`'));
    is_path || has_extension || is_id()
}

fn is_extension_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Splits a text into its clauses, and these into words in lower case. A name is the word
/// `\u{0}`.
pub(super) fn clauses(text: &str) -> Vec<Vec<String>> {
    let mut out = vec![Vec::new()];
    let marks = |c: char| ",;.:!?()[]|".contains(c);
    let next_clause = |out: &mut Vec<Vec<String>>| {
        if out.last().is_some_and(|clause| !clause.is_empty()) {
            out.push(Vec::new());
        }
    };
    for word in text.split_whitespace() {
        if word.starts_with(marks) || matches!(word, "-" | "\u{2013}" | "\u{2014}") {
            next_clause(&mut out);
        }
        let names = is_name(word);
        let pieces: Vec<&str> = if names {
            vec!["\u{0}"]
        } else {
            word.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()).collect()
        };
        if let Some(clause) = out.last_mut() {
            clause.extend(pieces.into_iter().map(str::to_lowercase));
        }
        if word.ends_with(marks) {
            next_clause(&mut out);
        }
    }
    out
}

/// Returns whether a text has words that end or deny a waiver, whatever they are about. The names
/// of files and ids do not count.
pub(super) fn ends_waiver(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = text.split_whitespace().filter(|word| !is_name(word));
    let mut pieces = words.flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    pieces.any(|word| is_ending(&word.to_lowercase())) || denies_phrase(&lower) || text.contains("~~")
}

/// Returns whether a text has a group of words that denies a waiver: `no longer`.
pub(super) fn denies_phrase(text: &str) -> bool {
    let lower = text.to_lowercase();
    PHRASES.iter().any(|phrase| lower.contains(phrase))
}

/// Returns whether a word means a waiver or its grant.
pub(super) fn is_waiver_word(word: &str) -> bool {
    THINGS.contains(&word)
}

/// Returns whether a text is a rule about waivers: `A waiver is void without a date`.
pub(super) fn is_rule(text: &str) -> bool {
    let clauses = clauses(text);
    let words = || clauses.iter().flatten().map(String::as_str);
    let has = |list: &[&str]| words().any(|word| list.contains(&word));
    words().next().is_some_and(|first| KINDS.contains(&first))
        && has(&CONDITIONS)
        && !has(&["below", "above", "following", "this", "these", "here", "was", "were", "has", "have"])
        && !text.contains(|c: char| c.is_ascii_digit())
}

/// Returns whether such words are in capitals, as a stamp on a sentence.
pub(super) fn is_stamped(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| !is_name(word));
    let mut words = words.flat_map(|word| word.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let is_capital =
        |word: &&str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    words.any(|word| is_capital(&word) && ends_waiver(word)) || text.contains("~~")
}

/// Returns whether such words are in capitals, except in the name of a state that is the subject of
/// its clause: `STATE_CANCELLED is added`.
pub(super) fn is_topic_stamped(text: &str) -> bool {
    let plain = text.trim_start();
    let (first, rest) = plain.split_once(' ').unwrap_or((plain, ""));
    let is_state = ["STATE_", "EVENT_", "ERROR_", "ERR_"].iter().any(|start| first.starts_with(start));
    let is_subject =
        ["is added", "is new", "is removed", "is renamed"].iter().any(|verb| rest.starts_with(verb));
    is_stamped(if is_state && is_subject { rest } else { text })
}

/// Returns whether a text says of the waiver itself that it ended or was not granted: `revoked on
/// 2026-02-20`, `this waiver was withdrawn`, `Mira revoked it`. `Rejected orders are kept` and `a
/// waiver is void without a date` do not.
pub(super) fn says_ended(text: &str) -> bool {
    clauses(text).iter().any(|clause| clause_says_ended(clause))
}

fn clause_says_ended(words: &[String]) -> bool {
    let is_of = |word: &str, list: &[&str]| list.contains(&word);
    let has_condition = words.iter().any(|word| is_of(word, &CONDITIONS));
    let is_rule = |word: &str| is_of(word, &RULES) || (has_condition && is_of(word, &KINDS));
    let rule_at = words.iter().position(|word| is_rule(word)).unwrap_or(usize::MAX);
    let not_at = words.iter().position(|word| is_of(word, &NEGATIONS)).unwrap_or(usize::MAX);
    let thing_at = words.iter().position(|word| is_of(word, &THINGS)).unwrap_or(usize::MAX);
    let is_lead = |word: &str| {
        is_of(word, &LEADS) || is_of(word, &THINGS) || word.starts_with(|c: char| c.is_ascii_digit())
    };
    let lead = words.iter().position(|word| !is_lead(word)).unwrap_or(words.len());
    let text = |at: usize| words.get(at).map_or("", String::as_str);
    let before = |at: usize, back: usize| at.checked_sub(back).map_or("", text);
    let ends_at = |at: usize| {
        let (next, second) = (text(at + 1), text(at + 2));
        if rule_at < at || not_at < at || is_of(next, &["if", "unless", "when"]) {
            return false;
        }
        let is_relative = is_of(before(at, 2), &["that", "which", "who"]) && is_of(before(at, 1), &VERBS);
        let is_subject = thing_at < at && is_of(before(at, 1), &VERBS) && !is_relative;
        let is_object = is_of(next, &["it", "\u{0}"])
            || (is_of(next, &["this", "that", "the", "these"]) && is_of(second, &THINGS));
        let is_closed = next.is_empty()
            || is_of(next, &AFTER)
            || next.starts_with(|c: char| c.is_ascii_digit())
            || (is_of(next, &THINGS) && second.is_empty())
            || is_ending(next);
        is_subject || (is_object && at > 0) || (at <= lead && (is_closed || is_object))
    };
    let has_phrase = || {
        let clause = words.join(" ");
        let starts: Vec<&str> = PHRASES.into_iter().filter(|phrase| clause.contains(phrase)).collect();
        let is_at_start = |phrase: &str| {
            let first = phrase.split(' ').next().unwrap_or("");
            let at = words.iter().position(|word| word == first).unwrap_or(usize::MAX);
            at <= lead || thing_at < at
        };
        rule_at == usize::MAX && starts.into_iter().any(is_at_start)
    };
    let has_ended = |at: usize| {
        matches!(text(at), "ended" | "over") && (thing_at < at || at <= lead) && not_at > at && rule_at > at
    };
    (0..words.len()).any(|at| (is_ending(text(at)) && ends_at(at)) || has_ended(at)) || has_phrase()
}
