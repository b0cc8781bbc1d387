//! Finds test functions of Rust, Python, JavaScript, TypeScript and Go in a text.
//!
//! Comments and strings are masked first, so a test that is commented out does not count.

use std::cell::Cell;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::scan::Language;
use crate::scan::lexer::tokenize;
use crate::scan::{TokenKind, TokenKindSet};
use crate::text::RepoPath;

use super::tautologies::find_tautology;
use super::words::{hash_text, hash_words};

/// Maximum number of tests of one file that are compared.
const MAX_TESTS: usize = 20_000;
/// Maximum number of bytes of one test's body.
const MAX_BODY_BYTES: usize = 256 * 1024;
/// Maximum number of bytes of all bodies of a file, in relation to its size; tests beyond
/// have an empty body.
const MAX_BODIES_PER_FILE: usize = 4;

/// A test function.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a test")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestFunction {
    /// Its name; for JavaScript the text that describes it.
    pub name: String,
    /// Line of its start, from 1.
    pub line: usize,
    /// Whether a mark skips it or ignores its result.
    pub is_skipped: bool,
    /// Whether a mark says that it must fail.
    pub must_fail: bool,
    /// Whether a mark makes all other tests of the file not run.
    pub is_exclusive: bool,
    /// Whether its body calls anything.
    pub has_calls: bool,
    /// Number of assertions in its body that can fail.
    pub assertions: usize,
    /// Number of assertions in its body that are always true.
    pub tautologies: usize,
    /// Whether it has a loop or a table of cases.
    pub has_cases: bool,
    /// Hash of its text without whitespace, strings included.
    pub text_hash: u64,
    /// Number of lines of its body.
    pub lines: usize,
    /// Hashes of the identifiers that its code calls or takes from something else, in order.
    pub words: Vec<u64>,
    /// Hashes of all identifiers of its code, in order.
    pub all_words: Vec<u64>,
}

/// Tests of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FileTests {
    pub functions: Vec<TestFunction>,
    /// Whether a mark skips the whole file.
    pub is_skipped: bool,
}

/// Defines a pattern that is compiled on first use.
macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pub(super) use pattern;

pattern!(RUST_FN, r"\bfn\s+(\w+)\s*[(<]");
pattern!(
    RUST_TEST,
    r"#\[\s*(?:\w+\s*::\s*)*(?:test|\w*_test|test_(?:case|matrix|with|log)|rstest|quickcheck|proptest)\b"
);
pattern!(RUST_SKIP, r"#\[\s*(?:ignore\b|cfg_attr\s*\([^\]]*\bignore\b)");
pattern!(RUST_MUST_FAIL, r"#\[\s*(?:cfg_attr\s*\([^\]]*\b)?should_panic\b");
pattern!(RUST_TABLE, r"#\[\s*(?:case|test_case|test_matrix|values)\b|\bproptest!");
pattern!(LOOP, r"\b(?:for|while|forEach|each|subTest)\b|\.\s*(?:Run|every|some|map)\s*\(");
pattern!(
    ASSERTIONS,
    r"(?i)\b(?:assert\w*!?|xct(?:assert|fail|unwrap)\w*|expect\w*|require\w*|verify\w*|should\w*|prop_assert\w*!|panic!|unwrap|t\s*\.\s*(?:error|fatal|fail)\w*|check\w*)\b"
);

pub(super) fn find_all(pattern: &LazyLock<Option<Regex>>, text: &[u8]) -> usize {
    pattern.as_ref().map_or(0, |pattern| pattern.find_iter(text).count())
}

pub(super) fn shows(pattern: &LazyLock<Option<Regex>>, text: &[u8]) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// Returns where the attributes of an item start, in the code before it: after the last
/// brace or semicolon outside of brackets.
fn start_of_item(before: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in before.iter().enumerate().rev() {
        match byte {
            b']' | b')' => depth += 1,
            b'[' | b'(' => depth = depth.saturating_sub(1),
            b'}' | b';' | b'{' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    0
}

/// Returns whether a file can contain tests of a known language.
pub(super) fn has_tests(path: &RepoPath, language: Language) -> bool {
    let name = path.file_name().to_string();
    match language {
        Language::Rust | Language::Python => true,
        Language::Go => name.ends_with("_test.go"),
        Language::TypeScript | Language::Tsx | Language::JavaScript | Language::Jsx => {
            [".test.", ".spec.", "_test.", "_spec."].iter().any(|part| name.contains(part))
                || name.starts_with("test")
                || crate::scan::test_code::is_test_path(path, language)
        }
        _ => false,
    }
}

/// Returns whether a text has a word without which no pattern finds a test of its language.
fn may_have_tests(language: Language, text: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
    match language {
        Language::Rust => has("test") || has("quickcheck"),
        Language::Python => has("test"),
        _ => true,
    }
}

/// Finds the tests of a text.
pub(super) fn find_tests(language: Language, text: &[u8]) -> FileTests {
    if may_have_tests(language, text) { find_in_code(language, text) } else { FileTests::default() }
}

fn find_in_code(language: Language, text: &[u8]) -> FileTests {
    let code = tokenize(language, text).masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    let is_braced = language != Language::Python;
    let source = SourceText {
        text,
        code: &code,
        lines: line_starts(text),
        is_braced,
        budget: Cell::new(text.len() * MAX_BODIES_PER_FILE + MAX_BODY_BYTES),
    };
    match language {
        Language::Rust => source.rust(),
        Language::Python => source.python(),
        Language::Go => source.go(),
        Language::TypeScript | Language::Tsx | Language::JavaScript | Language::Jsx => source.script(),
        _ => FileTests::default(),
    }
}

pub(super) fn line_starts(text: &[u8]) -> Vec<usize> {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1)).collect()
}

/// A text, and the same text with comments and strings masked.
pub(super) struct SourceText<'a> {
    pub(super) text: &'a [u8],
    pub(super) code: &'a [u8],
    pub(super) lines: Vec<usize>,
    /// Whether bodies of functions are in braces.
    pub(super) is_braced: bool,
    /// Number of bytes of bodies that are still read.
    pub(super) budget: Cell<usize>,
}

impl SourceText<'_> {
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    pub(super) fn slice(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.code.get(range).unwrap_or_default()
    }

    /// Returns the matches of a pattern, each with its first group.
    pub(super) fn captures(&self, pattern: &'static LazyLock<Option<Regex>>) -> Vec<(usize, usize, String)> {
        let Some(pattern) = pattern.as_ref() else { return Vec::new() };
        let found = pattern.captures_iter(self.code).take(MAX_TESTS);
        found
            .filter_map(|captures| {
                let (all, name) = (captures.get(0)?, captures.iter().flatten().last()?);
                Some((all.start(), all.end(), String::from_utf8_lossy(name.as_bytes()).into_owned()))
            })
            .collect()
    }

    /// Returns the code from `at` on, as far as one body may reach. Bodies that never end
    /// would otherwise be read as often as there are tests.
    pub(super) fn readable(&self, at: usize) -> &[u8] {
        let rest = self.code.get(at..).unwrap_or_default();
        rest.get(..MAX_BODY_BYTES.min(self.budget.get())).unwrap_or(rest)
    }

    /// Returns the end of the block in braces that starts at or after `at`.
    pub(super) fn block_end(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (offset, byte) in self.readable(at).iter().enumerate() {
            match byte {
                b'{' | b'(' => depth += 1,
                b'}' | b')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && *byte == b'}' {
                        return at + offset + 1;
                    }
                }
                b';' if depth == 0 => return at + offset,
                _ => {}
            }
        }
        at + self.readable(at).len()
    }

    /// Counts bytes that were read for the bodies of tests.
    pub(super) fn charge(&self, bytes: usize) {
        self.budget.set(self.budget.get().saturating_sub(bytes));
    }

    pub(super) fn function(&self, name: String, start: usize, body: std::ops::Range<usize>) -> TestFunction {
        self.charge(body.len());
        let text = self.text.get(body.clone()).unwrap_or_default();
        let code = self.slice(body.clone());
        // Python has no braces around a body.
        let brace = if self.is_braced { memchr::memchr(b'{', code) } else { None };
        let inner = brace.and_then(|at| code.get(at..)).unwrap_or(code);
        let (words, all_words) = hash_words(inner);
        let (assertions, tautologies) = self.count_assertions(body.end - inner.len()..body.end);
        TestFunction {
            name,
            line: self.line(start),
            is_skipped: false,
            must_fail: false,
            is_exclusive: false,
            has_calls: memchr::memchr2(b'(', b'!', inner).is_some() || assertions + tautologies > 0,
            assertions,
            tautologies,
            has_cases: shows(&LOOP, inner),
            lines: memchr::memchr_iter(b'\n', inner).count(),
            text_hash: hash_text(text),
            words,
            all_words,
        }
    }

    /// Returns the number of assertions in a range that can fail, and of those that are always
    /// true.
    fn count_assertions(&self, range: std::ops::Range<usize>) -> (usize, usize) {
        let Some(pattern) = ASSERTIONS.as_ref() else { return (0, 0) };
        let (start, mut end_of_tautology) = (range.start, 0);
        let (mut real, mut tautologies) = (0, 0);
        for found in pattern.find_iter(self.slice(range)) {
            let at = start + found.start();
            if at >= end_of_tautology
                && let Some(length) = find_tautology(self.text, self.code, at)
            {
                end_of_tautology = at + length;
            }
            if at < end_of_tautology { tautologies += 1 } else { real += 1 }
        }
        (real, tautologies)
    }

    fn rust(&self) -> FileTests {
        let mut out = FileTests::default();
        let mut previous_end = 0;
        for (start, end, name) in self.captures(&RUST_FN) {
            // Attributes are between the last block, statement or opening brace and `fn`.
            let before = self.slice(previous_end.min(start)..start);
            let attributes = before.get(start_of_item(before)..).unwrap_or_default();
            previous_end = end;
            if shows(&RUST_TEST, attributes) {
                let mut test = self.function(name, start, start..self.block_end(start));
                test.is_skipped = shows(&RUST_SKIP, attributes);
                test.must_fail = shows(&RUST_MUST_FAIL, attributes);
                test.has_cases |= shows(&RUST_TABLE, attributes);
                out.functions.push(test);
            }
        }
        out
    }

    /// Returns the end of the call whose name starts at `at`.
    pub(super) fn call_end(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (offset, byte) in self.readable(at).iter().enumerate() {
            match byte {
                b'(' | b'{' => depth += 1,
                b')' | b'}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + offset + 1;
                    }
                }
                _ => {}
            }
        }
        at + self.readable(at).len()
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A text that is not searched has no test.
        #[test]
        fn skipped_texts_have_no_tests(parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 1..12)) {
            let text = parts.concat();
            for language in [Language::Rust, Language::Python] {
                let found = find_in_code(language, text.as_bytes());
                prop_assert_eq!(&find_tests(language, text.as_bytes()).functions, &found.functions);
            }
        }
    }

    const PARTS: [&str; 22] = [
        "#[",
        "test",
        "quick",
        "check",
        "rs",
        "prop",
        "_",
        "]\n",
        "tokio::",
        "fn a() {",
        "a();",
        "}\n",
        "def ",
        "(self):\n",
        "    assert 1\n",
        "class A:\n",
        "TEST",
        "\"",
        "// ",
        "te",
        "st",
        "\n",
    ];
}
