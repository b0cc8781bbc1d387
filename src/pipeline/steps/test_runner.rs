//! Detects known test runners by their command or their output, and reads the
//! number of tests from their logs.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::is_hidden;

/// A known test runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestRunner {
    Cargo,
    Nextest,
    Pytest,
    Go,
    Jest,
    Vitest,
}

impl TestRunner {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cargo => "cargo test",
            Self::Nextest => "cargo nextest",
            Self::Pytest => "pytest",
            Self::Go => "go test",
            Self::Jest => "jest",
            Self::Vitest => "vitest",
        }
    }
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(ESCAPES, r"\x1b\[[0-9;?]*[A-Za-z]");
pattern!(CARGO, r"(?m)^test result: \S+ (\d+) passed; (\d+) failed;");
pattern!(NEXTEST, r"(?m)^\s*Summary \[[^\]]*\]\s+(\d+)(?:/\d+)? tests? run:");
pattern!(NEXTEST_NONE, r"(?m)^(?:\s*Starting 0 tests|error: no tests to run)");
pattern!(PYTEST, r"(?m)^=*\s*(?:\d+ [a-z]+, )*\d+ [a-z]+(?:, \d+ [a-z]+)* in [\d.:]+s?.*=*$");
pattern!(PYTEST_COUNT, r"(\d+) (passed|failed|error|errors|xfailed|xpassed)\b");
pattern!(PYTEST_NONE, r"(?m)no tests ran|collected 0 items");
pattern!(GO_OK, r"(?m)^(?:ok|FAIL|---\s\w+:)\s+\S+.*$");
pattern!(GO_NONE, r"(?m)^\?\s+\S+\s+\[no test files\]|\[no tests to run\]");
pattern!(JEST, r"(?m)^Tests:\s+(.*)\b(\d+) total");
pattern!(JEST_NONE, r"(?m)^No tests found");
pattern!(VITEST, r"(?m)^\s*Tests\s+(.*)\((\d+)\)\s*$");
pattern!(VITEST_NONE, r"(?m)No test files found");
pattern!(COUNTED, r"(\d+) (?:passed|failed)");

fn find_captures<'t>(pattern: Option<&Regex>, text: &'t str) -> Vec<regex::Captures<'t>> {
    pattern.map(|pattern| pattern.captures_iter(text).collect()).unwrap_or_default()
}

fn parse_capture(captures: &regex::Captures<'_>, group: usize) -> u64 {
    captures.get(group).and_then(|m| m.as_str().parse().ok()).unwrap_or(0)
}

/// Removes escape sequences for colors and cursor control.
pub(crate) fn strip_colors(text: &str) -> String {
    ESCAPES.as_ref().map_or_else(|| text.to_owned(), |pattern| pattern.replace_all(text, "").into_owned())
}

/// Detects the test runner of a step by its command, or else (for wrappers)
/// by its output.
pub(crate) fn detect_runner(argv: &[String], log: &str) -> Option<TestRunner> {
    let names: Vec<&str> = argv
        .iter()
        .map(|word| word.rsplit(['/', '\\']).next().unwrap_or(word))
        .map(|word| word.strip_suffix(".exe").unwrap_or(word))
        .collect();
    let has = |word: &str| names.contains(&word);
    let by_command = if has("cargo") && has("nextest") {
        Some(TestRunner::Nextest)
    } else if has("cargo") && (has("test") || has("t")) {
        Some(TestRunner::Cargo)
    } else if has("pytest") || has("py.test") {
        Some(TestRunner::Pytest)
    } else if has("go") && has("test") {
        Some(TestRunner::Go)
    } else if has("vitest") {
        Some(TestRunner::Vitest)
    } else if has("jest") {
        Some(TestRunner::Jest)
    } else {
        None
    };
    by_command.or_else(|| {
        let log = strip_colors(log);
        let shows = |patterns: &[&Option<Regex>]| {
            patterns.iter().any(|pattern| pattern.as_ref().is_some_and(|p| p.is_match(&log)))
        };
        let known: [(TestRunner, Vec<&Option<Regex>>); 5] = [
            (TestRunner::Nextest, vec![&NEXTEST, &NEXTEST_NONE]),
            (TestRunner::Cargo, vec![&CARGO]),
            (TestRunner::Jest, vec![&JEST, &JEST_NONE]),
            (TestRunner::Vitest, vec![&VITEST, &VITEST_NONE]),
            (TestRunner::Pytest, vec![&PYTEST_NONE]),
        ];
        known.into_iter().find(|(_, patterns)| shows(patterns)).map(|(runner, _)| runner)
    })
}

/// Returns the number of tests that ran, for Go the number of packages with
/// tests; `None` if the log does not show it.
pub(crate) fn count_tests(runner: TestRunner, log: &str) -> Option<u64> {
    let log = strip_colors(log);
    let sum = |captures: Vec<regex::Captures<'_>>, groups: &[usize]| -> Option<u64> {
        (!captures.is_empty()).then(|| {
            captures.iter().map(|c| groups.iter().map(|group| parse_capture(c, *group)).sum::<u64>()).sum()
        })
    };
    let zero_if = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|p| p.is_match(&log)).then_some(0);
    match runner {
        TestRunner::Cargo => sum(find_captures(CARGO.as_ref(), &log), &[1, 2]),
        TestRunner::Nextest => {
            sum(find_captures(NEXTEST.as_ref(), &log), &[1]).or_else(|| zero_if(&NEXTEST_NONE))
        }
        TestRunner::Pytest => {
            let summary = find_captures(PYTEST.as_ref(), &log)
                .into_iter()
                .next_back()
                .map(|c| c.get(0).map_or("", |m| m.as_str()).to_owned());
            summary
                .and_then(|line| sum(find_captures(PYTEST_COUNT.as_ref(), &line), &[1]))
                .or_else(|| zero_if(&PYTEST_NONE))
        }
        TestRunner::Go => {
            let lines: Vec<_> = find_captures(GO_OK.as_ref(), &log)
                .into_iter()
                .map(|c| c.get(0).map_or("", |m| m.as_str()).to_owned())
                .collect();
            let ran = lines.iter().filter(|line| !line.contains("[no tests to run]")).count();
            if lines.is_empty() { zero_if(&GO_NONE) } else { u64::try_from(ran).ok() }
        }
        TestRunner::Jest => sum_counts(JEST.as_ref(), &log).or_else(|| zero_if(&JEST_NONE)),
        TestRunner::Vitest => sum_counts(VITEST.as_ref(), &log).or_else(|| zero_if(&VITEST_NONE)),
    }
}

/// Maximum number of proof lines.
const MAX_PROOF_LINES: usize = 3;
/// Maximum length of a proof line, in characters.
const MAX_PROOF_LENGTH: usize = 200;

/// Returns lines of a log that show the result of a command: the summary of a
/// known test runner, or else the last usable line. The log contains each line
/// exactly as returned, apart from whitespace at its ends.
#[must_use]
pub(crate) fn find_proof_lines(argv: &[String], log: &str) -> Vec<String> {
    let usable = |line: &&str| {
        let length = line.chars().count();
        (3..=MAX_PROOF_LENGTH).contains(&length)
            && !line.chars().any(|c| c.is_control() || is_hidden(c) || c == '`' || c == '\u{fffd}')
    };
    let lines: Vec<&str> = log.lines().map(str::trim).filter(usable).collect();
    let summary = |patterns: &[&Option<Regex>]| -> Vec<String> {
        let shows = |line: &&&str| patterns.iter().any(|p| p.as_ref().is_some_and(|p| p.is_match(line)));
        let mut found: Vec<String> = lines.iter().filter(shows).map(|line| (*line).to_owned()).collect();
        found.truncate(MAX_PROOF_LINES);
        found
    };
    let found = match detect_runner(argv, log) {
        Some(TestRunner::Cargo) => summary(&[&CARGO]),
        Some(TestRunner::Nextest) => summary(&[&NEXTEST]),
        Some(TestRunner::Pytest) => summary(&[&PYTEST]),
        Some(TestRunner::Go) => summary(&[&GO_OK]),
        Some(TestRunner::Jest) => summary(&[&JEST]),
        Some(TestRunner::Vitest) => summary(&[&VITEST]),
        None => Vec::new(),
    };
    if found.is_empty() { lines.last().map(|line| (*line).to_owned()).into_iter().collect() } else { found }
}

/// Returns the sum of passed and failed tests of summary lines; skipped tests
/// did not run.
fn sum_counts(pattern: Option<&Regex>, log: &str) -> Option<u64> {
    let lines = find_captures(pattern, log);
    (!lines.is_empty()).then(|| {
        lines
            .iter()
            .flat_map(|c| find_captures(COUNTED.as_ref(), c.get(0).map_or("", |m| m.as_str())))
            .map(|c| parse_capture(&c, 1))
            .sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn count(command: &str, log: &str) -> Option<u64> {
        detect_runner(&argv(command), log).and_then(|runner| count_tests(runner, log))
    }

    #[test]
    fn cargo_counts_tests_that_ran_and_ignores_filtered_ones() {
        let ran = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 5 filtered out\n\ntest result: ok. 0 passed; 0 failed; 0 ignored\n";
        assert_eq!(count("cargo test", ran), Some(2));
        assert_eq!(
            count(
                "cargo +stable test nothing",
                "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out\n"
            ),
            Some(0)
        );
        assert_eq!(count("cargo test --no-run", "Finished\n"), None);
        assert_eq!(
            count("just test", "test result: \u{1b}[32mok\u{1b}[0m. 3 passed; 1 failed; 0 ignored\n"),
            Some(4)
        );
    }

    #[test]
    fn other_runners_count_their_tests() {
        assert_eq!(
            count("cargo nextest run", "     Summary [   0.012s] 3 tests run: 3 passed, 1 skipped\n"),
            Some(3)
        );
        assert_eq!(count("cargo nextest run x", "    Starting 0 tests across 1 binary\n"), Some(0));
        assert_eq!(count("python -m pytest", "===== 3 passed, 1 skipped in 0.12s =====\n"), Some(3));
        assert_eq!(count("pytest -q", "2 failed, 1 passed in 0.10s\n"), Some(3));
        assert_eq!(count("pytest", "collected 0 items\n\n==== no tests ran in 0.01s ====\n"), Some(0));
        assert_eq!(count("pytest", "==== 4 skipped in 0.01s ====\n"), None);
        assert_eq!(
            count(
                "go test ./...",
                "ok  \tx/a\t0.1s\n?   \tx/b\t[no test files]\nok  \tx/c\t0.1s [no tests to run]\n"
            ),
            Some(1)
        );
        assert_eq!(count("go test ./...", "?   \tx/b\t[no test files]\n"), Some(0));
        assert_eq!(count("npx jest", "Tests:       1 failed, 1 skipped, 2 passed, 4 total\n"), Some(3));
        assert_eq!(count("npx jest", "No tests found, exiting with code 0\n"), Some(0));
        assert_eq!(
            count("npx vitest run", " Test Files  1 passed (1)\n      Tests  2 passed | 1 skipped (3)\n"),
            Some(2)
        );
        assert_eq!(count("vitest", "No test files found, exiting with code 0\n"), Some(0));
        assert_eq!(count("make lint", "all good\n"), None);
    }
}
