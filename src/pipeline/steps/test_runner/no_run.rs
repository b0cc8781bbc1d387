//! Finds lines that say plainly that a step ran no test, for runners that print no number
//! of tests, or print one only for failures.

use std::sync::LazyLock;

use regex::Regex;

/// What an output says about tests that did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingRun {
    /// There was no test to run, or the tests were skipped.
    NoTests { runner: &'static str },
    /// The runner took the results of an earlier run, and ran no test.
    EarlierResults { runner: &'static str },
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

// A task that ran has no word behind its name, or FAILED.
pattern!(GRADLE_RAN, r"(?m)^> Task \S*:?\w*[tT]est(?: FAILED)?\s*$");
pattern!(GRADLE_NONE, r"(?m)^> Task \S*:?\w*[tT]est (?:NO-SOURCE|SKIPPED)\s*$");
pattern!(GRADLE_EARLIER, r"(?m)^> Task \S*:?\w*[tT]est (?:UP-TO-DATE|FROM-CACHE)\s*$");

/// A runner whose tests are not counted.
struct NoTestsForm {
    runner: &'static str,
    /// Pattern of a line that says that no test ran.
    none: &'static str,
    /// Pattern of a line that says that tests ran in another part of the project.
    unless: &'static str,
}

const FORMS: [NoTestsForm; 4] = [
    NoTestsForm {
        runner: "mix test",
        none: r"(?m)^There are no tests to run\s*$",
        unless: r"(?m)^(?:Result: |\d+ (?:tests?|doctests?|properties|property)\b)",
    },
    NoTestsForm {
        runner: "dart test",
        none: r"(?m)^No tests (?:ran|match .*)\.?\s*$",
        unless: r"(?m)All tests passed!|Some tests failed\.",
    },
    NoTestsForm {
        runner: "sbt test",
        none: r"(?m)^\[info\] No tests (?:to run|were executed)",
        unless: r"(?m)^\[\w+\] (?:Passed|Failed): Total [1-9]",
    },
    NoTestsForm {
        runner: "bazel test",
        none: r"(?m)^(?:ERROR: )?No test targets were found, yet testing was requested",
        unless: r"(?m)^Executed \d+ out of [1-9]",
    },
];

/// Returns what the task lines of Gradle say if no test task ran. `log` has no colors.
pub(super) fn find_gradle_missing_run(log: &str) -> Option<MissingRun> {
    let runner = "gradle";
    let has = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(log));
    if has(&GRADLE_RAN) {
        return None;
    }
    if has(&GRADLE_EARLIER) {
        return Some(MissingRun::EarlierResults { runner });
    }
    has(&GRADLE_NONE).then_some(MissingRun::NoTests { runner })
}

/// Returns what the output of a script says, if it says plainly that no test ran. `log` has
/// no colors.
pub(super) fn find_missing_run(log: &str) -> Option<MissingRun> {
    static PATTERNS: LazyLock<Vec<(&'static str, Regex, Regex)>> = LazyLock::new(|| {
        let compile = |form: &NoTestsForm| {
            Some((form.runner, Regex::new(form.none).ok()?, Regex::new(form.unless).ok()?))
        };
        FORMS.iter().filter_map(compile).collect()
    });
    let found = PATTERNS.iter().find(|(_, none, unless)| none.is_match(log) && !unless.is_match(log));
    let found = found.map(|(runner, ..)| MissingRun::NoTests { runner });
    found.or_else(|| find_gradle_missing_run(log))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_a_valid_pattern() {
        for form in &FORMS {
            assert!(Regex::new(form.none).is_ok() && Regex::new(form.unless).is_ok(), "{}", form.runner);
        }
    }
}
