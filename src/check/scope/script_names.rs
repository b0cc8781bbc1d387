//! The scripts of a manifest that words of commands name.

use std::collections::BTreeSet;

use serde_json::Value;

/// Maximum number of patterns that are compared; of more, each script is named.
const MAX_PATTERNS: usize = 64;

/// The scripts of a manifest by their names.
pub(super) struct ScriptNames<'a>(pub BTreeSet<&'a str>);

impl<'a> ScriptNames<'a> {
    /// Returns the scripts that words name: alone, with a manager (`npm:go`), as the value of an
    /// option (`--run=go`), or by a pattern (`test:*`).
    pub(super) fn named_by<'w>(&self, words: impl Iterator<Item = &'w str>) -> BTreeSet<&'a str> {
        let mut out = BTreeSet::new();
        let mut patterns: BTreeSet<&str> = BTreeSet::new();
        for word in words {
            for part in parts_of(word) {
                out.extend(self.0.get(part).copied());
                if part.contains('*') {
                    patterns.insert(part);
                }
            }
        }
        if patterns.len() > MAX_PATTERNS {
            return self.0.clone();
        }
        for pattern in patterns {
            out.extend(self.0.iter().copied().filter(|name| matches(pattern, name)));
        }
        out
    }
}

/// Returns the parts of a word that can be the name of a script.
fn parts_of(word: &str) -> [&str; 4] {
    let is_around = |c: char| "\"'`\\;&|(){},@".contains(c);
    let word = word.trim_matches(is_around);
    let value = word.split_once('=').map_or(word, |(_, value)| value.trim_matches(is_around));
    // `npm:go` of one manager, `web:go` of a package, and `web#go` of a package.
    let split = value.split_once(':').filter(|(start, name)| is_manager(start) || !name.contains('*'));
    let behind = split.map_or(value, |(_, name)| name);
    let task = value.rsplit_once('#').map_or(value, |(_, name)| name);
    [word, value, behind.trim_matches(is_around), task]
}

fn is_manager(name: &str) -> bool {
    matches!(name, "npm" | "pnpm" | "yarn" | "bun" | "node" | "deno")
}

/// Returns whether a name is the text of a pattern with `*` for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*').filter(|part| !part.is_empty());
    let mut rest = name;
    if !pattern.starts_with('*') {
        let Some(behind) = parts.next().and_then(|start| rest.strip_prefix(start)) else { return false };
        rest = behind;
    }
    let mut last_end = rest;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        last_end = rest.get(at..).unwrap_or_default();
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    let end = pattern.rsplit('*').next().unwrap_or_default();
    pattern.ends_with('*') || last_end.ends_with(end)
}

/// Returns the texts of a script: one, or the parts of a list.
pub(super) fn texts_of(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts_of).collect(),
        Value::Object(values) => values.values().flat_map(texts_of).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> String {
        let names = ScriptNames(["go", "stop", "test:a", "test:b"].into());
        names.named_by(text.split_whitespace()).into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_name_scripts_in_all_forms() {
        for (text, expected) in [
            ("npm run go", "go"),
            ("concurrently \"npm:go\" 'npm run stop'", "go stop"),
            ("concurrently \\\"npm:go\\\"", "go"),
            ("run-p go stop", "go stop"),
            ("node --run=go", "go"),
            ("npm-run-all test:*", "test:a test:b"),
            ("concurrently npm:test:*", "test:a test:b"),
            ("concurrently npm:*:b", "test:b"),
            ("concurrently npm:*", "go stop test:a test:b"),
            ("turbo run web#go", "go"),
            ("nx run web:go", "go"),
            ("@go", "go"),
            ("(npm run go)", "go"),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
        for text in ["gone ago", "npm run tests", "a/go", "go.js", "npm:test", "npm:a*"] {
            assert_eq!(named(text), "", "{text}");
        }
    }

    #[test]
    fn patterns_of_any_number_are_compared_in_bounded_time() {
        let start = std::time::Instant::now();
        let names: Vec<String> = (0..5_000).map(|at| format!("a{at}")).collect();
        let names = ScriptNames(names.iter().map(String::as_str).collect());
        let words: Vec<String> = (0..5_000).map(|at| format!("*{at}*a")).collect();
        assert_eq!(names.named_by(words.iter().map(String::as_str)).len(), 5_000);
        names.named_by(std::iter::once("a*".repeat(20_000).as_str()));
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
