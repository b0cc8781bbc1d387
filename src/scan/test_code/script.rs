//! JavaScript and TypeScript: calls of `describe`, `it` and `test` with a
//! title and a function, and `if (import.meta.vitest)`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{behind_blanks, behind_bracket};

static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let each = r"(?:\.(?:only|skip|todo|concurrent|sequential|serial|each|runIf|skipIf|fails|describe|parallel)\b(?:\s*\([^()]*\)|\s*`[^`]*`)?)*";
    let title = r#"\s*\(\s*["'`]"#;
    let hook = r"\b(?:beforeEach|afterEach|beforeAll|afterAll)\s*\(";
    let vitest = r"\bif\s*\(\s*import\.meta\.vitest\s*\)";
    Regex::new(&format!(r"(?-u)(?:\b(?:describe|it|test|suite|context){each}{title}|{hook}|{vitest})")).ok()
});

/// The ranges of test code in code without comments and strings.
pub(super) fn ranges(code: &[u8]) -> Vec<Range<usize>> {
    let Some(call) = &*CALL else { return Vec::new() };
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(found) = call.find_at(code, at) {
        let start = found.start();
        at = found.end();
        let before = code.get(..start).unwrap_or_default().trim_ascii_end();
        // A method (`re.test("x")`), a declaration, a longer name.
        let foreign = before.ends_with(b".") || before.ends_with(b"function") || before.ends_with(b"new");
        let longer = code.get(start.wrapping_sub(1)).is_some_and(|byte| *byte == b'$' || *byte >= 0x80);
        if foreign || longer {
            continue;
        }
        let text = found.as_bytes();
        let end = if text.starts_with(b"if") {
            let brace = behind_blanks(code, found.end());
            if code.get(brace) == Some(&b'{') { behind_bracket(code, brace) } else { continue }
        } else {
            let open = text.iter().rposition(|byte| *byte == b'(').unwrap_or_default();
            let end = behind_bracket(code, start + open);
            let arguments = code.get(found.end()..end).unwrap_or_default();
            let function = [&b"=>"[..], b"function"]
                .into_iter()
                .any(|word| memchr::memmem::find(arguments, word).is_some());
            if !function {
                continue;
            }
            end
        };
        out.push(start..end);
        at = at.max(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::region::{Kind, KindSet};
    use super::super::super::{Language, lexer};
    use super::*;

    fn kept(text: &str) -> String {
        let regions = lexer::regions(Language::TypeScript, text.as_bytes());
        let code = regions.view(text.as_bytes(), KindSet::of(&[Kind::Code]));
        let ranges = ranges(&code);
        text.char_indices().filter(|(at, _)| !super::super::lies_in(&ranges, *at)).map(|(_, c)| c).collect()
    }

    #[test]
    fn blocks_of_tests_and_what_only_looks_like_them() {
        assert_eq!(kept("describe('a)', () => { it('b', f) });x()"), ";x()");
        assert_eq!(kept("it.only.each([1, 2])('a', function () {});x"), ";x");
        assert_eq!(kept("if (import.meta.vitest) { const { it } = x; }y"), "y");
        for text in [
            "/a/.test('b', () => 1)",
            "submit('a', () => 1)",
            "it('a')",
            "const test = (a) => a",
            "audit('x', () => 1)",
        ] {
            assert_eq!(kept(text), text);
        }
    }
}
