//! Reads the number of tests from the output of known test runners. Skipped tests did
//! not run and do not count.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::is_hidden;

use super::no_run::{MissingRun, find_gradle_missing_run};
use super::{TestRunner, detect_runner};

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(ESCAPES, r"\x1b\[[0-9;?]*[A-Za-z]");
pattern!(CARGO, r"(?m)^test result: \S+ (\d+) passed; (\d+) failed;");
pattern!(NEXTEST, r"(?m)^\s*Summary \[[^\]]*\]\s+(\d+)(?:/\d+)? tests? run:");
pattern!(NEXTEST_NONE, r"(?m)^(?:\s*Starting 0 tests|error: no tests to run)");
pattern!(
    PYTEST,
    r"(?m)^(?:=+ )?(?:\d+ [a-z]+(?: [a-z]+)?, )*\d+ [a-z]+(?: [a-z]+)?(?:, \d+ [a-z]+(?: [a-z]+)?)* in [\d.:]+s?\b.*$"
);
pattern!(PYTEST_COUNT, r"(\d+) (?:passed|failed|error|errors|xfailed|xpassed)\b");
pattern!(PYTEST_PROGRESS, r"(?m)^([.FEsxXR]+) +\[ *\d+%\]\s*$");
pattern!(PYTEST_NONE, r"(?m)^(?:=+ )?no tests ran|^collected 0 items");
pattern!(UNITTEST, r"(?m)^Ran (\d+) tests? in [\d.]+s\s*$");
pattern!(UNITTEST_SKIPPED, r"(?m)^(?:OK|FAILED|NO TESTS RAN) \(.*\bskipped=(\d+)");
pattern!(GO_PACKAGE, r"(?m)^(?:ok|FAIL)\s+\S+\s+(?:\(cached\)|[\d.]+s)(?:\s.*)?$");
pattern!(GO_TEST, r"(?m)^--- (PASS|FAIL|SKIP): \S+");
pattern!(
    GO_JSON,
    r#"(?m)^\{(?:"Time":"[^"\n]*",)?"Action":"(pass|fail|skip)","Package":"[^"\n]*","Test":"[^"/\n]*""#
);
pattern!(GO_NONE, r"(?m)^\?\s+\S+\s+\[no test files\]|^testing: warning: no tests to run");
pattern!(GOTESTSUM, r"(?m)^DONE (?:\d+ runs?, )?(\d+) tests?(?:, (\d+) skipped)?");
pattern!(JEST, r"(?m)^Tests:\s+(?:\d+ [a-z]+, )*\d+ total");
pattern!(JEST_NONE, r"(?m)^No tests found");
pattern!(VITEST, r"(?m)^\s*Tests\s+\d.*\(\d+\)\s*$");
pattern!(VITEST_NONE, r"(?m)^\s*No test files found");
pattern!(PASSED_OR_FAILED, r"(\d+) (?:passed|failed)");
pattern!(MOCHA, r"(?m)^\s+(\d+) passing\b");
pattern!(MOCHA_FAILING, r"(?m)^\s+(\d+) failing\b");
pattern!(AVA, r"(?m)^\s*(\d+) (?:tests?|uncaught exceptions?) (passed|failed)\b");
pattern!(AVA_NONE, r"(?m)Couldn’t find any files to test|^\s*No tests found in");
pattern!(NODE, r"(?m)^(?:#|ℹ) (?:pass|fail) (\d+)\s*$");
pattern!(NODE_ALL, r"(?m)^(?:#|ℹ) tests \d+\s*$");
pattern!(BUN, r"(?m)^\s*(\d+) (?:pass|fail)\s*$");
pattern!(BUN_RAN, r"(?m)^Ran \d+ tests? across \d+ files?");
pattern!(BUN_NONE, r"(?m)^(?:error: )?No tests found!|did not match any test files|^0 test files matching");
pattern!(DENO, r"(?m)^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed");
pattern!(DENO_NONE, r"(?m)^error: No test modules found");
pattern!(DOTNET, r"(?m)^\s*(?:Passed|Failed|Skipped)!\s+-\s+Failed:\s+(\d+), Passed:\s+(\d+), Skipped:");
pattern!(DOTNET_LINES, r"(?m)^\s*(?:Passed|Failed): (\d+)\s*$");
pattern!(DOTNET_NEW, r"(?m)^Test summary: total: \d+, failed: (\d+), succeeded: (\d+), skipped: \d+");
pattern!(DOTNET_RUN, r"(?m)^Test run summary: ");
pattern!(DOTNET_RUN_LINES, r"(?m)^\s*(?:failed|succeeded): (\d+)\s*$");
pattern!(DOTNET_NONE, r"(?m)No test is available in|^\s*total: 0\s*$");
pattern!(
    MAVEN,
    r"(?m)^(?:\[\S+\] )?Tests run: (\d+), Failures: \d+, Errors: \d+, Skipped: (\d+)(?:, Flakes: \d+)?\s*$"
);
pattern!(MAVEN_NONE, r"(?m)^(?:\[[A-Z]+\] )?(?:No tests (?:to run|were executed)|Tests are skipped\.)");
pattern!(GRADLE, r"(?m)^(\d+) tests? completed(?:, (?:\d+ failed))?(?:, (\d+) skipped)?");
pattern!(RSPEC, r"(?m)^(\d+) examples?, \d+ failures?(?:, (\d+) pending)?");
pattern!(
    MINITEST,
    r"(?m)^(\d+) (?:runs|tests), \d+ assertions, \d+ failures, \d+ errors(?:, (\d+) (?:skips|pendings))?"
);
pattern!(PHPUNIT, r"(?m)^OK \((\d+) tests?, \d+ assertions?\)");
pattern!(PHPUNIT_MORE, r"(?m)^Tests: (\d+), Assertions: \d+(.*)$");
pattern!(PHPUNIT_SKIPPED, r"(?:Skipped|Incomplete): (\d+)");
pattern!(PHPUNIT_NONE, r"(?m)^No tests (?:executed|found)");
pattern!(CTEST, r"(?m)^\d+% tests passed(?:, \d+ tests? failed)? out of (\d+)");
// Disabled tests are no part of the total.
pattern!(CTEST_SKIPPED, r"(?m)\*\*\*(?:Skipped|Not Run(?: +\d|\s*$))");
pattern!(CTEST_SKIPPED_LIST, r"(?m)^\s+\d+ - \S.* \((?:Skipped|Not Run)\)(?:\s|$)");
pattern!(CTEST_ABSENT, r"(?m)^\s+\d+ - \S.* \((?:Skipped|Not Run|Disabled)\)(?:\s|$)");
pattern!(CTEST_RAN, r"(?m)^ *\d+/\d+ .*(?:Passed|\*\*\*(?:Failed|Timeout|Exception))");
pattern!(CTEST_NONE, r"(?m)^No tests were found");
pattern!(TAP_PLAN, r"(?m)^1\.\.\d+(?:\s.*)?$");
pattern!(TAP, r"(?m)^(?:not )?ok \d+\b(.*)$");
pattern!(TAP_NOT_RUN, r"(?i)#\s*(?:skip|todo)");
pattern!(BATS, r"(?m)^(\d+) tests?, \d+ failures?(?:, (\d+) skipped)?");

/// Returns all matches; each is the list of its groups, group 0 first.
fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> Vec<Vec<String>> {
    let Some(pattern) = pattern.as_ref() else { return Vec::new() };
    let groups = |captures: regex::Captures<'_>| {
        captures.iter().map(|m| m.map_or(String::new(), |m| m.as_str().to_owned())).collect()
    };
    pattern.captures_iter(text).map(groups).collect()
}

fn number(groups: &[String], group: usize) -> u64 {
    groups.get(group).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn shows(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// Adds group 1 of all matches; `None` if there is no match.
fn sum(pattern: &LazyLock<Option<Regex>>, text: &str) -> Option<u64> {
    sum_of(&matches(pattern, text), |groups| number(groups, 1))
}

/// Adds group 1 minus group 2 of all matches; `None` if there is no match.
fn sum_without(pattern: &LazyLock<Option<Regex>>, text: &str) -> Option<u64> {
    sum_of(&matches(pattern, text), |groups| number(groups, 1).saturating_sub(number(groups, 2)))
}

fn sum_of(found: &[Vec<String>], count: impl Fn(&[String]) -> u64) -> Option<u64> {
    let total = found.iter().fold(0_u64, |total, groups| total.saturating_add(count(groups)));
    (!found.is_empty()).then_some(total)
}

/// Removes escape sequences for colors and cursor control.
pub(crate) fn strip_colors(text: &str) -> String {
    ESCAPES.as_ref().map_or_else(|| text.to_owned(), |pattern| pattern.replace_all(text, "").into_owned())
}

/// Returns the number of tests that ran, for Go without `-v` the number of packages
/// with tests; `None` if the log does not show it.
pub(super) fn count_tests(runner: TestRunner, log: &str) -> Option<u64> {
    let log = strip_colors(log).replace('\r', "");
    let log = log.as_str();
    let none = |pattern| shows(pattern, log).then_some(0);
    match runner {
        TestRunner::Cargo => sum_of(&matches(&CARGO, log), |g| number(g, 1) + number(g, 2)),
        TestRunner::Nextest => sum(&NEXTEST, log).or_else(|| none(&NEXTEST_NONE)),
        TestRunner::Pytest => {
            count_pytest(log).or_else(|| none(&PYTEST_NONE)).or_else(|| count_pytest_progress(log))
        }
        TestRunner::Unittest => {
            sum(&UNITTEST, log).map(|ran| ran.saturating_sub(sum(&UNITTEST_SKIPPED, log).unwrap_or(0)))
        }
        TestRunner::Go => count_go(log),
        TestRunner::Gotestsum => sum_without(&GOTESTSUM, log),
        TestRunner::Jest => sum_passed_and_failed(&JEST, log).or_else(|| none(&JEST_NONE)),
        TestRunner::Vitest => sum_passed_and_failed(&VITEST, log).or_else(|| none(&VITEST_NONE)),
        TestRunner::Mocha => sum(&MOCHA, log).map(|passing| passing + sum(&MOCHA_FAILING, log).unwrap_or(0)),
        TestRunner::Ava => sum(&AVA, log).or_else(|| none(&AVA_NONE)),
        TestRunner::Node => shows(&NODE_ALL, log).then(|| sum(&NODE, log)).flatten(),
        TestRunner::Bun => shows(&BUN_RAN, log).then(|| sum(&BUN, log)).flatten().or_else(|| none(&BUN_NONE)),
        TestRunner::Deno => {
            sum_of(&matches(&DENO, log), |g| number(g, 1) + number(g, 2)).or_else(|| none(&DENO_NONE))
        }
        TestRunner::Dotnet => count_dotnet(log),
        TestRunner::Maven => sum_without(&MAVEN, log).or_else(|| none(&MAVEN_NONE)),
        TestRunner::Gradle => sum_without(&GRADLE, log).or_else(|| {
            let missing = find_gradle_missing_run(log);
            matches!(missing, Some(MissingRun::NoTests { .. })).then_some(0)
        }),
        TestRunner::Rspec => sum_without(&RSPEC, log),
        TestRunner::Minitest => sum_without(&MINITEST, log),
        TestRunner::Phpunit => count_phpunit(log),
        TestRunner::Ctest => {
            let count = |pattern| u64::try_from(matches(pattern, log).len()).unwrap_or(u64::MAX);
            let skipped = count(&CTEST_SKIPPED).max(count(&CTEST_SKIPPED_LIST));
            let ran = |all: u64| {
                let is_absent = count(&CTEST_ABSENT) >= all && count(&CTEST_RAN) == 0;
                if is_absent { 0 } else { all.saturating_sub(skipped) }
            };
            sum(&CTEST, log).map(ran).or_else(|| none(&CTEST_NONE))
        }
        TestRunner::Bats => sum_without(&BATS, log).or_else(|| count_tap(log)),
    }
}

/// Counts the last summary line: a test may print the output of another pytest.
fn count_pytest(log: &str) -> Option<u64> {
    let lines = matches(&PYTEST, log);
    let line = lines.last()?.first()?;
    Some(sum(&PYTEST_COUNT, line).unwrap_or(0))
}

/// Counts the lines of the Test Anything Protocol, which bats prints without a terminal.
fn count_tap(log: &str) -> Option<u64> {
    let ran = |groups: &[String]| {
        let rest = groups.get(1).map_or("", String::as_str);
        u64::from(TAP_NOT_RUN.as_ref().is_none_or(|pattern| !pattern.is_match(rest)))
    };
    let lines = matches(&TAP, log);
    shows(&TAP_PLAN, log).then(|| sum_of(&lines, ran).unwrap_or(0))
}

/// Counts the letters of passed and failed tests in the lines of progress of `pytest -qq`,
/// which prints no summary.
fn count_pytest_progress(log: &str) -> Option<u64> {
    let is_ran = |letter: &char| matches!(letter, '.' | 'F' | 'E' | 'x' | 'X');
    sum_of(&matches(&PYTEST_PROGRESS, log), |groups| {
        let letters = groups.get(1).map_or("", String::as_str).chars().filter(is_ran).count();
        u64::try_from(letters).unwrap_or(u64::MAX)
    })
}

fn count_go(log: &str) -> Option<u64> {
    for pattern in [&GO_JSON, &GO_TEST] {
        let tests = matches(pattern, log);
        let ran = |groups: &[String]| {
            u64::from(groups.get(1).is_some_and(|action| !action.eq_ignore_ascii_case("skip")))
        };
        if !tests.is_empty() {
            return sum_of(&tests, ran);
        }
    }
    let packages = matches(&GO_PACKAGE, log);
    let has_tests =
        |groups: &[String]| u64::from(groups.first().is_some_and(|line| !line.contains("[no tests to run]")));
    sum_of(&packages, has_tests).or_else(|| shows(&GO_NONE, log).then_some(0))
}

fn count_dotnet(log: &str) -> Option<u64> {
    let both = |groups: &[String]| number(groups, 1) + number(groups, 2);
    sum_of(&matches(&DOTNET, log), both)
        .or_else(|| sum_of(&matches(&DOTNET_NEW, log), both))
        .or_else(|| sum(&DOTNET_LINES, log))
        .or_else(|| shows(&DOTNET_RUN, log).then(|| sum(&DOTNET_RUN_LINES, log)).flatten())
        .or_else(|| shows(&DOTNET_NONE, log).then_some(0))
}

fn count_phpunit(log: &str) -> Option<u64> {
    let more = sum_of(&matches(&PHPUNIT_MORE, log), |groups| {
        let rest = groups.get(2).map_or("", String::as_str);
        number(groups, 1).saturating_sub(sum(&PHPUNIT_SKIPPED, rest).unwrap_or(0))
    });
    more.or_else(|| sum(&PHPUNIT, log)).or_else(|| shows(&PHPUNIT_NONE, log).then_some(0))
}

/// Returns the sum of passed and failed tests of summary lines.
fn sum_passed_and_failed(pattern: &LazyLock<Option<Regex>>, log: &str) -> Option<u64> {
    sum_of(&matches(pattern, log), |groups| {
        groups.first().and_then(|line| sum(&PASSED_OR_FAILED, line)).unwrap_or(0)
    })
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
    let found: Vec<String> = match detect_runner(argv, log) {
        Some(runner) => {
            let summary = lines.iter().filter(|line| count_tests(runner, line).is_some());
            summary.take(MAX_PROOF_LINES).map(|line| (*line).to_owned()).collect()
        }
        None => Vec::new(),
    };
    if found.is_empty() { lines.last().map(|line| (*line).to_owned()).into_iter().collect() } else { found }
}
