//! Names of programs, and the test runners that need no subcommand.

use super::TestRunner;

/// Returns the last part of a program's path, without `.exe`, `.cmd` and `.bat`.
pub(super) fn program_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    [".exe", ".cmd", ".bat"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// Returns the name of a script without the extensions of shells and languages.
pub(super) fn script_name(word: &str) -> &str {
    let name = program_name(word);
    [".sh", ".bash", ".js", ".mjs", ".cjs", ".py"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name)
}

/// Removes the version of `jest@29`.
pub(super) fn package_name(word: &str) -> &str {
    word.split_once('@').map_or(word, |(name, _)| if name.is_empty() { word } else { name })
}

/// Runners whose program needs no subcommand.
pub(super) fn runner_by_name(name: &str) -> Option<TestRunner> {
    Some(match name {
        "pytest" | "py.test" => TestRunner::Pytest,
        "unittest" | "nose2" | "xmlrunner" => TestRunner::Unittest,
        "jest" => TestRunner::Jest,
        "vitest" => TestRunner::Vitest,
        "mocha" | "_mocha" => TestRunner::Mocha,
        "ava" => TestRunner::Ava,
        "rspec" => TestRunner::Rspec,
        "phpunit" => TestRunner::Phpunit,
        "ctest" => TestRunner::Ctest,
        "gotestsum" => TestRunner::Gotestsum,
        "bats" => TestRunner::Bats,
        _ => return None,
    })
}
