//! JavaScript and TypeScript: finds calls of `describe`, `it` and `test` with a title and
//! a function, and blocks of `if (import.meta.vitest)`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{BracketPairs, skip_whitespace};

/// Names of functions of test frameworks that define tests.
const TEST_FUNCTIONS: [&str; 5] = ["describe", "it", "test", "suite", "context"];

static TEST_START: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = r"\b(?P<name>describe|it|test|suite|context)\b";
    let hook = r"\b(?P<hook>beforeEach|afterEach|beforeAll|afterAll)\s*\(";
    let vitest = r"\b(?P<vitest>if)\s*\(\s*import\.meta\.vitest\s*\)";
    Regex::new(&format!(r"(?-u)(?:{names}|{hook}|{vitest})")).ok()
});

static TEST_MODIFIER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)\A\s*\.\s*(?P<name>only|skip|todo|concurrent|sequential|serial|parallel|each|for|runIf|skipIf|fails|failing|fixme|slow|describe)\b").ok()
});

/// Returns the ranges of test code. `code` does not contain comments and strings; `text`
/// is the whole file.
pub(super) fn ranges(code: &[u8], text: &[u8]) -> Vec<Range<usize>> {
    let Some(begin) = &*TEST_START else { return Vec::new() };
    let brackets = BracketPairs::find(code);
    let local_functions: Vec<&str> =
        TEST_FUNCTIONS.into_iter().filter(|name| is_locally_defined(name, code, text)).collect();
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(found) = begin.captures_at(code, at) {
        let Some(whole) = found.get(0) else { break };
        at = whole.end();
        let before = code.get(..whole.start()).unwrap_or_default().trim_ascii_end();
        // Not a call: a method (`re.test("x")`), a declaration, or a longer name.
        let is_other = before.ends_with(b".") || before.ends_with(b"function") || before.ends_with(b"new");
        let longer = whole.start().checked_sub(1).and_then(|before| code.get(before));
        if is_other || longer.is_some_and(|byte| matches!(byte, b'$' | b'#') || *byte >= 0x80) {
            continue;
        }
        let end = if found.name("vitest").is_some() {
            let brace = skip_whitespace(code, at);
            (code.get(brace) == Some(&b'{')).then(|| brackets.end_of(brace))
        } else if found.name("hook").is_some() {
            Some(brackets.end_of(at - 1))
        } else {
            let name = String::from_utf8_lossy(whole.as_bytes()).into_owned();
            if local_functions.contains(&name.as_str()) {
                None
            } else {
                test_call_end(code, &brackets, at, &name)
            }
        };
        if let Some(end) = end {
            out.push(whole.start()..end);
            at = at.max(end);
        }
    }
    out
}

/// Returns whether the file defines a name, or imports it from a relative path. Then it
/// is not a function of a test framework.
fn is_locally_defined(name: &str, code: &[u8], text: &[u8]) -> bool {
    let own = format!(r"(?-u)\b(?:function|const|let|var|class)\s+{name}\b");
    let import = format!(r#"(?-u)\bimport\b[^;'"]*\b{name}\b[^;'"]*\bfrom\s*["']\."#);
    let matches = |pattern: &str, bytes: &[u8]| Regex::new(pattern).is_ok_and(|regex| regex.is_match(bytes));
    memchr::memmem::find(code, name.as_bytes()).is_some() && (matches(&own, code) || matches(&import, text))
}

/// Returns the end of a call that defines tests; `from` is the offset after its name. The
/// call has optional modifiers with arguments, then a title and a function. `None` if it
/// is a different call.
fn test_call_end(code: &[u8], brackets: &BracketPairs, from: usize, name: &str) -> Option<usize> {
    let modifier = TEST_MODIFIER.as_ref()?;
    let mut at = from;
    let mut has_arguments = false;
    while let Some(found) = modifier.captures(code.get(at..)?) {
        let word = found.name("name")?.as_bytes();
        if word == b"describe" && name != "test" {
            return None;
        }
        has_arguments |= matches!(word, b"each" | b"for" | b"runIf" | b"skipIf");
        at += found.get(0)?.end();
    }
    at = skip_whitespace(code, at);
    if has_arguments {
        if code.get(at) == Some(&b'<') {
            at = skip_whitespace(code, angle_brackets_end(code, at)?);
        }
        at = match code.get(at)? {
            b'(' => brackets.end_of(at),
            b'`' => at + 2 + memchr::memchr(b'`', code.get(at + 1..)?)?,
            _ => return None,
        };
        at = skip_whitespace(code, at);
    }
    if code.get(at) != Some(&b'(') {
        return None;
    }
    let end = brackets.end_of(at);
    let first = skip_whitespace(code, at + 1).min(end);
    // Title and function are the first arguments.
    let arguments = code.get(first..end.min(first + 4000))?;
    let has_title = matches!(arguments.first(), Some(b'"' | b'\'' | b'`')) || name == "describe";
    let has_function =
        [&b"=>"[..], b"function"].into_iter().any(|word| memchr::memmem::find(arguments, word).is_some());
    (has_title && has_function).then_some(end)
}

/// Returns the offset after balanced angle brackets; `None` if they are not closed within
/// 2000 bytes.
fn angle_brackets_end(code: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.iter().enumerate().skip(open).take(2000) {
        match byte {
            b'<' => depth += 1,
            b'>' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::super::token_map::{TokenKind, TokenKindSet};
    use super::super::super::{Language, lexer};
    use super::*;

    fn outside_test_ranges(text: &str) -> String {
        let token_map = lexer::tokenize(Language::TypeScript, text.as_bytes());
        let code = token_map.masked_text(text.as_bytes(), TokenKindSet::of(&[TokenKind::Code]));
        let ranges = ranges(&code, text.as_bytes());
        text.char_indices()
            .filter(|(at, _)| !super::super::contains_offset(&ranges, *at))
            .map(|(_, c)| c)
            .collect()
    }

    #[test]
    fn test_calls_are_found_and_similar_code_is_not() {
        assert_eq!(outside_test_ranges("describe('a)', () => { it('b', f) });x()"), ";x()");
        assert_eq!(outside_test_ranges("it.only.each([1, 2])('a', function () {});x"), ";x");
        assert_eq!(outside_test_ranges("if (import.meta.vitest) { const { it } = x; }y"), "y");
        for text in [
            "/a/.test('b', () => 1)",
            "submit('a', () => 1)",
            "it('a')",
            "const test = (a) => a",
            "audit('x', () => 1)",
        ] {
            assert_eq!(outside_test_ranges(text), text);
        }
    }
}
