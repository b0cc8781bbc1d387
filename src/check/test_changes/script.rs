//! Finds tests of JavaScript and TypeScript: calls with a text that describes them.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::functions::{FileTests, SourceText, pattern, shows};

/// Maximum number of tests of one file that are compared.
const MAX_TESTS: usize = 20_000;
/// Maximum number of bytes of a name.
const MAX_NAME_BYTES: usize = 4_096;

pattern!(
    SCRIPT_TEST,
    r"(?:^|[^\w.$])(?:Deno\s*\.\s*)?(it|test|specify|xit|xtest|xspecify|fit|ftest)((?:\s*\.\s*\w+)*)\s*(?:\([^()]*\)|`[^`]*`)?\s*\(\s*(?:\{\s*name\s*:\s*)?[\x22'`]"
);
pattern!(
    SCRIPT_GROUP_SKIP,
    r"(?:^|[^\w.$])(?:xdescribe|xcontext|xsuite|(?:describe|suite|context)(?:\s*\.\s*\w+)*?\s*\.\s*(?:skip|todo|ignore))\s*[.(`]"
);
pattern!(
    SCRIPT_GROUP_OPTION,
    r"(?:^|[^\w.$])(?:describe|suite|context)\s*\(\s*(?:\x22[^\x22\n]*\x22|'[^'\n]*'|`[^`]*`)\s*,\s*\{[^{}]*\b(?:skip|todo|ignore)\s*:\s*(?:true|[\x22'`])"
);
pattern!(
    SCRIPT_GROUP_ONLY,
    r"(?:^|[^\w.$])(?:fdescribe|fcontext|(?:describe|suite|context)(?:\s*\.\s*\w+)*?\s*\.\s*only)\s*[.(`]"
);
pattern!(SCRIPT_OPTION_SKIP, r"[{,]\s*(?:skip|todo|ignore)\s*:\s*(?:true\b|[\x22'`])");
pattern!(SCRIPT_OPTION_FAILS, r"[{,]\s*(?:fails|expectFailure)\s*:\s*true\b");
pattern!(SCRIPT_OPTION_ONLY, r"[{,]\s*only\s*:\s*true\b");
pattern!(SCRIPT_CALLBACK, r"=>|\bfunction\b|\b(?:fn|async)\b\s*[(:]");
pattern!(
    SCRIPT_BODY_SKIP,
    r"^\s*(?:return\s+)?(?:t|this|ctx|context|test|it)\s*\.\s*(?:skip|todo)\s*\(\s*(?:\)|true\b|[\x22'`])"
);

impl SourceText<'_> {
    pub(super) fn script(&self) -> FileTests {
        let is_skipped = shows(&SCRIPT_GROUP_SKIP, self.code) || shows(&SCRIPT_GROUP_OPTION, self.code);
        let mut out = FileTests { is_skipped, ..FileTests::default() };
        let has_only_group = shows(&SCRIPT_GROUP_ONLY, self.code);
        let Some(pattern) = SCRIPT_TEST.as_ref() else { return out };
        for captures in pattern.captures_iter(self.code).take(MAX_TESTS) {
            let (Some(all), Some(word)) = (captures.get(0), captures.get(1)) else { continue };
            let modifiers =
                captures.get(2).map_or("", |m| std::str::from_utf8(m.as_bytes()).unwrap_or_default());
            let quote = self.code.get(all.end() - 1).copied().unwrap_or(b'"');
            let rest = self.code.get(all.end()..).unwrap_or_default();
            let rest = rest.get(..MAX_NAME_BYTES).unwrap_or(rest);
            let length = memchr::memchr(quote, rest).unwrap_or(0);
            let name = self.text.get(all.end()..all.end() + length).unwrap_or_default();
            let start = word.start();
            let call = start..self.call_end(start);
            let mut test = self.function(String::from_utf8_lossy(name).into_owned(), start, call.clone());
            let code = self.slice(call);
            let callback = SCRIPT_CALLBACK.as_ref().and_then(|pattern| pattern.find(code));
            let (options, body) = code.split_at(callback.map_or(code.len(), |found| found.start()));
            let has = |words: &[&str]| modifiers.split('.').any(|part| words.contains(&part.trim()));
            test.is_skipped = word.as_bytes().starts_with(b"x")
                || has(&["skip", "todo", "skipIf", "runIf", "fixme", "ignore"])
                || shows(&SCRIPT_OPTION_SKIP, options)
                || skips_itself(body);
            test.must_fail = has(&["failing", "fails", "fail"]) || shows(&SCRIPT_OPTION_FAILS, options);
            test.has_cases |= has(&["each"]);
            test.is_exclusive = word.as_bytes().starts_with(b"f")
                || has(&["only"])
                || has_only_group
                || shows(&SCRIPT_OPTION_ONLY, options);
            out.functions.push(test);
        }
        out
    }
}

/// Returns whether a callback skips its test outside of all conditions.
fn skips_itself(body: &[u8]) -> bool {
    let mut depth = 0_usize;
    // The statement that starts here is not inside of a block of the callback.
    for (at, byte) in body.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_start = matches!(byte, b'{' | b';' | b'}' | b'\n') && depth == 1;
        if is_start {
            let rest = body.get(at + 1..).unwrap_or_default();
            if shows(&SCRIPT_BODY_SKIP, rest.get(..200).unwrap_or(rest)) {
                return true;
            }
        }
    }
    false
}
