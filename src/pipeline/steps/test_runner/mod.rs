//! Detects test runs by the program and subcommand of a step, or (for scripts and
//! task runners) by their output, and reads the number of tests that ran.

mod failure;
mod junit;
mod junit_cases;
mod launchers;
mod names;
mod no_run;
mod program;
mod summary;

use no_run::{MissingRun, find_gradle_missing_run, find_missing_run};
use program::{CommandKind, recognize};
use summary::count_tests;

pub(super) use failure::find_failed_summary;
pub(super) use junit::{JunitError, JunitTarget};
pub(crate) use summary::{find_proof_lines, strip_colors};

/// A known test runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestRunner {
    Cargo,
    Nextest,
    Pytest,
    Unittest,
    Go,
    Gotestsum,
    Jest,
    Vitest,
    Mocha,
    Ava,
    Node,
    Bun,
    Deno,
    Dotnet,
    Maven,
    Gradle,
    Rspec,
    Minitest,
    Phpunit,
    Ctest,
    Bats,
}

impl TestRunner {
    /// All runners whose summary can be recognized in the output of a script.
    const ALL: [Self; 21] = [
        Self::Cargo,
        Self::Nextest,
        Self::Pytest,
        Self::Unittest,
        Self::Go,
        Self::Gotestsum,
        Self::Jest,
        Self::Vitest,
        Self::Mocha,
        Self::Ava,
        Self::Node,
        Self::Bun,
        Self::Deno,
        Self::Dotnet,
        Self::Maven,
        Self::Gradle,
        Self::Rspec,
        Self::Minitest,
        Self::Phpunit,
        Self::Ctest,
        Self::Bats,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Cargo => "cargo test",
            Self::Nextest => "cargo nextest",
            Self::Pytest => "pytest",
            Self::Unittest => "unittest",
            Self::Go => "go test",
            Self::Gotestsum => "gotestsum",
            Self::Jest => "jest",
            Self::Vitest => "vitest",
            Self::Mocha => "mocha",
            Self::Ava => "ava",
            Self::Node => "node --test",
            Self::Bun => "bun test",
            Self::Deno => "deno test",
            Self::Dotnet => "dotnet test",
            Self::Maven => "maven",
            Self::Gradle => "gradle",
            Self::Rspec => "rspec",
            Self::Minitest => "minitest",
            Self::Phpunit => "phpunit",
            Self::Ctest => "ctest",
            Self::Bats => "bats",
        }
    }

    /// Returns whether a successful run may end without a number of tests.
    fn may_be_silent(self) -> bool {
        matches!(self, Self::Gradle)
    }
}

/// The tests of a step, as its command and its output show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestCount {
    /// The step is not a test run.
    NotATestRun,
    /// This number of tests ran. `runner` is the name of the runner.
    Ran { tests: u64, runner: &'static str },
    /// A known runner does not show how many tests ran.
    NotShown { runner: &'static str },
    /// The runner took the results of an earlier run, and ran no test.
    EarlierResults { runner: &'static str },
    /// The step is a test run, but its number of tests cannot be known.
    Unknown,
}

impl From<MissingRun> for TestCount {
    fn from(missing: MissingRun) -> Self {
        match missing {
            MissingRun::NoTests { runner } => Self::Ran { tests: 0, runner },
            MissingRun::EarlierResults { runner } => Self::EarlierResults { runner },
        }
    }
}

/// Determines how many tests a step ran. `log` is its output; `declared` is the value
/// of `tests:` in the configuration; `step` is its name.
pub(super) fn count_step_tests(argv: &[String], log: &str, declared: Option<bool>, step: &str) -> TestCount {
    if declared == Some(false) {
        return TestCount::NotATestRun;
    }
    let kind = recognize(argv);
    if let CommandKind::Runner(runner) = kind {
        // The runner lists the tests, and says `ok` as if they had run.
        let lists = runner == TestRunner::Go
            && argv
                .iter()
                .any(|word| matches!(word.split('=').next(), Some("-list" | "--list" | "-test.list")));
        return match count_tests(runner, log) {
            _ if lists => TestCount::Ran { tests: 0, runner: runner.as_str() },
            Some(tests) => TestCount::Ran { tests, runner: runner.as_str() },
            None if runner.may_be_silent() => {
                find_gradle_missing_run(&strip_colors(log)).map_or(TestCount::Unknown, TestCount::from)
            }
            None => TestCount::NotShown { runner: runner.as_str() },
        };
    }
    if let CommandKind::Unknown { .. } = kind {
        if let Some((tests, runner)) = count_in_output(log) {
            return TestCount::Ran { tests, runner };
        }
        if let Some(missing) = find_missing_run(&strip_colors(log)) {
            return TestCount::from(missing);
        }
    }
    let claims_tests = match kind {
        CommandKind::Unknown { names_tests } => names_tests || program::names_tests(step),
        CommandKind::Runner(_) | CommandKind::NoTests => false,
    };
    if claims_tests || declared == Some(true) { TestCount::Unknown } else { TestCount::NotATestRun }
}

/// Adds up the summaries of all known runners in an output. A script may start several
/// runners. `None` if there is no summary.
fn count_in_output(log: &str) -> Option<(u64, &'static str)> {
    let found = TestRunner::ALL.into_iter().filter(|runner| *runner != TestRunner::Gradle);
    let counts: Vec<(u64, &'static str)> =
        found.filter_map(|runner| Some((count_tests(runner, log)?, runner.as_str()))).collect();
    let (_, first) = counts.first()?;
    Some((counts.iter().map(|(tests, _)| tests).sum(), first))
}

/// Returns the runner of a command, by the command or by its output.
fn detect_runner(argv: &[String], log: &str) -> Option<TestRunner> {
    match recognize(argv) {
        CommandKind::Runner(runner) => Some(runner),
        CommandKind::NoTests => None,
        CommandKind::Unknown { .. } => {
            TestRunner::ALL.into_iter().find(|runner| count_tests(*runner, log).is_some())
        }
    }
}

#[cfg(test)]
mod tests;
