//! Rust: predicates of `cfg` that are true in tests only.

use std::collections::BTreeSet;

/// Returns whether a `cfg` predicate is true in tests or for documentation only.
pub(super) fn is_test_only(predicate: &str, enabled: Option<&BTreeSet<String>>, depth: usize) -> bool {
    let list = |name: &str| {
        let inner = predicate.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
        Some(split_arguments(inner))
    };
    if depth > 20 {
        return false;
    }
    if let Some(all) = list("all") {
        return all.iter().any(|part| is_test_only(part, enabled, depth + 1));
    }
    if let Some(any) = list("any") {
        return !any.is_empty() && any.iter().all(|part| is_test_only(part, enabled, depth + 1));
    }
    let quoted =
        |rest: &'_ str| rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map(str::to_owned);
    let feature = predicate.strip_prefix("feature=").and_then(quoted);
    let is_off = |name: &String| enabled.is_some_and(|enabled| !enabled.contains(name));
    // `doc` and `docsrs` are true where only documentation is made: nothing of it runs.
    matches!(predicate, "test" | "doctest" | "doc" | "docsrs")
        || feature.is_some_and(|name| is_feature_of_tests(&name) && is_off(&name))
}

/// Returns whether a feature is named after tests, such as `test-helpers`.
pub(crate) fn is_feature_of_tests(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '.');
    // A mode for those who develop the product.
    if matches!(name, "dev_mode" | "dev-mode") {
        return true;
    }
    name.chars().all(is_plain)
        && name
            .split(['-', '_'])
            .any(|word| matches!(word, "test" | "tests" | "testing" | "mock" | "mocks" | "testutils"))
}

/// Splits a text at commas outside parentheses.
fn split_arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0_i32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(start..));
    out.retain(|part| !part.is_empty());
    out
}
