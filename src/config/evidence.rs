//! What `evidence` may run, as meant.

use std::time::Duration;

use super::raw;
use super::step::parse_duration;

/// Which commands of test plans are run.
#[derive(Debug, Clone)]
pub struct EvidencePolicy {
    /// Commands that are allowed.
    pub allow: Vec<AllowedCommand>,
    /// When to give a command up.
    pub timeout: Duration,
}

/// A command that is allowed, as words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedCommand {
    /// How it is written.
    pub words: Vec<String>,
    /// Whether anything may follow: an entry that ends with ` *`. Options of
    /// test runners can start any program, so this is said on purpose.
    pub allows_arguments: bool,
}

impl AllowedCommand {
    fn parse(text: &str) -> Option<Self> {
        let (text, and_more) = text.trim_end().strip_suffix(" *").map_or((text, false), |text| (text, true));
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self { words, allows_arguments: and_more })
    }

    /// Whether it allows a program with these arguments.
    #[must_use]
    pub fn matches(&self, argv: &[String]) -> bool {
        argv.get(..self.words.len()) == Some(&self.words)
            && (self.allows_arguments || argv.len() == self.words.len())
    }
}

/// Test runners, linters and builders as they are called without arguments
/// that could name another program.
const DEFAULT_COMMANDS: [&str; 29] = [
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
    "go test ./...",
    "go vet ./...",
    "go build ./...",
    "npm test",
    "npm run lint",
    "pnpm test",
    "yarn test",
    "make test",
];

impl Default for EvidencePolicy {
    fn default() -> Self {
        let allow = DEFAULT_COMMANDS.iter().filter_map(|text| AllowedCommand::parse(text)).collect();
        Self { allow, timeout: Duration::from_secs(30 * 60) }
    }
}

pub(super) fn validate_evidence(raw: raw::RawEvidence) -> Result<EvidencePolicy, (String, String)> {
    let mut out = EvidencePolicy::default();
    if let Some(allow) = raw.allow {
        out.allow.clear();
        for text in allow {
            let Some(allowed) = AllowedCommand::parse(&text) else {
                return Err((text, "an entry of `allow` is a command; this one is empty".to_owned()));
            };
            out.allow.push(allowed);
        }
    }
    if let Some(text) = raw.timeout {
        out.timeout = parse_duration(&text)
            .ok_or_else(|| (text.clone(), format!("`{text}` is no duration like 90s, 20m or 1h")))?;
    }
    Ok(out)
}
