//! Finds summaries of test runners that count failed tests.
//!
//! The exit code of a step can be lost: in a pipe, behind a later command, or by a setting
//! that ignores failures. The summary of the runner still says that tests failed. Only whole
//! summary lines count, never words such as `1 failed` in the output of a test. Numbers of
//! expected failures, of retries and of flaky tests are no failures.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::TestRunner;
use super::program::{CommandKind, recognize};
use super::summary::strip_colors;

/// Maximum number of characters of a line that a message shows.
const MAX_SHOWN: usize = 120;

/// A summary that counts failed tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pipeline::steps) struct FailedSummary {
    /// Name of the test runner.
    pub runner: &'static str,
    /// The line of the summary, shortened.
    pub line: String,
}

/// How a runner says that tests failed.
struct FailureForm {
    /// The runner; `None` for one whose tests are not counted.
    runner: Option<TestRunner>,
    name: &'static str,
    /// Pattern of a line that says so.
    failed: &'static str,
    /// Pattern of a line without which the other lines are no summary.
    needs: Option<&'static str>,
    /// Pattern of a line of the output that decides instead.
    unless: Option<&'static str>,
    /// Pattern of lines that match `failed` and count no failure.
    except: Option<&'static str>,
}

const fn form(runner: TestRunner, failed: &'static str) -> FailureForm {
    FailureForm {
        runner: Some(runner),
        name: runner.as_str(),
        failed,
        needs: None,
        unless: None,
        except: None,
    }
}

const fn other(name: &'static str, failed: &'static str, needs: Option<&'static str>) -> FailureForm {
    FailureForm { runner: None, name, failed, needs, unless: None, except: None }
}

const fn form_with(runner: TestRunner, failed: &'static str, needs: &'static str) -> FailureForm {
    FailureForm { needs: Some(needs), ..form(runner, failed) }
}

const FORMS: [FailureForm; 45] = [
    form(TestRunner::Cargo, r"^test result: (?:FAILED\b|\S+ \d+ passed; [1-9]\d* failed;)"),
    form(TestRunner::Cargo, r"^error: (?:test failed, to rerun pass|\d+ targets? failed:)"),
    form(TestRunner::Cargo, r"^error: could not compile `[^`]*` \((?:[^()]* )?test(?: [^()]*)?\)"),
    form(
        TestRunner::Nextest,
        r"^\s*Summary \[[^\]]*\]\s+\d+(?:/\d+)? tests? run:.*\b[1-9]\d* (?:[a-z]+ ){0,2}(?:failed|timed out|errored)\b",
    ),
    form(TestRunner::Nextest, r"^error: test run failed\s*$"),
    form(
        TestRunner::Pytest,
        r"^(?:=+ )?(?:\d+ [a-z]+(?: [a-z]+)?, )*[1-9]\d* (?:subtests? )?(?:failed|errors?)(?:, \d+ [a-z]+(?: [a-z]+)?)* in [\d.:]+s?\b",
    ),
    form(
        TestRunner::Pytest,
        r"^!+ (?:Interrupted: \d+ errors?|stopping after \d+ failures?|_pytest\.outcomes\.Exit)",
    ),
    FailureForm {
        // `-qq` leaves out the summary.
        unless: Some(PYTEST_SUMMARY),
        ..form(TestRunner::Pytest, r"^(?:FAILED|ERROR) \S+\.py(?:::.*)?$")
    },
    form(
        TestRunner::Unittest,
        r"^FAILED \((?:failures|errors|unexpected successes|expected failures|skipped)=",
    ),
    form(TestRunner::Go, r"^FAIL\s+\S+\s+(?:\(cached\)|[\d.]+s|\[(?:build|setup) failed\])"),
    form(TestRunner::Go, r"^--- FAIL: \S+ \([\d.]+s\)"),
    form(TestRunner::Go, r#"^\{(?:"Time":"[^"]*",)?"Action":"fail","Package":""#),
    form(TestRunner::Gotestsum, r"^DONE (?:\d+ runs?, )?\d+ tests?,.*\b[1-9]\d* (?:failures?|errors?)\b"),
    form(TestRunner::Jest, r"^(?:Tests|Test Suites):\s+(?:\d+ [a-z]+, )*[1-9]\d* failed\b.*\btotal"),
    form(
        TestRunner::Vitest,
        r"^\s*(?:Tests|Test Files|Type Errors)\s+(?:\d+ [a-z ]+ \| )*[1-9]\d* failed\b.*\(\d+\)\s*$",
    ),
    form_with(
        TestRunner::Vitest,
        r"^\s*(?:Errors|Type Errors)\s+[1-9]\d* errors?\s*$",
        r"^\s*(?:Tests|Test Files)\s+\d",
    ),
    form_with(TestRunner::Mocha, r"^\s+[1-9]\d* failing\b", r"^\s+\d+ passing\b"),
    form_with(
        TestRunner::Ava,
        r"^\s*[1-9]\d* (?:tests? failed|uncaught exceptions?|unhandled rejections?|tests? timed out)\s*$",
        r"^\s*\d+ (?:tests?|uncaught exceptions?) ",
    ),
    form_with(
        TestRunner::Node,
        r"^(?:#|ℹ) (?:fail|cancelled|failed) +[1-9]\d*\s*$",
        r"^(?:#|ℹ) (?:tests|pass|passed) +\d",
    ),
    form_with(TestRunner::Bun, r"^\s*[1-9]\d* (?:fail|errors?)\s*$", r"^Ran \d+ tests? across \d+ files?"),
    form(
        TestRunner::Deno,
        r"^FAILED \| \d+ passed|^\w+ \| \d+ passed(?: \(\d+ steps?\))? \| [1-9]\d* failed",
    ),
    form(TestRunner::Dotnet, r"^\s*(?:Failed!|(?:Passed|Skipped)!\s+-\s+Failed:\s+[1-9])"),
    form(
        TestRunner::Dotnet,
        r"^Test summary: total: \d+, failed: [1-9]|^Test run summary: (?:Failed|Aborted)",
    ),
    form_with(TestRunner::Dotnet, r"^\s*failed: [1-9]\d*\s*$", r"^\s*total: \d+\s*$"),
    form_with(TestRunner::Dotnet, r"^\s*Failed: [1-9]\d*\s*$", r"^\s*Total tests: "),
    form(TestRunner::Dotnet, r"^Test Run (?:Failed|Aborted)\."),
    form(
        TestRunner::Maven,
        r"^(?:\[\S+\] )?Tests run: \d+, (?:Failures: [1-9]\d*, Errors: \d+|Failures: \d+, Errors: [1-9]\d*), Skipped: \d+(?:, Flakes: \d+)?\s*$",
    ),
    form(
        TestRunner::Maven,
        r"^(?:\[\S+\] )?There (?:are test failures|was an? (?:error|timeout)[^.]* in the fork)",
    ),
    form(TestRunner::Maven, r"^\[\S+\] BUILD FAILURE\s*$"),
    form(TestRunner::Gradle, r"^(?:> )?There were failing tests\b"),
    form(TestRunner::Gradle, r"^BUILD FAILED in \d|^FAILURE: Build (?:failed|completed with \d+ failures)"),
    form(TestRunner::Gradle, r"^> Task \S*:?\w*[tT]est FAILED\s*$"),
    FailureForm {
        // A plug-in that runs failed tests again prints this line, and the build succeeds.
        unless: Some(r"^BUILD SUCCESSFUL\b"),
        ..form(TestRunner::Gradle, r"^\d+ tests? completed, [1-9]\d* failed\b")
    },
    form(
        TestRunner::Rspec,
        r"^\d+ examples?, (?:[1-9]\d* failures?|\d+ failures?.*\b[1-9]\d* errors? occurred outside)",
    ),
    form(
        TestRunner::Minitest,
        r"^\d+ (?:runs|tests), \d+ assertions, (?:[1-9]\d* failures, \d+ errors|\d+ failures, [1-9]\d* errors)",
    ),
    form(TestRunner::Phpunit, r"^Tests: \d+, Assertions: \d+,.*\b(?:Failures|Errors): [1-9]"),
    form_with(TestRunner::Phpunit, r"^(?:FAILURES|ERRORS)!\s*$", r"^Tests: \d+, Assertions: "),
    form(TestRunner::Ctest, r"^\d+% tests passed, [1-9]\d* tests? failed out of"),
    form(TestRunner::Bats, r"^\d+ tests?, [1-9]\d* failures?\b"),
    FailureForm {
        except: Some(r"(?i)#\s*(?:todo|skip)\b"),
        ..form_with(TestRunner::Bats, r"^not ok \d+\b", r"^1\.\.\d+\s*$")
    },
    other(
        "playwright",
        r"^\s+[1-9]\d* failed\s*$",
        Some(r"^\s+\d+ (?:passed|flaky|skipped|did not run)\b|^Running \d+ tests? using"),
    ),
    other("prove", r"^Result: FAIL\s*$", None),
    other("googletest", r"^\[  FAILED  \] [1-9]\d* tests?, listed below", None),
    other("XCTest", r"^\s*Executed \d+ tests?,.* with [1-9]\d* failures? \(", None),
    other("dart test", r"^\d\d:\d\d \+\d+(?: ~\d+)? -[1-9]\d*: Some tests failed", None),
];

/// The last line of pytest.
const PYTEST_SUMMARY: &str = r"^(?:=+ )?(?:\d+ [a-z]+(?: [a-z]+)?, )*\d+ [a-z]+(?: [a-z]+)?(?:, \d+ [a-z]+(?: [a-z]+)?)* in [\d.:]+s?\b";

/// Patterns of all forms, in the order of [`FORMS`].
static FAILED: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(FORMS.iter().map(|form| form.failed)).ok());

/// Patterns of lines that count no failure, in the order of [`FORMS`].
static EXCEPT: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| FORMS.iter().map(|form| form.except.and_then(|text| Regex::new(text).ok())).collect());

/// What tools put before each line of another program: `docker compose`, `turbo` and
/// workspaces of package managers print its name, others a time.
static PREFIX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r"(?-u:[\w./@-]){1,60}";
    let stamp = r"\d{2,4}[-:]\d\d[-:]\d\d(?-u:[\dTZ:.+ -]){0,30} +";
    let group = r"\[[^\]\[]{1,60}\]:? +";
    let task = r"(?-u:[\w.:-]){1,60}";
    Regex::new(&format!("^(?:{name} *\\| ?|{name}:{task}: |{group}|{stamp}|{name} test(?::{task})?[:$] )"))
        .ok()
});

/// Words of which one is in each line that says that tests failed.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)fail|error|cancelled|not ok|timed out|exceptions?|rejections?|interrupted|stopping|outcomes|timeout").ok()
});

/// Patterns of the summary of runners that print one line at the end. What the tests
/// themselves print comes before it.
fn last_line_pattern(runner: TestRunner) -> Option<&'static str> {
    Some(match runner {
        TestRunner::Pytest => PYTEST_SUMMARY,
        TestRunner::Unittest => r"^(?:OK|FAILED|NO TESTS RAN)(?: \(.*)?\s*$",
        TestRunner::Nextest => r"^\s*Summary \[[^\]]*\]\s+\d+(?:/\d+)? tests? run:",
        TestRunner::Rspec => r"^\d+ examples?, \d+ failures?",
        TestRunner::Phpunit => r"^(?:Tests: \d+, Assertions: \d+|OK \(\d+ tests?)",
        TestRunner::Ctest => r"^\d+% tests passed(?:, \d+ tests? failed)? out of",
        _ => return None,
    })
}

/// Finds a summary in the output of a step that counts failed tests. `log` is the output;
/// `declared` is the value of `tests:` in the configuration. `None` if there is none, or
/// if the step is no test run.
pub(in crate::pipeline::steps) fn find_failed_summary(
    argv: &[String],
    log: &str,
    declared: Option<bool>,
) -> Option<FailedSummary> {
    let runner = match recognize(argv) {
        _ if declared == Some(false) => return None,
        CommandKind::NoTests => return None,
        CommandKind::Runner(runner) => Some(runner),
        CommandKind::Unknown { .. } => None,
    };
    let log = strip_colors(log);
    let lines = || log.split(['\n', '\r']);
    // A runner that is the program of the step prints one summary; a script can run several.
    let last = runner.and_then(last_line_pattern).and_then(|pattern| Regex::new(pattern).ok());
    if let Some(pattern) = last
        && let Some(line) = lines().rfind(|line| pattern.is_match(line))
    {
        return failed_forms(line, runner).next().map(|form| summary_of(form, line));
    }
    let (set, hint) = (FAILED.as_ref()?, HINT.as_ref()?);
    // Each pattern is searched once, however many lines ask for it.
    let mut known: BTreeMap<&'static str, bool> = BTreeMap::new();
    let mut shows = |pattern: &'static str| {
        *known.entry(pattern).or_insert_with(|| {
            let pattern = Regex::new(pattern).ok();
            pattern
                .is_some_and(|pattern| lines().any(|line| forms_of(line).any(|line| pattern.is_match(line))))
        })
    };
    for line in lines().filter(|line| hint.is_match(line)).flat_map(forms_of) {
        if !set.is_match(line) {
            continue;
        }
        for form in failed_forms(line, runner) {
            if form.needs.is_none_or(&mut shows) && !form.unless.is_some_and(&mut shows) {
                return Some(summary_of(form, line));
            }
        }
    }
    None
}

/// Returns the forms that a line has, of one runner or of all.
fn failed_forms(line: &str, runner: Option<TestRunner>) -> impl Iterator<Item = &'static FailureForm> {
    let found = FAILED.as_ref().map(|set| set.matches(line));
    let found = found.into_iter().flatten().filter_map(|at| Some((at, FORMS.get(at)?)));
    found
        .filter(move |(_, form)| runner.is_none() || form.runner == runner)
        .filter(|(at, _)| {
            !EXCEPT.get(*at).is_some_and(|except| except.as_ref().is_some_and(|p| p.is_match(line)))
        })
        .map(|(_, form)| form)
}

/// Returns a line, and if it starts with what tools put before a line, the rest of it.
fn forms_of(line: &str) -> impl Iterator<Item = &str> {
    let prefix = PREFIX.as_ref().and_then(|pattern| pattern.find(line));
    [Some(line), prefix.and_then(|prefix| line.get(prefix.end()..))].into_iter().flatten()
}

fn summary_of(form: &FailureForm, line: &str) -> FailedSummary {
    FailedSummary { runner: form.name, line: crate::text::to_single_line(line.trim(), MAX_SHOWN) }
}
