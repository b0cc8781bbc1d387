//! Finds test functions of Go.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::functions::{FileTests, SourceText, pattern, shows};

pattern!(GO_FN, r"(?m)^func\s+((?:Test|Fuzz|Example)(?:[A-Z_0-9]\w*)?)\s*\(");
pattern!(GO_PARAMETER, r"^func\s+\w+\s*\(\s*(\w+)");
pattern!(GO_SKIP, r"\b\w+\s*\.\s*(?:Skip|Skipf|SkipNow)\s*\(");
pattern!(GO_ALWAYS, r"\bif\s+(?:true|!false|1\s*==\s*1)\s*\{\s*$");

impl SourceText<'_> {
    pub(super) fn go(&self) -> FileTests {
        let mut out = FileTests::default();
        for (start, _, name) in self.captures(&GO_FN) {
            let body = start..self.block_end(start);
            // `TestMain` with this parameter runs the tests, and is none.
            if name == "TestMain" && self.slice(body.clone()).starts_with(b"func TestMain(m *testing.M)") {
                continue;
            }
            let mut test = self.function(name, start, body.clone());
            test.is_skipped = skips_itself(self.slice(body));
            out.functions.push(test);
        }
        out
    }
}

/// Returns whether a function skips its test before anything else, or outside of all
/// conditions.
fn skips_itself(body: &[u8]) -> bool {
    let parameter = GO_PARAMETER.as_ref().and_then(|pattern| pattern.captures(body)?.get(1));
    let Some(parameter) = parameter.map(|found| found.as_bytes()) else { return false };
    let (mut depth, mut is_always) = (0_usize, false);
    for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let code = line.trim_ascii();
        // On the first line, the statement is behind the brace.
        let code = match memchr::memchr(b'{', code) {
            Some(at) if index == 0 => code.get(at + 1..).unwrap_or_default().trim_ascii(),
            _ => code,
        };
        let is_own =
            code.strip_prefix(parameter).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"."));
        let is_statement = is_own && (depth == 1 || index == 0 || (is_always && depth == 2));
        if (is_statement || index == 1) && shows(&GO_SKIP, code) {
            return true;
        }
        for byte in line {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        is_always = shows(&GO_ALWAYS, code);
    }
    false
}
