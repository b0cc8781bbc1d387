//! What the fields of an EVIDENCE entry say about the outcome of its command.

use crate::document::denial::{fraction, is_denial, is_zero, takes_back};
use crate::document::field::{Field, strip_hint};
use crate::text::Spanned;

/// Sets a value; a second value that differs makes it two values, which are no exit code, path
/// or hash.
pub(super) fn set_once(value: &mut Option<Spanned<String>>, field: &Field) {
    let Some(next) = field.filled_value() else { return };
    match value {
        None => *value = Some(next),
        Some(first) if first.value != next.value => {
            *first = Spanned::new(format!("{}, then {}", first.value, next.value), next.span);
        }
        Some(_) => {}
    }
}

/// Returns what a field says against a success, with its label.
pub(super) fn denial(field: &Field) -> Option<Spanned<String>> {
    let value = field.value.value.trim();
    let plain = strip_hint(value).trim_matches(['`', '*', '_', ' ', '.']).to_uppercase();
    let is_denial = match field.key.as_str() {
        // A remark can say more than the code: `0 (failed at the second try)`.
        "EXIT_CODE" => value.len() > strip_hint(value).len() && takes_back(value),
        "EXITCODE" | "EXIT" | "EXIT_STATUS" | "RETURN_CODE" | "RC" => {
            field.is_filled() && plain.split_whitespace().next() != Some("0")
        }
        "RESULT" | "RESULTS" | "STATUS" | "OUTCOME" | "VERDICT" | "STATE" | "CONCLUSION" | "TEST_RESULT"
        | "TEST_RESULTS" => is_failure(value, &plain),
        "FAILED" | "FAILURE" | "FAILURES" | "ERRORS" | "TESTS_FAILED" => {
            field.is_filled() && !is_nothing(&plain)
        }
        "PASSED" | "PASS" | "SUCCESS" | "GREEN" => matches!(plain.as_str(), "NO" | "FALSE" | "0" | "NONE"),
        _ => false,
    };
    is_denial.then(|| Spanned::new(format!("{}: {}", field.key, strip_line(value)), field.value.span))
}

fn strip_line(value: &str) -> &str {
    value.lines().next().unwrap_or("").trim()
}

/// Words behind a number that counts no failures: `0 (12 tests passed)`.
const UNITS: [&str; 14] = [
    "passed", "pass", "tests", "test", "ok", "checks", "cases", "total", "runs", "skipped", "ignored", "s",
    "ms", "seconds",
];
/// Words in front of such a number: `0 of 12`, `0 in run 2`.
const BEFORE: [&str; 9] = ["of", "out", "in", "from", "run", "attempt", "total", "on", "at"];

/// Returns whether the value of a label for failures says that there are none: `0`, `no`,
/// `0/12`, `zero of 12 tests`. A second number that counts failures says the opposite.
fn is_nothing(plain: &str) -> bool {
    let lower = plain.to_lowercase();
    if lower == "n/a" {
        return true;
    }
    // A date and a time are one word.
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && !"/-.:".contains(c))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let Some((first, rest)) = words.split_first() else { return true };
    let is_none = |word: &str| is_zero(word) || word == "false";
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let counts = |at: usize| {
        let word = rest.get(at).copied().unwrap_or("");
        let before = at.checked_sub(1).and_then(|at| rest.get(at)).copied().unwrap_or("");
        let after = rest.get(at + 1).copied().unwrap_or("");
        is_number(word) && !is_none(word) && !BEFORE.contains(&before) && !UNITS.contains(&after)
    };
    is_none(first)
        && !(0..rest.len()).any(counts)
        && !takes_back(&format!("{first} {}", behind_first(&lower)))
}

/// Returns the text behind the first word.
fn behind_first(lower: &str) -> &str {
    let start = lower.find(|c: char| c.is_alphanumeric()).unwrap_or(0);
    let rest = lower.get(start..).unwrap_or("");
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '/').unwrap_or(rest.len());
    rest.get(end..).unwrap_or("")
}

/// Returns whether a text denies a failure: `No failures`, `none failed`, `not failed`.
fn denies_failure(plain: &str) -> bool {
    let lower = plain.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '/').filter(|word| !word.is_empty());
    let is_first = words.next().is_some_and(|word| is_zero(word) || word == "not");
    is_first && words.take(4).any(is_denial) && !takes_back(&lower)
}

/// Returns whether the value of a result is not a success.
fn is_failure(value: &str, plain: &str) -> bool {
    let starts = [
        "NOT ",
        "NOT_",
        "NO ",
        "RED",
        "SKIPPED",
        "ABORTED",
        "TIMEOUT",
        "TIMED OUT",
        "CRASH",
        "KO",
        "FALSE",
        "PARTIAL",
        "INTERRUPTED",
        "KILLED",
        "UNKNOWN",
    ];
    let is_start = |start: &&str| {
        plain.strip_prefix(*start).is_some_and(|rest| {
            start.ends_with([' ', '_']) || !rest.starts_with(|c: char| c.is_alphanumeric())
        })
    };
    let first = plain.split_whitespace().next().unwrap_or("");
    let is_partial = fraction(first).is_some_and(|(part, whole)| part != whole);
    let is_bad = plain == "NO" || is_partial || starts.iter().any(is_start);
    (is_bad && !denies_failure(plain))
        || value.contains(['\u{274c}', '\u{2717}', '\u{2718}', '\u{1f534}'])
        || takes_back(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::field::read_fields;
    use crate::document::outline::Outline;

    fn is_denied(line: &str) -> bool {
        let text = format!("- {line}\n");
        let outline = Outline::parse(&text);
        let fields = read_fields(&text, &outline, 0..outline.blocks.len());
        denial(fields.first().expect("a field")).is_some()
    }

    #[test]
    fn only_a_failure_denies_the_exit_code() {
        for line in [
            "RESULT: No failures",
            "RESULT: 0 tests failed",
            "RESULT: none of the 12 tests failed",
            "RESULT: error handling works",
            "RESULT: 12/12 passed",
            "RESULT: ok. 12 passed; 0 failed; 0 ignored",
            "FAILED: 0/12",
            "FAILED: 0 of 12",
            "FAILED: 0 (12 tests passed)",
            "FAILED: no",
            "FAILURES: zero",
            "FAILURES: none",
            "ERRORS: 0 in run 2 on 2026-03-01",
            "EXIT_CODE: 0 (tests of the error paths)",
            "EXIT_CODE: 0",
        ] {
            assert!(!is_denied(line), "{line}");
        }
        for line in [
            "RESULT: No tests ran",
            "RESULT: No success, 2 failures",
            "RESULT: not ok",
            "RESULT: 3 tests failed",
            "RESULT: 0 passed, 3 failed",
            "RESULT: error handling fails",
            "RESULT: 11/12 passed",
            "FAILED: 1/12",
            "FAILED: 12/12",
            "FAILED: 0, later 3",
            "FAILED: 0 in run 1, 3 in run 2",
            "FAILED: yes",
            "FAILURES: three",
            "FAILURES: 0 at first; the e2e test failed",
            "EXIT_CODE: 0 (failed at the second try)",
        ] {
            assert!(is_denied(line), "{line}");
        }
    }
}
