//! What `evidence` may run, as meant.

use std::time::Duration;

use super::raw;
use super::step::duration;

/// Which commands of test plans are run.
#[derive(Debug, Clone)]
pub struct EvidencePolicy {
    /// How allowed commands begin, as words.
    pub allow: Vec<Vec<String>>,
    /// When to give a command up.
    pub timeout: Duration,
}

/// Test runners, linters and builders: they run what the repository holds and
/// take no other program's name as an argument.
const KNOWN: [&str; 25] = [
    "cargo test",
    "cargo nextest run",
    "cargo check",
    "cargo clippy",
    "cargo build",
    "cargo fmt --check",
    "cargo fmt -- --check",
    "cargo doc",
    "cargo bench",
    "pytest",
    "python -m pytest",
    "python3 -m pytest",
    "ruff check",
    "mypy",
    "go test",
    "go vet",
    "go build",
    "npm test",
    "npm run",
    "pnpm test",
    "pnpm run",
    "yarn test",
    "npx tsc",
    "npx vitest run",
    "npx jest",
];

impl Default for EvidencePolicy {
    fn default() -> Self {
        let words = |text: &&str| text.split_whitespace().map(str::to_owned).collect();
        Self { allow: KNOWN.iter().map(words).collect(), timeout: Duration::from_secs(30 * 60) }
    }
}

pub(super) fn evidence(raw: raw::Evidence) -> Result<EvidencePolicy, (String, String)> {
    let mut out = EvidencePolicy::default();
    if let Some(allow) = raw.allow {
        out.allow.clear();
        for text in allow {
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            if words.is_empty() {
                return Err((
                    text,
                    "an entry of `allow` is how a command begins; this one is empty".to_owned(),
                ));
            }
            out.allow.push(words);
        }
    }
    if let Some(text) = raw.timeout {
        out.timeout = duration(&text)
            .ok_or_else(|| (text.clone(), format!("`{text}` is no duration like 90s, 20m or 1h")))?;
    }
    Ok(out)
}
