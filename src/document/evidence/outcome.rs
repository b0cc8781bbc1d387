//! What the fields of an EVIDENCE entry say about the outcome of its command.

use crate::document::field::{Field, strip_hint};
use crate::document::pass_state::takes_back;
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

fn is_nothing(plain: &str) -> bool {
    let first = plain.split(|c: char| !c.is_alphanumeric() && c != '/').next().unwrap_or("");
    matches!(first, "" | "0" | "NO" | "NONE" | "FALSE" | "N/A")
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
    plain == "NO"
        || starts.iter().any(is_start)
        || value.contains(['\u{274c}', '\u{2717}', '\u{2718}', '\u{1f534}'])
        || takes_back(value)
}
