//! Finds the program that a command line runs, and decides whether it runs tests.
//!
//! Only the program and its subcommand decide, never a word among the arguments:
//! `cargo clippy --features test` and `pip install pytest` run no tests. Programs
//! that start other programs (`env`, `timeout`, `npx`, `uv run`, `python -m`, a shell
//! with a script) are skipped first.

use crate::config::{options_of, skip_options};

use super::TestRunner;
use super::launchers::peel;
use super::names::{package_name, runner_by_name, script_name};

/// Maximum number of programs that start each other, such as `env timeout 60 sh x`.
const MAX_LAUNCHERS: usize = 8;

/// What a command line runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommandKind {
    /// A known test runner.
    Runner(TestRunner),
    /// A known program that runs no tests with these arguments.
    NoTests,
    /// A script, a task runner or an unknown program. `names_tests` is true if its
    /// own name or its task contains the word "test".
    Unknown { names_tests: bool },
}

use CommandKind::{NoTests, Runner, Unknown};

/// Programs that never run tests of the repository.
const OTHER_PROGRAMS: [&str; 37] = [
    "pip",
    "pip3",
    "pipx",
    "mypy",
    "pyright",
    "ruff",
    "black",
    "isort",
    "flake8",
    "pylint",
    "bandit",
    "eslint",
    "tsc",
    "prettier",
    "biome",
    "stylelint",
    "gofmt",
    "golangci-lint",
    "staticcheck",
    "govulncheck",
    "rustfmt",
    "rustc",
    "cargo-deny",
    "shellcheck",
    "shfmt",
    "hadolint",
    "yamllint",
    "actionlint",
    "markdownlint",
    "git",
    "echo",
    "cat",
    "true",
    "false",
    "ls",
    "grep",
    "rubocop",
];

/// Programs that run a named task; the task's name may say that it runs tests.
const TASK_RUNNERS: [&str; 22] = [
    "make", "gmake", "just", "task", "rake", "ninja", "invoke", "inv", "nox", "tox", "bazel", "bazelisk",
    "buck2", "mage", "earthly", "turbo", "nx", "lerna", "moon", "meson", "swift", "mix",
];

/// Returns whether a name contains the word "test" or "spec", as `unit-tests.sh` does.
pub(super) fn names_tests(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        matches!(part.to_ascii_lowercase().as_str(), "test" | "tests" | "spec" | "specs" | "unittest")
    })
}

/// Decides what a command line runs.
pub(super) fn recognize(argv: &[String]) -> CommandKind {
    let mut words: Vec<&str> = argv.iter().map(String::as_str).collect();
    for _ in 0..MAX_LAUNCHERS {
        match peel(&words) {
            Some(inner) if !inner.is_empty() => words = inner,
            _ => break,
        }
    }
    classify(&words)
}

/// Decides by the program and its subcommand.
fn classify(words: &[&str]) -> CommandKind {
    let Some((program, rest)) = words.split_first() else { return Unknown { names_tests: false } };
    let name = script_name(package_name(program));
    let subcommand = |valued: &'static str| skip_options(rest, valued);
    if let Some(runner) = runner_by_name(name) {
        let is_other =
            runner == TestRunner::Vitest && matches!(rest.first(), Some(&("bench" | "init" | "list")));
        return if is_other { NoTests } else { Runner(runner) };
    }
    let first = |valued: &'static str| subcommand(valued).first().copied().unwrap_or_default();
    match name {
        "cargo" => classify_cargo(rest),
        "go" => match first("-C") {
            "test" => Runner(TestRunner::Go),
            "run" | "tool" | "generate" => Unknown { names_tests: false },
            _ => NoTests,
        },
        "node" | "nodejs" if rest.contains(&"--test") => Runner(TestRunner::Node),
        "deno" => match first("-c --config") {
            "test" => Runner(TestRunner::Deno),
            "task" | "run" => by_task(&subcommand("-c --config")),
            _ => NoTests,
        },
        "bun" if first("--cwd") == "test" => Runner(TestRunner::Bun),
        "npm" | "pnpm" | "yarn" | "bun" | "composer" => classify_script(name, &subcommand(options_of(name))),
        "dotnet" if matches!(first(""), "test" | "vstest") => Runner(TestRunner::Dotnet),
        "dotnet" => NoTests,
        "mvn" | "mvnw" | "mvnd" => classify_maven(rest),
        "gradle" | "gradlew" => classify_gradle(rest),
        "rails" | "manage" | "artisan" | "flutter" | "sbt" | "playwright" | "cypress" | "karma" | "zig" => {
            by_task(rest)
        }
        other if OTHER_PROGRAMS.contains(&other) => NoTests,
        other if TASK_RUNNERS.contains(&other) => {
            let tests = matches!(other, "tox" | "nox") || by_task(rest) == Unknown { names_tests: true };
            Unknown { names_tests: tests }
        }
        other => Unknown { names_tests: names_tests(other) },
    }
}

/// A task runner claims tests if the name of a task says so.
fn by_task(words: &[&str]) -> CommandKind {
    let tasks = words.iter().filter(|word| !word.starts_with('-') && !word.contains(['/', '=']));
    Unknown { names_tests: tasks.take(4).any(|word| names_tests(word)) }
}

fn classify_script(manager: &str, words: &[&str]) -> CommandKind {
    let Some((subcommand, rest)) = words.split_first() else { return NoTests };
    match *subcommand {
        "test" | "t" | "tst" | "it" | "cit" | "install-test" => Unknown { names_tests: true },
        "run" | "run-script" | "rum" | "urn" => by_task(rest.get(..rest.len().min(1)).unwrap_or_default()),
        "exec" | "x" | "dlx" => Unknown { names_tests: false },
        "workspace" if manager == "yarn" => classify_script(manager, rest.get(1..).unwrap_or_default()),
        "recursive" | "multi" | "m" if manager == "pnpm" => {
            classify_script(manager, &skip_options(rest, options_of(manager)))
        }
        "workspaces" if manager == "yarn" => {
            let run = rest.iter().position(|word| *word == "run");
            run.map_or(NoTests, |at| classify_script(manager, rest.get(at..).unwrap_or_default()))
        }
        word if manager == "yarn" || manager == "pnpm" || manager == "composer" => {
            if is_package_command(word) { NoTests } else { by_task(&[word]) }
        }
        _ => NoTests,
    }
}

/// Commands of package managers that run no script of that name.
fn is_package_command(word: &str) -> bool {
    matches!(
        word,
        "install"
            | "i"
            | "add"
            | "remove"
            | "rm"
            | "up"
            | "update"
            | "upgrade"
            | "audit"
            | "outdated"
            | "list"
            | "ls"
            | "why"
            | "init"
            | "create"
            | "link"
            | "pack"
            | "publish"
            | "config"
            | "cache"
            | "info"
            | "require"
            | "dump-autoload"
            | "validate"
            | "ci"
            | "fetch"
            | "dedupe"
            | "import"
            | "store"
            | "licenses"
    )
}

fn classify_cargo(rest: &[&str]) -> CommandKind {
    let rest: Vec<&str> = rest.iter().copied().skip_while(|word| word.starts_with('+')).collect();
    let rest = skip_options(&rest, "--manifest-path --config -C -Z --color --target-dir");
    let Some((subcommand, rest)) = rest.split_first() else { return NoTests };
    match *subcommand {
        "test" | "t" | "tarpaulin" => Runner(TestRunner::Cargo),
        "nextest" => match skip_options(rest, "").first() {
            Some(&("run" | "r")) => Runner(TestRunner::Nextest),
            _ => NoTests,
        },
        // They take another subcommand of cargo.
        "hack" | "careful" | "miri" | "insta" | "minimal-versions" | "llvm-cov" | "mutants" => {
            let tests =
                rest.iter().find(|word| matches!(**word, "test" | "t" | "nextest" | "report" | "clean"));
            match (*subcommand, tests) {
                (_, Some(&"nextest")) => Runner(TestRunner::Nextest),
                (_, Some(&("test" | "t"))) | ("llvm-cov", None) => Runner(TestRunner::Cargo),
                ("mutants", None) => Unknown { names_tests: true },
                _ => NoTests,
            }
        }
        "run" | "r" | "xtask" | "make" => by_task(rest),
        _ => NoTests,
    }
}

fn classify_maven(rest: &[&str]) -> CommandKind {
    let is_skipped = rest.iter().any(|word| {
        let word = word.strip_suffix("=true").unwrap_or(word);
        matches!(word, "-DskipTests" | "-Dmaven.test.skip" | "-DskipITs")
    });
    let has = |goal: &[&str]| rest.iter().any(|word| goal.contains(word));
    if has(&["test", "surefire:test", "integration-test", "failsafe:integration-test"])
        || (has(&["verify"]) && !is_skipped)
    {
        Runner(TestRunner::Maven)
    } else if is_skipped {
        NoTests
    } else {
        Unknown { names_tests: false }
    }
}

fn classify_gradle(rest: &[&str]) -> CommandKind {
    let mut tasks: Vec<&str> = Vec::new();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        if matches!(*word, "-x" | "--exclude-task" | "-p" | "-b" | "-c" | "-I") {
            words.next();
        } else if !word.starts_with('-') {
            tasks.push(word.rsplit(':').next().unwrap_or(word));
        }
    }
    let is_test = |task: &&str| matches!(*task, "test" | "check" | "allTests") || task.ends_with("Test");
    if tasks.iter().any(is_test) { Runner(TestRunner::Gradle) } else { Unknown { names_tests: false } }
}

#[cfg(test)]
mod tests;
