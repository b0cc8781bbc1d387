//! Commands that `evidence` may run, validated.

use std::time::Duration;

use crate::rule::ValueError;

use super::raw;
use super::step::validate_duration;

/// Commands of test plans that `evidence` runs.
#[derive(Debug, Clone)]
pub(crate) struct EvidencePolicy {
    /// Allowed commands.
    pub allow: Vec<AllowedCommand>,
    /// Maximum run time of one command.
    pub timeout: Duration,
    /// Whether the list is that of the program.
    pub is_default: bool,
}

/// An allowed command, split at whitespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowedCommand {
    /// Program and arguments.
    pub words: Vec<String>,
    /// Whether further arguments may follow: the entry ends with ` *`. Options
    /// of test runners can start any program, so an entry must allow them explicitly.
    pub allows_arguments: bool,
}

impl AllowedCommand {
    fn parse(text: &str) -> Option<Self> {
        let (text, allows_arguments) =
            text.trim_end().strip_suffix(" *").map_or((text, false), |text| (text, true));
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self { words, allows_arguments })
    }

    /// Whether the entry allows a program with these arguments.
    #[must_use]
    pub(crate) fn matches(&self, argv: &[String]) -> bool {
        argv.get(..self.words.len()) == Some(&self.words)
            && (self.allows_arguments || argv.len() == self.words.len())
    }
}

/// Calls of test runners, linters and build tools without arguments that could
/// name another program.
pub(crate) const DEFAULT_COMMANDS: [&str; 42] = [
    "cargo test",
    "cargo test --workspace",
    "cargo test --all",
    "cargo test --all-features",
    "cargo nextest run",
    "cargo check",
    "cargo check --workspace",
    "cargo clippy",
    "cargo clippy --all-targets",
    "cargo clippy -- -D warnings",
    "cargo clippy --all-targets -- -D warnings",
    "cargo build",
    "cargo fmt --check",
    "cargo fmt -- --check",
    "cargo doc",
    "pytest",
    "pytest -q",
    "python -m pytest",
    "python3 -m pytest",
    "python3 -m unittest",
    "ruff check",
    "mypy",
    "mypy .",
    "mypy src",
    "go test",
    "go test ./...",
    "go vet ./...",
    "go build ./...",
    "npm test",
    "npm run lint",
    "pnpm test",
    "yarn test",
    "node --test",
    "npx vitest run",
    "npx --no-install vitest run",
    "npx jest",
    "npx --no-install jest",
    "mvn test",
    "mvn verify",
    "dotnet test",
    "ctest",
    "make test",
];

impl Default for EvidencePolicy {
    fn default() -> Self {
        let allow = DEFAULT_COMMANDS.iter().filter_map(|text| AllowedCommand::parse(text)).collect();
        Self { allow, timeout: Duration::from_secs(30 * 60), is_default: true }
    }
}

pub(super) fn validate_evidence(raw: raw::RawEvidence) -> Result<EvidencePolicy, ValueError> {
    let mut out = EvidencePolicy::default();
    if let Some(allow) = raw.allow {
        out.allow.clear();
        out.is_default = false;
        for text in allow {
            let command = AllowedCommand::parse(&text.value)
                .ok_or_else(|| ValueError::form("entry of `allow`", &text, "a command"))?;
            out.allow.push(command);
        }
    }
    if let Some(text) = raw.timeout {
        out.timeout = validate_duration(&text)?;
    }
    Ok(out)
}
