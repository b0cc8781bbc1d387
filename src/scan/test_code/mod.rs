//! Detects test code: by the path of a file, and by the content of a file.

mod python;
mod rust;
mod rust_cfg;
mod rust_modules;
mod script;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::text::RepoPath;

use super::language::Language;
use super::token_map::{TokenKind, TokenKindSet, TokenMap};

pub(crate) use rust_cfg::{is_feature_of_benchmarks, is_feature_of_tests};
pub(crate) use rust_modules::{declared_for_tests, declared_inline_for_tests};

/// What is known of a file before its text is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TestFacts<'a> {
    /// Whether the whole file is test code.
    pub is_test: bool,
    /// Features that builds of its package of Cargo switch on; `None` if they are not known.
    pub enabled_features: Option<&'a BTreeSet<String>>,
}

/// Returns the names of folders whose files are test code.
fn test_folders(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &["tests", "benches"],
        Language::Go => &["testdata"],
        language if language.is_script() => {
            &["tests", "test", "__tests__", "__mocks__", "__fixtures__", "e2e", "cypress", "spec", "fixtures"]
        }
        Language::Python => &["tests", "test", "fixtures"],
        _ => &["tests", "test", "testdata", "fixtures"],
    }
}

/// Returns whether a file is test code according to its folder or name.
#[must_use]
pub(crate) fn is_test_path(path: &RepoPath, language: Language) -> bool {
    let text = path.to_text();
    let mut names = text.split('/').rev();
    let file = names.next().unwrap_or_default();
    // Below `src/`, Rust declares test code in the source, not by folders.
    let below_src = language == Language::Rust && text.split('/').any(|name| name == "src");
    if names.any(|folder| test_folders(language).contains(&folder)) && !below_src {
        return true;
    }
    is_test_file_name(file, language)
}

/// Returns whether a file is test code according to its own name.
#[must_use]
pub(crate) fn is_test_file_name(file: &str, language: Language) -> bool {
    let stem = file.split('.').next().unwrap_or_default();
    match language {
        language if language.is_script() => {
            let parts: Vec<&str> = file.split('.').collect();
            let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
            let setup_prefixes = ["setupTests.", "jest.", "vitest.", "playwright.", "cypress."];
            let is_support = matches!(
                stem,
                "test-support"
                    | "test-utils"
                    | "test-helpers"
                    | "test-mocks"
                    | "testUtils"
                    | "testHelpers"
                    | "testMocks"
                    | "testSupport"
            );
            is_support
                || setup_prefixes.iter().any(|start| file.starts_with(start))
                || inner.iter().any(|part| {
                    matches!(*part, "test" | "spec" | "stories" | "cy" | "e2e" | "test-d" | "mock" | "mocks")
                })
        }
        Language::Python => stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest",
        Language::Go => stem.ends_with("_test"),
        Language::Shell => file.rsplit('.').next() == Some("bats"),
        _ => false,
    }
}

/// Returns the byte ranges of a file that are test code, sorted and without overlap.
#[must_use]
pub(crate) fn test_ranges(
    language: Language,
    text: &[u8],
    token_map: &TokenMap,
    enabled: Option<&BTreeSet<String>>,
) -> Vec<Range<usize>> {
    let keywords: &[&[u8]] = match language {
        Language::Rust => &[
            b"test",
            b"bench",
            b"quickcheck",
            b"mock",
            b"(doc",
            b" doc",
            b"dev_mode",
            b"dev-mode",
            b"fuzzing",
            b"kani",
            b"loom",
            b"miri",
        ],
        language if language.is_script() => &[b"describe", b"it", b"test", b"suite", b"vitest"],
        Language::Python => &[b"def test_", b"TestCase", b"class Test"],
        _ => return Vec::new(),
    };
    if !keywords.iter().any(|word| memchr::memmem::find(text, word).is_some()) {
        return Vec::new();
    }
    let code = token_map.masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    merge_ranges(match language {
        Language::Rust => {
            let facts = rust_cfg::CfgFacts { enabled, ..rust_cfg::CfgFacts::default() };
            rust::ranges(&rust::RustSource { code: &code, text, facts })
        }
        Language::Python => python::ranges(&code),
        _ => script::ranges(&code, text),
    })
}

/// Sorts ranges and merges those that overlap or touch.
fn merge_ranges(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// Returns whether one of the ranges contains an offset. The ranges must be sorted and
/// must not overlap.
#[must_use]
pub(crate) fn contains_offset(ranges: &[Range<usize>], offset: usize) -> bool {
    let next = ranges.partition_point(|range| range.start <= offset);
    next.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| offset < range.end)
}

/// The matching brackets of a text without comments and strings.
struct BracketPairs {
    /// Offset of each opening bracket, and the offset after its closing bracket.
    pairs: Vec<(usize, usize)>,
}

impl BracketPairs {
    /// Finds all brackets of the text.
    fn find(code: &[u8]) -> Self {
        let (mut pairs, mut open): (Vec<(usize, usize)>, Vec<usize>) = (Vec::new(), Vec::new());
        for (at, byte) in code.iter().enumerate() {
            match byte {
                b'(' | b'[' | b'{' => {
                    open.push(pairs.len());
                    pairs.push((at, code.len()));
                }
                b')' | b']' | b'}' => {
                    if let Some(pair) = open.pop().and_then(|index| pairs.get_mut(index)) {
                        pair.1 = at + 1;
                    }
                }
                _ => {}
            }
        }
        Self { pairs }
    }

    /// Returns the offset after the bracket that closes the one at `open`; the end of the
    /// text if it is not closed.
    fn end_of(&self, open: usize) -> usize {
        let found = self.pairs.binary_search_by_key(&open, |(at, _)| *at);
        found.ok().and_then(|index| self.pairs.get(index)).map_or(open + 1, |(_, end)| *end)
    }
}

/// Returns the offset after the bracket that closes the one at `open`, in a text without
/// comments and strings; the end of the text if it is not closed.
fn bracket_end(code: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// Returns the first offset from `at` on that is not whitespace.
fn skip_whitespace(code: &[u8], at: usize) -> usize {
    let length = code.iter().skip(at).take_while(|byte| byte.is_ascii_whitespace()).count();
    at + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_contain_test_are_not_test_code() {
        let is = |path: &str| is_test_path(&RepoPath::from(path), Language::from_path(&RepoPath::from(path)));
        for path in [
            "tests/a.rs",
            "a/benches/b.rs",
            "src/a.test.ts",
            "src/__tests__/a.tsx",
            "test_a.py",
            "a_test.go",
            "x.bats",
        ] {
            assert!(is(path), "{path}");
        }
        for path in [
            "src/latest.rs",
            "src/contests/a.rs",
            "src/test.ts",
            "src/attest.py",
            "src/tests.rs",
            "a.spec/b.ts",
            "latest_go.go",
        ] {
            assert!(!is(path), "{path}");
        }
    }
}
