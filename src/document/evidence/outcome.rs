//! What the fields of an EVIDENCE entry say about the outcome of its command.

use crate::document::denial::{denies_failure, fraction, is_denial, is_zero, takes_back};
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
            field.is_filled() && !is_clean_exit(value)
        }
        "RESULT" | "RESULTS" | "STATUS" | "OUTCOME" | "VERDICT" | "STATE" | "CONCLUSION" | "TEST_RESULT"
        | "TEST_RESULTS" => is_failure(value, &plain),
        "FAILED" | "FAILURE" | "FAILURES" | "ERRORS" | "TESTS_FAILED" => {
            field.is_filled() && !is_nothing(&plain)
        }
        "PASSED" | "PASS" | "SUCCESS" | "GREEN" => {
            let lower = plain.to_lowercase();
            let first = lower.split(|c: char| !c.is_alphanumeric() && c != '/').next().unwrap_or("");
            field.is_filled() && (first == "false" || is_zero(first) || takes_back(value))
        }
        _ => false,
    };
    is_denial.then(|| Spanned::new(format!("{}: {}", field.key, strip_line(value)), field.value.span))
}

fn strip_line(value: &str) -> &str {
    value.lines().next().unwrap_or("").trim()
}

/// Words that a number counts and that are no failures: `0, 12 passed`.
const UNITS: [&str; 13] = [
    "passed",
    "pass",
    "ok",
    "skipped",
    "ignored",
    "warnings",
    "warning",
    "total",
    "s",
    "ms",
    "seconds",
    "succeeded",
    "green",
];
/// Words for what was run. Their number counts no failures only with a unit behind it.
const RUNS: [&str; 6] = ["test", "tests", "check", "checks", "case", "cases"];
/// Words that can follow a zero: `none found`, `0 tests`.
const AFTER_ZERO: [&str; 11] = [
    "tests", "test", "checks", "cases", "failures", "failed", "errors", "found", "reported", "seen",
    "detected",
];

/// Returns whether the value of a label for failures says that there are none: `0`, `no`,
/// `0/12`, `zero of 12 tests`. Behind the zero, only the forms of `clean_phrase` can follow.
fn is_nothing(plain: &str) -> bool {
    let lower = plain.to_lowercase();
    if lower == "n/a" {
        return true;
    }
    let words = words_of(&lower);
    let Some((first, rest)) = words.split_first() else { return true };
    // `0 / 12`
    let is_apart = lower.starts_with("0 / ") && rest.first().is_some_and(|word| is_number(word));
    let is_none = matches!(*first, "no" | "none" | "zero" | "nil" | "false" | "0")
        || fraction(first).is_some_and(|(part, _)| part == 0);
    let after = usize::from(is_apart);
    let things = rest.iter().skip(after).take(2).take_while(|word| AFTER_ZERO.contains(word));
    let after = after + things.count();
    is_none && is_clean(rest.get(after..).unwrap_or_default())
}

/// Returns the words of a value. A date, a time and a fraction are one word.
fn words_of(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric() && !"/-.:".contains(c))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect()
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether words are a sequence of clean phrases.
fn is_clean(mut words: &[&str]) -> bool {
    while !words.is_empty() {
        let length = clean_phrase(words);
        let Some(rest) = words.get(length..).filter(|_| length > 0) else { return false };
        words = rest;
    }
    true
}

/// Returns the number of words of the phrase at the start, if it counts no failures: `of 12 tests`,
/// `in run 2`, `on 2026-03-01`, `12 tests passed`, `passed 12`.
fn clean_phrase(words: &[&str]) -> usize {
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let is_run = |at: usize| RUNS.contains(&word(at));
    let is_unit = |at: usize| UNITS.contains(&word(at));
    let is_day = |word: &str| {
        word.contains(['-', ':']) && word.chars().all(|c| c.is_ascii_digit() || "-:.tz".contains(c))
    };
    let is_duration = |word: &str| {
        let number = word.trim_end_matches('s').trim_end_matches('m');
        number.len() < word.len() && number.parse::<f64>().is_ok()
    };
    match word(0) {
        "out" if word(1) == "of" => clean_phrase(words.get(1..).unwrap_or_default()) + 1,
        "of" => {
            let at = if word(1) == "the" { 2 } else { 1 };
            let end = at + 1 + usize::from(is_run(at + 1));
            let end = end + usize::from(word(end) == "failed");
            if is_number(word(at)) { end } else { 0 }
        }
        "in" if matches!(word(1), "run" | "attempt") && is_number(word(2)) => 3,
        "in" if word(1) == "total" || is_duration(word(1)) => 2,
        "in" if is_number(word(1)) && matches!(word(2), "s" | "ms" | "seconds") => 3,
        "in" if is_number(word(1)) && is_run(2) => 3,
        "on" | "at" if is_day(word(1)) => 2,
        "all" if is_unit(1) => 2,
        "all" if is_run(1) && is_unit(2) => 3,
        "all" if is_number(word(1)) && word(1) != "0" && is_run(2) && is_unit(3) => 4,
        "0" | "no" | "none" | "zero" if matches!(word(1), "failed" | "failures" | "errors") => 2,
        first if is_day(first) || is_duration(first) => 1,
        first if is_number(first) && is_unit(1) => 2,
        first if is_number(first) && is_run(1) && is_unit(2) => 3,
        first if UNITS.contains(&first) => 1 + usize::from(is_number(word(1)) && !is_unit(2)),
        _ => 0,
    }
}

/// Returns whether the value of a label for an exit code is a zero and nothing else, or one with
/// a remark that does not take it back.
fn is_clean_exit(value: &str) -> bool {
    let plain = strip_hint(value).trim_matches(['`', '*', '_', ' ', '.']).to_lowercase();
    let words = words_of(&plain);
    let Some((first, rest)) = words.split_first() else { return false };
    let after = usize::from(rest.first().is_some_and(|word| *word == "success"));
    *first == "0" && is_clean(rest.get(after..).unwrap_or_default()) && !takes_back(behind_first(value))
}

/// Returns the text behind the first word.
fn behind_first(value: &str) -> &str {
    let start = value.find(|c: char| c.is_alphanumeric()).unwrap_or(0);
    let rest = value.get(start..).unwrap_or("");
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    rest.get(end..).unwrap_or("")
}

/// Returns whether a result begins with a clean form: `no failures`, `no issues found`,
/// `skipped 0`.
fn begins_clean(plain: &str) -> bool {
    let lower = plain.to_lowercase();
    let first = lower.split([',', ';', '.', '(']).next().unwrap_or("");
    let words: Vec<&str> =
        first.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let things =
        ["regressions", "regression", "issues", "problems", "findings", "warnings", "defects", "blockers"];
    let ends = ["found", "detected", "reported", "seen", "remain", "left"];
    match words.as_slice() {
        ["no" | "not" | "0" | "zero" | "none", ..] if words.iter().any(|word| is_denial(word)) => {
            denies_failure(&lower)
        }
        ["no", thing] | ["no", "new" | "known" | "open", thing] => things.contains(thing),
        ["no", thing, end] => things.contains(thing) && ends.contains(end),
        ["skipped", count] => is_zero(count),
        _ => false,
    }
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
    (is_bad && !begins_clean(plain))
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
            "EXIT: 0",
            "RC: 0 (12 tests passed)",
            "RESULT: no regressions",
            "RESULT: no issues found",
            "RESULT: skipped 0, failed 0",
            "FAILED: 0, passed 12",
            "FAILED: 0 / 12",
            "FAILED: 0 of 12 tests failed",
            "FAILED: no tests failed",
            "FAILED: none, all 12 tests passed",
            "ERRORS: 0 errors, 0 failures",
            "EXIT: 0, all green",
            "EXIT: 0 in 3.2s",
            "ERRORS: 0, 2 warnings",
            "PASSED: 12/12",
            "PASSED: yes",
        ] {
            assert!(!is_denied(line), "{line}");
        }
        for line in [
            "RESULT: 0 passed all failed",
            "EXIT_CODE: 0 (0 passed / failed)",
            "EXIT_CODE: 0 (error code 101)",
            "RESULT: fail case",
            "RESULT: NO TESTS RUN, no failures",
            "RESULT: NOT COMPILED, no errors",
            "RESULT: NO TEST PASSED, none failed",
            "RESULT: 0/12: none failed",
            "RESULT: NO OUTPUT, 0 errors",
            "RESULT: no failure was repaired, tests red",
            "RESULT: No failures fixed",
            "RESULT: zero of 12 tests passed",
            "FAILED: nothing but the e2e test",
            "FAILED: zero on Linux, one on Windows",
            "FAILED: neither green nor red",
            "FAILED: without end",
            "FAILED: 0, 3 tests",
            "FAILED: 0 in run 1, 3 tests in run 2",
            "FAILED: no, 3 checks",
            "FAILED: no; yes",
            "FAILED: none in unit, three in e2e",
            "FAILURES: none at unit level, three in e2e",
            "PASSED: 0/12",
            "RC: 0 1",
            "EXIT: 0 then 101",
            "EXIT: 0 (12 tests failed)",
            "FAILED: no tests run",
            "FAILED: none, all 0 tests passed",
            "FAILED: 0 of 12, 3 in run 2",
            "PASSED: 30/34",
            "PASSED: 0 of 12",
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
