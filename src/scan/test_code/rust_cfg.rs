//! Rust: predicates of `cfg` that are true in tests only.

use std::collections::BTreeSet;

/// What decides about a `cfg` predicate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CfgFacts<'a> {
    /// Features that builds of the product switch on; `None` if they are not known. Then no
    /// feature is one of tests.
    pub enabled: Option<&'a BTreeSet<String>>,
    /// Whether builds for debugging count as tests do.
    pub with_debug_builds: bool,
}

/// Returns whether a `cfg` predicate is true in tests or for documentation only.
pub(super) fn is_test_only(predicate: &str, facts: CfgFacts<'_>, depth: usize) -> bool {
    let list = |name: &str| {
        let inner = predicate.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
        Some(split_arguments(inner))
    };
    if depth > 20 {
        return false;
    }
    if let Some(all) = list("all") {
        return all.iter().any(|part| is_test_only(part, facts, depth + 1));
    }
    let is_off = |name: &String| facts.enabled.is_some_and(|enabled| !enabled.contains(name));
    if let Some(any) = list("any") {
        // `any(test, feature = "__private")`: the feature gives other packages what tests need.
        let is_beside_tests = any.contains(&"test");
        let is_hidden = |part: &str| {
            is_beside_tests && feature_of(part).is_some_and(|name| name.starts_with('_') && is_off(&name))
        };
        let is_one = |part: &&str| is_hidden(part) || is_test_only(part, facts, depth + 1);
        return !any.is_empty() && any.iter().all(is_one);
    }
    // `doc` and `docsrs` are true where only documentation is made, and the last ones where a tool
    // checks the code: nothing of it is delivered.
    // Unless the repository switches them on itself.
    let is_set = || facts.enabled.is_some_and(|enabled| has_condition(enabled, predicate));
    matches!(predicate, "test" | "doctest" | "doc" | "docsrs")
        || (matches!(predicate, "fuzzing" | "kani" | "loom" | "miri") && !is_set())
        || (facts.with_debug_builds && predicate == "debug_assertions")
        || feature_of(predicate).is_some_and(|name| is_feature_of_tests(&name) && is_off(&name))
}

/// Returns whether the repository switches on a condition itself; `cfg:*` can be any one.
fn has_condition(enabled: &BTreeSet<String>, name: &str) -> bool {
    enabled.contains("cfg:*") || enabled.contains(&format!("cfg:{name}"))
}

/// Returns the name in a predicate `feature="name"`.
fn feature_of(predicate: &str) -> Option<String> {
    let quoted = predicate.strip_prefix("feature=")?;
    quoted.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
}

/// Returns whether a feature is named after tests, such as `test-helpers`, or is one for
/// benchmarks.
pub(crate) fn is_feature_of_tests(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '.');
    // A mode for those who develop the product.
    if matches!(name, "dev_mode" | "dev-mode") || is_feature_of_benchmarks(name) {
        return true;
    }
    name.chars().all(is_plain)
        && name
            .split(['-', '_'])
            .any(|word| matches!(word, "test" | "tests" | "testing" | "mock" | "mocks" | "testutils"))
}

/// Returns whether a feature has the name of benchmarks and no other word.
pub(crate) fn is_feature_of_benchmarks(name: &str) -> bool {
    let plain = name.trim_start_matches('_');
    matches!(plain, "bench" | "benches" | "benchmark" | "benchmarks" | "benchmarking")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_the_repository_switches_on_is_of_the_product() {
        let set = |name: &str| BTreeSet::from([name.to_owned()]);
        let judge = |predicate: &str, enabled: &BTreeSet<String>| {
            is_test_only(predicate, CfgFacts { enabled: Some(enabled), with_debug_builds: false }, 0)
        };
        let is = |enabled: &BTreeSet<String>| judge("loom", enabled);
        assert!(is(&set("default")) && is(&set("cfg:miri")) && is(&set("loom")));
        assert!(!is(&set("cfg:loom")) && !is(&set("cfg:*")));
        assert!(judge("test", &set("cfg:*")));
    }
}
