//! Finds tests of languages that have no lexer here: marks and names are searched in the
//! text without its comments. A test reaches to the start of the next one.

use std::cell::Cell;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::text::RepoPath;

use super::functions::{FileTests, SourceText, line_starts};

/// Maximum number of tests of one file that are compared.
const MAX_TESTS: usize = 20_000;

/// How tests of a language look.
struct LanguageForm {
    family: &'static str,
    extensions: &'static [&'static str],
    /// Start of a comment to the end of its line.
    comment: &'static str,
    /// Whether `/*` starts a comment.
    has_blocks: bool,
    /// Pattern of a test; its last group is the name. What is before the name are marks.
    test: &'static str,
    /// Pattern of marks, and of the text before the next test, that skip the test.
    skip: &'static str,
    /// Pattern of the start of a body that skips its test.
    body_skip: &'static str,
    /// Pattern of marks that make other tests not run.
    only: &'static str,
}

const NEVER: &str = r"[^\s\S]";

const FORMS: [LanguageForm; 13] = [
    LanguageForm {
        family: "java",
        extensions: &["java", "kt", "kts", "groovy", "scala"],
        comment: "//",
        has_blocks: true,
        test: r"(?:@(?:[\w.]+\.)?(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b(?:\s*\([^()]*(?:\([^()]*\)[^()]*)*\))?)(?:\s*(?:@[\w.]+(?:\s*\([^()]*(?:\([^()]*\)[^()]*)*\))?|public|private|protected|internal|open|final|static|suspend|override|default|fun|void|[\w.<>\[\]?]+))*?\s+(`[^`\n]+`|\w+)\s*\(",
        skip: r"@(?:[\w.]+\.)?(?:Disabled\w*|Ignore|Ignored|Enabled\w+)\b|\benabled\s*=\s*false",
        body_skip: r"^[^{=]*[{=]\s*(?:Assumptions\s*\.\s*|Assume\s*\.\s*|org\.junit[\w.]*\.)?(?:assumeTrue\s*\(\s*false|assumeFalse\s*\(\s*true|abort\s*\(|throw\s+new\s+SkipException|return\s*;|return\s*\n)",
        only: NEVER,
    },
    LanguageForm {
        family: "csharp",
        extensions: &["cs", "fs", "vb"],
        comment: "//",
        has_blocks: true,
        test: r"\[\s*(?:[\w.]+\.)?(?:Fact|Theory|Test|TestCase|TestCaseSource|TestMethod|DataTestMethod|SkippableFact|SkippableTheory|Property)\b[^\]]*\](?:\s*(?:\[[^\]]*\]|public|private|protected|internal|static|async|override|virtual|sealed|[\w.<>\[\]?]+))*?\s+(\w+)\s*\(",
        skip: r"\bSkip\s*=|\[\s*(?:[\w.]+\.)?(?:Ignore|Explicit|Inconclusive)\b|\bIgnore\s*=|\bExplicit\s*=\s*true",
        body_skip: r"^[^{=]*(?:\{|=>)\s*(?:Assert\s*\.\s*(?:Ignore|Inconclusive|Skip|Pass)|Skip\s*\.\s*(?:If|IfNot)\s*\(\s*(?:true|false)|return\s*;)",
        only: NEVER,
    },
    LanguageForm {
        family: "ruby",
        extensions: &["rb"],
        comment: "#",
        has_blocks: false,
        test: r"(?m)^[ \t]*(?:def\s+(?:test_)|(?:x|f|p)?(?:it|specify|example|scenario|test|should)\b\s*\(?\s*['\x22]?)([^'\x22\n]*)",
        skip: r"(?m)^\s*x(?:it|specify|example|scenario|test|describe|context)\b|^\s*pending\s*\(?\s*['\x22]|,\s*(?:skip|pending)\s*:|,\s*:(?:skip|pending)\b|^\s*(?:skip|pending)\b",
        body_skip: r"^[^\n]*\n\s*(?:skip|pending|omit|pend)\b(?:\s*$|\s*\(|\s*['\x22]|\s*\n)",
        only: r"^\s*f(?:it|specify|example|scenario|describe|context)\b|,\s*(?:focus)\s*:\s*true|,\s*:focus\b",
    },
    LanguageForm {
        family: "php",
        extensions: &["php"],
        comment: "//",
        has_blocks: false,
        test: r"(?:\bfunction\s+(test\w*)\s*\(|(?:#\[\s*(?:[\w\\]+\\)?Test\b[^\]]*\]|@test\b[^{;]*?\*/)[^{;]*?\bfunction\s+(\w+)\s*\(|(?m:^)\s*(?:it|test)\s*\(\s*['\x22]([^'\x22\n]*)['\x22])",
        skip: r"@(?:group|requires)\s|#\[\s*(?:Group|Requires\w+)\b",
        body_skip: r"\bmarkTest(?:Skipped|Incomplete)\s*\(|\)\s*->\s*(?:skip|todo)\s*\(|\bexpectNotToPerformAssertions\b",
        only: r"\)\s*->\s*only\s*\(",
    },
    LanguageForm {
        family: "cpp",
        extensions: &["cc", "cpp", "cxx", "c", "h", "hpp", "mm", "m"],
        comment: "//",
        has_blocks: true,
        test: r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|TEST_CASE|SCENARIO|TEST_METHOD|BOOST_AUTO_TEST_CASE|BOOST_FIXTURE_TEST_CASE|CATCH_TEST_CASE|SUBCASE|TEST_CASE_FIXTURE|CTEST|START_TEST)\s*\(([^)]*)\)",
        skip: r"\bDISABLED_|\[\.|\[!(?:shouldfail|mayfail|hide)|\bskip\s*\(\s*(?:true)?\s*\)|\bmay_fail\b|\bshould_fail\b|\bdisabled\s*\(",
        body_skip: r"\{\s*(?:GTEST_SKIP\s*\(|SKIP\s*\(|return\s*;)",
        only: NEVER,
    },
    LanguageForm {
        family: "bats",
        extensions: &["bats"],
        comment: "#",
        has_blocks: false,
        test: r"(?m)^[ \t]*@test\s+['\x22]?([^'\x22\n{]*)",
        skip: NEVER,
        body_skip: r"^[^\n]*\{\s*(?:skip|return(?:\s+0)?|exit\s+0)\b",
        only: NEVER,
    },
    LanguageForm {
        family: "swift",
        extensions: &["swift"],
        comment: "//",
        has_blocks: true,
        test: r"(?:@Test\b[^\n{]*?\bfunc\s+(\w+)|\bfunc\s+(test\w*))\s*\(",
        skip: r"\.disabled\s*\(",
        body_skip: r"\{\s*(?:throw\s+XCTSkip|try\s+XCTSkipIf\s*\(\s*true|try\s+XCTSkipUnless\s*\(\s*false|return\b|XCTExpectFailure)",
        only: NEVER,
    },
    LanguageForm {
        family: "elixir",
        extensions: &["exs"],
        comment: "#",
        has_blocks: false,
        test: r"(?m)^[ \t]*test\s*\(?\s*\x22([^\x22\n]*)\x22",
        skip: r"(?m)^\s*@(?:module)?(?:tag|describetag)\s+(?::skip|skip:|:pending)",
        body_skip: NEVER,
        only: NEVER,
    },
    LanguageForm {
        family: "dart",
        extensions: &["dart"],
        comment: "//",
        has_blocks: true,
        test: r"\b(?:test|testWidgets)\s*\(\s*r?['\x22]([^'\x22\n]*)['\x22]",
        skip: NEVER,
        body_skip: r"\bskip\s*:\s*(?:true|['\x22])|\bmarkTestSkipped\s*\(",
        only: r"\bsolo\s*:\s*true",
    },
    LanguageForm {
        family: "perl",
        extensions: &["t"],
        comment: "#",
        has_blocks: false,
        test: r"(?m)^[ \t]*(?:subtest|ok|is|is_deeply|like|isnt|cmp_ok|lives_ok|throws_ok)\b([^\n]*)",
        skip: r"(?m)\bskip_all\b|^\s*(?:TODO|SKIP)\s*:",
        body_skip: NEVER,
        only: NEVER,
    },
    LanguageForm {
        family: "julia",
        extensions: &["jl"],
        comment: "#",
        has_blocks: false,
        test: r"(?m)^[ \t]*@test(?:set|_throws|_logs)?\b([^\n]*)",
        skip: NEVER,
        body_skip: NEVER,
        only: NEVER,
    },
    LanguageForm {
        family: "lua",
        extensions: &["lua"],
        comment: "--",
        has_blocks: false,
        test: r"(?m)^[ \t]*(?:it|test|pending|insulate)\s*\(\s*['\x22]([^'\x22\n]*)['\x22]",
        skip: r"(?m)^\s*pending\s*\(",
        body_skip: r"^[^\n]*\n\s*(?:pending|do\s+return)\b",
        only: NEVER,
    },
    LanguageForm {
        family: "zig",
        extensions: &["zig"],
        comment: "//",
        has_blocks: false,
        test: r"(?m)^[ \t]*test\s+\x22([^\x22\n]*)\x22",
        skip: NEVER,
        body_skip: r"^[^{]*\{\s*(?:return\s+error\.SkipZigTest|return\s*;)",
        only: NEVER,
    },
];

/// The patterns of a form, compiled.
struct Patterns {
    form: &'static LanguageForm,
    test: Regex,
    skip: Option<Regex>,
    body_skip: Option<Regex>,
    only: Option<Regex>,
}

/// The patterns of all forms, in the order of [`FORMS`].
static PATTERNS: LazyLock<Vec<Patterns>> = LazyLock::new(|| {
    let compile = |text: &str| (text != NEVER).then(|| Regex::new(text).ok()).flatten();
    let of = |form: &'static LanguageForm| {
        Some(Patterns {
            form,
            test: Regex::new(form.test).ok()?,
            skip: compile(form.skip),
            body_skip: compile(form.body_skip),
            only: compile(form.only),
        })
    };
    FORMS.iter().filter_map(of).collect()
});

fn patterns_of(path: &RepoPath) -> Option<&'static Patterns> {
    let name = path.file_name().to_string();
    let (_, extension) = name.rsplit_once('.')?;
    let form = FORMS.iter().find(|form| form.extensions.contains(&extension))?;
    // In these, marks and not names make a test.
    let is_marked = matches!(form.family, "java" | "csharp" | "cpp" | "bats" | "julia" | "zig");
    let lower = path.to_text().to_lowercase();
    if !is_marked && !lower.contains("test") && !lower.contains("spec") && form.family != "perl" {
        return None;
    }
    PATTERNS.iter().find(|patterns| patterns.form.extensions.contains(&extension))
}

/// Returns the family of a file of these languages. Tests can move inside of a family.
pub(super) fn family_of_path(path: &RepoPath) -> Option<&'static str> {
    patterns_of(path).map(|patterns| patterns.form.family)
}

/// Finds the tests of a text of these languages.
pub(super) fn find_other_tests(path: &RepoPath, text: &[u8]) -> FileTests {
    let Some(patterns) = patterns_of(path) else { return FileTests::default() };
    let code = without_comments(text, patterns.form);
    let source = SourceText {
        text: &code,
        code: &code,
        lines: line_starts(&code),
        is_braced: false,
        budget: Cell::new(code.len().saturating_mul(2)),
    };
    let is = |pattern: &Option<Regex>, text: &[u8]| pattern.as_ref().is_some_and(|p| p.is_match(text));
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    for captures in patterns.test.captures_iter(&code).take(MAX_TESTS) {
        let (Some(all), Some(name)) = (captures.get(0), captures.iter().flatten().last()) else { continue };
        let name = String::from_utf8_lossy(name.as_bytes()).trim().replace("DISABLED_", "");
        found.push((all.start(), all.end(), name));
    }
    // Marks of a class are before its first test.
    let first = found.first().map_or(0, |(start, ..)| start_of_marks(&code, 0, *start));
    let is_skipped = is(&patterns.skip, code.get(..first).unwrap_or_default());
    let mut out = FileTests { is_skipped, ..FileTests::default() };
    let mut previous_end = 0;
    for (at, (start, end, name)) in found.iter().enumerate() {
        let next = found.get(at + 1).map_or(code.len(), |(next, ..)| *next);
        // Marks of the next test are behind the last brace or line that ends this one.
        let body_end = start_of_marks(&code, *end, next);
        let marks = code.get(start_of_marks(&code, previous_end, *start)..*end).unwrap_or_default();
        let body = code.get(*start..body_end).unwrap_or_default();
        let mut test = source.function(name.clone(), *start, *start..body_end);
        test.is_skipped = is(&patterns.skip, marks) || is(&patterns.body_skip, body);
        test.has_calls = true;
        test.is_exclusive = is(&patterns.only, marks) || is(&patterns.only, body);
        out.functions.push(test);
        previous_end = *end;
    }
    out
}

/// Returns where the marks of the test at `to` start: behind the last brace, semicolon or
/// empty line, but not before `from`.
fn start_of_marks(code: &[u8], from: usize, to: usize) -> usize {
    let between = code.get(from..to).unwrap_or_default();
    let brace = memchr::memrchr3(b'}', b';', b'{', between).map_or(0, |at| at + 1);
    let words = [&b"\nend"[..], b" end\n", b"\n\n"]
        .into_iter()
        .filter_map(|word| memchr::memmem::rfind(between, word));
    from + words.map(|at| at + 1).max().unwrap_or(0).max(brace)
}

/// Replaces comments by blanks. Strings are not known: only a comment that starts its line,
/// or follows a blank, is one.
fn without_comments(text: &[u8], form: &LanguageForm) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut in_block = false;
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let mut from = 0;
        while from < line.len() {
            let rest = line.get(from..).unwrap_or_default();
            if in_block {
                let end = memchr::memmem::find(rest, b"*/");
                let length = end.map_or(rest.len(), |end| end + 2);
                blank(&mut out, at + from, length);
                in_block = end.is_none();
                from += length;
                continue;
            }
            let is_behind_blank = |start: usize| {
                start == 0
                    || line.get(from + start - 1).is_some_and(|byte| {
                        byte.is_ascii_whitespace() || matches!(byte, b';' | b'{' | b'}' | b')')
                    })
            };
            let comment =
                memchr::memmem::find(rest, form.comment.as_bytes()).filter(|start| is_behind_blank(*start));
            let block =
                memchr::memmem::find(rest, b"/*").filter(|start| form.has_blocks && is_behind_blank(*start));
            match (comment, block) {
                (Some(start), block) if block.is_none_or(|block| start < block) => {
                    blank(&mut out, at + from + start, rest.len() - start);
                    break;
                }
                (_, Some(start)) => {
                    blank(&mut out, at + from + start, 2);
                    in_block = true;
                    from += start + 2;
                }
                _ => break,
            }
        }
        at += line.len();
    }
    out
}

fn blank(out: &mut [u8], start: usize, length: usize) {
    let part = out.get_mut(start..start + length).unwrap_or_default();
    part.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
}
