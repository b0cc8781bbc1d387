//! Values that say that something passed, and nothing else.

/// Returns the state of `states` that a value names: alone, behind a tick, or with a note that
/// does not take it back. `None` for every other value.
#[must_use]
pub(crate) fn pass_state<'s>(value: &str, states: &[&'s str]) -> Option<&'s str> {
    let is_mark = |c: char| c == '*' || c == '`' || c.is_whitespace();
    let line = value.trim().lines().next().unwrap_or("").trim_matches(is_mark);
    let start = line.find(|c: char| c.is_ascii_alphanumeric())?;
    let (before, plain) = line.split_at(start);
    let crosses =
        ['\u{274c}', '\u{2717}', '\u{2718}', '\u{1f534}', '\u{26d4}', '\u{1f6ab}', '\u{2716}', '~', '!'];
    if before.contains(crosses) || plain.contains("~~") {
        return None;
    }
    let upper = plain.to_ascii_uppercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let fits = |state: &&&str| upper.strip_prefix(**state).is_some_and(|rest| !rest.starts_with(is_word));
    let state = states.iter().filter(fits).max_by_key(|state| state.len())?;
    let rest = plain.get(state.len()..)?.trim_start_matches(['*', '`']);
    is_note(rest).then_some(*state)
}

/// Returns whether the text behind a state is nothing, decoration, or a plain note.
fn is_note(rest: &str) -> bool {
    let note = rest.trim();
    if !note.contains(|c: char| c.is_ascii_alphanumeric()) {
        return !rest.starts_with(['?', '/', '|', '!']) && !note.contains(['/', '|']);
    }
    let starts = [
        "with", "after", "on ", "at ", "by ", "see", "as ", "via", "per ", "for ", "in ", "since", "because",
        "from",
    ];
    let lower = note.to_lowercase();
    let is_marked = note.starts_with(['(', ',', ';', ':', '.', '-', '\u{2013}', '\u{2014}']);
    let is_phrase = rest.starts_with(char::is_whitespace)
        && (starts.iter().any(|start| lower.starts_with(start))
            || note.starts_with(|c: char| c.is_ascii_digit() || c == '['));
    (is_marked || is_phrase) && !takes_back(note)
}

/// Beginnings of words that take a state back.
const DENIALS: [&str; 26] = [
    "fail",
    "error",
    "block",
    "reject",
    "revok",
    "withdr",
    "retract",
    "rescind",
    "void",
    "superseded",
    "pending",
    "premature",
    "provisional",
    "overturn",
    "revers",
    "revert",
    "invalid",
    "cancel",
    "annul",
    "broke",
    "disput",
    "incomplete",
    "unproven",
    "unverified",
    "untested",
    "expired",
];
/// Words in front of a failure that is none, or is over.
const EXCUSES: [&str; 13] = [
    "0",
    "no",
    "zero",
    "without",
    "prior",
    "previous",
    "earlier",
    "old",
    "expected",
    "supersedes",
    "former",
    "past",
    "any",
];
/// Word groups that take a state back.
const PHRASES: [&str; 12] = [
    "not run",
    "not yet",
    "not pass",
    "not proven",
    "not tested",
    "not verified",
    "not checked",
    "not executed",
    "not ok",
    "no longer",
    "did not",
    "does not hold",
];

/// Returns whether a note takes back the state in front of it: `(withdrawn)`, `(1 FAIL)`.
/// `(0 failures)` and `(supersedes prior FAIL)` do not.
#[must_use]
pub(crate) fn takes_back(note: &str) -> bool {
    let lower = note.to_lowercase();
    // `(PASS | FAIL)` is the choice of a template.
    let inner = note.trim().trim_start_matches('(').trim_end_matches(')');
    let is_choice = |part: &str| {
        !part.trim().is_empty() && part.trim().chars().all(|c| c.is_ascii_uppercase() || "_/ ".contains(c))
    };
    if inner.contains('|') && inner.split('|').all(is_choice) {
        return false;
    }
    let mut before = "";
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let is_denial = DENIALS.iter().any(|start| word.starts_with(start));
        if is_denial && !EXCUSES.contains(&before) {
            return true;
        }
        before = word;
    }
    PHRASES.iter().any(|phrase| lower.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_state_passes() {
        let state = |value: &str| pass_state(value, &["PASS", "N/A", "NOT_APPLICABLE"]);
        for value in [
            "PASS",
            "`PASS`",
            "**PASS**",
            "\u{2705} PASS",
            "PASS \u{2705}",
            "PASS ???",
            "PASS (0 failures)",
            "pass - 3 tests",
            "PASS (PASS | FAIL)",
            "PASS with a warning",
            "PASS (supersedes prior FAIL)",
            "N/A",
            "NOT_APPLICABLE (no UI)",
        ] {
            assert!(state(value).is_some(), "{value}");
        }
        for value in [
            "",
            "REJECTED",
            "RED",
            "NOT_RUN",
            "NOT PASS",
            "PENDING",
            "PASS?",
            "PASS (1 FAIL)",
            "PASS / FAIL",
            "PASS | FAIL",
            "\u{274c} FAIL",
            "\u{274c} PASS",
            "~~PASS~~ FAIL",
            "PASS (withdrawn)",
            "PASSABLE",
            "PASS would be premature",
            "PASS (not yet)",
        ] {
            assert!(state(value).is_none(), "{value}");
        }
    }
}
