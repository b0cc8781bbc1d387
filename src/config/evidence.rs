//! What `evidence` may run, as meant.

use std::time::Duration;

use super::raw;
use super::step::duration;

/// Which commands of test plans are run.
#[derive(Debug, Clone)]
pub struct EvidencePolicy {
    /// Commands that are allowed.
    pub allow: Vec<Allowed>,
    /// When to give a command up.
    pub timeout: Duration,
}

/// A command that is allowed, as words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// How it is written.
    pub words: Vec<String>,
    /// Whether anything may follow: an entry that ends with ` *`. Options of
    /// test runners can start any program, so this is said on purpose.
    pub and_more: bool,
}

impl Allowed {
    fn read(text: &str) -> Option<Self> {
        let (text, and_more) = text.trim_end().strip_suffix(" *").map_or((text, false), |text| (text, true));
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self { words, and_more })
    }

    /// Whether it allows a program with these arguments.
    #[must_use]
    pub fn covers(&self, argv: &[String]) -> bool {
        argv.get(..self.words.len()) == Some(&self.words) && (self.and_more || argv.len() == self.words.len())
    }
}

/// Test runners, linters and builders as they are called without arguments
/// that could name another program.
const KNOWN: [&str; 29] = [
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
        let allow = KNOWN.iter().filter_map(|text| Allowed::read(text)).collect();
        Self { allow, timeout: Duration::from_secs(30 * 60) }
    }
}

pub(super) fn evidence(raw: raw::Evidence) -> Result<EvidencePolicy, (String, String)> {
    let mut out = EvidencePolicy::default();
    if let Some(allow) = raw.allow {
        out.allow.clear();
        for text in allow {
            let Some(allowed) = Allowed::read(&text) else {
                return Err((text, "an entry of `allow` is a command; this one is empty".to_owned()));
            };
            out.allow.push(allowed);
        }
    }
    if let Some(text) = raw.timeout {
        out.timeout = duration(&text)
            .ok_or_else(|| (text.clone(), format!("`{text}` is no duration like 90s, 20m or 1h")))?;
    }
    Ok(out)
}
