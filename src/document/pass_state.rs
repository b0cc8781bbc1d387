//! Values that say that something passed, and nothing else.

use super::denial::{fraction, takes_back};

/// Returns the state of `states` that a value names: alone, behind a tick, or with a note that
/// does not take it back. `None` for every other value.
#[must_use]
pub(crate) fn pass_state<'s>(value: &str, states: &[&'s str]) -> Option<&'s str> {
    let is_mark = |c: char| c == '*' || c == '`' || c.is_whitespace();
    let (first, more) = value.trim().split_once('\n').unwrap_or((value.trim(), ""));
    let line = first.trim_matches(is_mark);
    let start = line.find(|c: char| c.is_ascii_alphanumeric())?;
    let (before, plain) = line.split_at(start);
    let plain = without_count(plain);
    let crosses =
        ['\u{274c}', '\u{2717}', '\u{2718}', '\u{1f534}', '\u{26d4}', '\u{1f6ab}', '\u{2716}', '~', '!'];
    // The value can go on in further lines.
    let is_crossed = before.contains(crosses) || more.contains(crosses.get(..7).unwrap_or_default());
    if is_crossed || value.contains("~~") || takes_back(more) {
        return None;
    }
    let upper = plain.to_ascii_uppercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let fits = |state: &&&str| upper.strip_prefix(**state).is_some_and(|rest| !rest.starts_with(is_word));
    let state = states.iter().filter(fits).max_by_key(|state| state.len())?;
    let rest = plain.get(state.len()..)?.trim_start_matches(['*', '`']);
    is_note(rest).then_some(*state)
}

/// Returns a value without the count of all tests in front of it: `34/34 PASS`, `34 tests PASS`.
fn without_count(plain: &str) -> &str {
    let (first, rest) = plain.split_once(char::is_whitespace).unwrap_or((plain, ""));
    if first.parse::<u64>().is_ok_and(|count| count > 0)
        && let Some(rest) = rest.trim_start().strip_prefix("tests ")
    {
        return rest.trim_start();
    }
    let (whole, rest) = match fraction(first) {
        Some(parts) => (Some(parts), rest),
        None => match rest.trim_start().strip_prefix("of ").map(str::trim_start) {
            Some(rest) => {
                let (second, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                (fraction(&format!("{first}/{second}")), rest)
            }
            None => (None, rest),
        },
    };
    let is_all = whole.is_some_and(|(part, whole)| part == whole && whole > 0);
    let rest = rest.trim_start();
    let rest =
        ["tests ", "checks ", "cases "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    if is_all { rest.trim_start() } else { plain }
}

/// Returns whether the text behind a state is nothing, decoration, or a plain note.
fn is_note(rest: &str) -> bool {
    let note = rest.trim();
    if !note.contains(|c: char| c.is_ascii_alphanumeric()) {
        return !rest.starts_with(['?', '/', '|', '!']) && !note.contains(['/', '|']);
    }
    let starts = [
        "with", "after", "on ", "at ", "by ", "see", "as ", "via", "per ", "for ", "in ", "since", "because",
        "from", "all ",
    ];
    let lower = note.to_lowercase();
    let is_marked = note.starts_with(['(', ',', ';', ':', '.', '-', '\u{2013}', '\u{2014}']);
    let is_phrase = rest.starts_with(char::is_whitespace)
        && (starts.iter().any(|start| lower.starts_with(start))
            || note.starts_with(|c: char| c.is_ascii_digit() || c == '['));
    (is_marked || is_phrase) && !takes_back(note)
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
            "PASS (failed 0, passed 34)",
            "PASS (errors are handled)",
            "PASS (no longer fails)",
            "PASS (the failure was fixed)",
            "PASS (all errors fixed)",
            "PASS (see src/error.rs:12)",
            "34 tests PASS",
            "PASS all 34 tests",
            "34/34 PASS",
            "34 of 34 PASS",
            "34/34 tests PASS",
            "PASS\nThe error handling was reviewed.",
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
            "PASS except e2e",
            "PASS all but two tests",
            "30/34 PASS",
            "0/0 PASS",
            "30 of 34 PASS",
            "34/34 FAIL",
            "PASS\nbut in truth 3 tests FAIL",
            "PASS\n\u{274c} e2e",
            "PASS: no",
            "PASS (FALSE)",
            "PASS (TODO)",
            "PASS for now",
            "PASS\nFAIL | PASS",
            "PASS (0 passed / failed)",
            "PASS (0/34)",
            "34 tests FAIL",
            "0 tests PASS",
            "34 tests PASS, 2 FAIL",
        ] {
            assert!(state(value).is_none(), "{value}");
        }
    }
}
