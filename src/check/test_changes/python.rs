//! Finds test functions of Python: marks are decorators, and blocks are indented.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::functions::{FileTests, SourceText, pattern, shows};
use super::words::contains_word;

/// Maximum number of lines above a test in which its surrounding block is looked for.
const MAX_LINES_ABOVE: usize = 2_000;
/// Maximum number of lines of the decorators of a test.
const MAX_DECORATOR_LINES: usize = 400;

pattern!(PYTHON_DEF, r"(?m)^([ \t]*)(?:async[ \t]+)?def[ \t]+(test\w*)[ \t]*\(");
pattern!(PYTHON_SKIP, r"@\s*(?:\w+\s*\.\s*)*(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b");
pattern!(
    PYTHON_BODY_SKIP,
    r"(?m)\b(?:pytest\s*\.\s*(?:skip|xfail)|self\s*\.\s*skipTest)\s*\(|\braise\s+(?:unittest\s*\.\s*)?SkipTest\b"
);
pattern!(
    PYTHON_FILE_SKIP,
    r"(?m)^(?:pytestmark\b.*\b(?:skip|skipif|xfail)\b|pytest\s*\.\s*(?:skip|importorskip)\s*\(|__test__\s*=\s*False)"
);
pattern!(
    PYTHON_SKIP_ALIAS,
    r"(?m)^(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(?:\w+\s*\.\s*)*(?:skip|skipif|skipIf|skipUnless|xfail)\s*\("
);
pattern!(PYTHON_TABLE, r"\bparametrize\b|\bsubTest\b|\bparameterized\b");

impl SourceText<'_> {
    pub(super) fn python(&self) -> FileTests {
        let mut out = FileTests { is_skipped: shows(&PYTHON_FILE_SKIP, self.code), ..FileTests::default() };
        let aliases: Vec<String> =
            self.captures(&PYTHON_SKIP_ALIAS).into_iter().map(|(_, _, name)| name).collect();
        for (start, end, name) in self.captures(&PYTHON_DEF) {
            let line = self.line(start);
            let indent =
                self.slice(start..end).iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let last = end + self.readable(end).len();
            let lines = self.lines.iter().skip(line).copied().take_while(|next| *next < last);
            let body_end = lines.into_iter().find(|next| {
                let text = self.slice(*next..self.code.len());
                let width = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let first = text.get(width).copied().unwrap_or(b'\n');
                !matches!(first, b'\n' | b'\r' | 1) && width <= indent && first != b')'
            });
            let body_end = body_end.unwrap_or(last);
            let signature = memchr::memmem::find(self.slice(end..body_end), b":\n").unwrap_or(0);
            let body = end + signature..body_end;
            let mut test = self.function(name, start, body.clone());
            let decorators = self.decorators_above(line);
            test.has_cases |= shows(&PYTHON_TABLE, decorators);
            let is_skip = |marks: &[u8]| {
                shows(&PYTHON_SKIP, marks) || aliases.iter().any(|alias| contains_word(marks, alias))
            };
            test.is_skipped = is_skip(decorators)
                || self.is_in_condition(line, indent, &is_skip)
                || self
                    .slice(body)
                    .split(|byte| *byte == b'\n')
                    .take(4)
                    .any(|line| shows(&PYTHON_BODY_SKIP, line));
            out.functions.push(test);
        }
        out
    }

    /// Returns whether a definition is not always run: it is inside an `if`, or in a class
    /// with a mark that skips it.
    fn is_in_condition(&self, line: usize, indent: usize, is_skip: &dyn Fn(&[u8]) -> bool) -> bool {
        if indent == 0 {
            return false;
        }
        let start_of = |number: usize| self.lines.get(number).copied().unwrap_or(self.code.len());
        let mut width = indent;
        for number in (0..line.saturating_sub(1)).rev().take(MAX_LINES_ABOVE) {
            let text = self.slice(start_of(number)..start_of(number + 1));
            let own = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let code = text.get(own..).unwrap_or_default().trim_ascii_end();
            if code.is_empty() || own >= width {
                continue;
            }
            let is_marked = || code.starts_with(b"class ") && is_skip(self.decorators_above(number + 1));
            if code.starts_with(b"if ") || code.starts_with(b"elif ") || is_marked() {
                return true;
            }
            width = own;
            if own == 0 {
                return false;
            }
        }
        false
    }

    /// Returns the lines above a definition that are decorators or their arguments.
    fn decorators_above(&self, line: usize) -> &[u8] {
        let mut first = line.saturating_sub(1);
        let start_of = |number: usize| self.lines.get(number).copied().unwrap_or(self.code.len());
        // Brackets that are open in the lines from `first` on, seen from their end.
        let mut open = 0_usize;
        for number in (0..first).rev().take(MAX_DECORATOR_LINES) {
            let above = self.slice(start_of(number)..start_of(number + 1)).trim_ascii();
            for byte in above.iter().rev() {
                match byte {
                    b')' | b']' | b'}' => open += 1,
                    b'(' | b'[' | b'{' => open = open.saturating_sub(1),
                    _ => {}
                }
            }
            if open == 0 && !above.starts_with(b"@") {
                break;
            }
            if open == 0 {
                first = number;
            }
        }
        self.slice(start_of(first)..start_of(line.saturating_sub(1)))
    }
}
