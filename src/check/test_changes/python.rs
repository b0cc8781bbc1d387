//! Finds test functions of Python: marks are decorators, and blocks are indented.
//!
//! All facts about lines are computed in one pass, so that the time does not depend on how
//! tests, decorators and brackets are nested.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::functions::{FileTests, SourceText, find_all, pattern, shows};
use super::words::words_of;

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
pattern!(PYTHON_NOT_A_TEST, r"^__test__\s*(?::[^=]*)?=\s*False\b");
pattern!(PYTHON_CLASS, r"^class\s+(\w+)\s*(?:\(\s*([^\s)].*))?");

/// What the lines of a file say, by their number from 0.
struct Lines {
    /// First line of the decorators of the definition on this line.
    decorators: Vec<usize>,
    /// First line after the block that starts on this line.
    end: Vec<usize>,
    /// Number of the statement around this one, from 1; 0 at the top level.
    around: Vec<usize>,
    /// Whether tests inside of this line's block do not always run: it is an `if`, a function
    /// or a class that is skipped or not collected, or is inside of one.
    is_conditional: Vec<bool>,
}

/// Words that decide whether the tests of a class or function run.
struct Marks {
    /// Names of marks that skip.
    aliases: BTreeSet<Vec<u8>>,
    /// Names of classes that other classes extend.
    bases: BTreeSet<Vec<u8>>,
    /// Lines of classes with `__test__ = False`, from 0.
    not_tests: BTreeSet<usize>,
}

impl Marks {
    fn is_skip(&self, marks: &[u8]) -> bool {
        shows(&PYTHON_SKIP, marks)
            || (!self.aliases.is_empty() && words_of(marks).any(|word| self.aliases.contains(word)))
    }
}

/// Returns the code of a line, and the number of blanks before it.
fn split_line(line: &[u8]) -> (usize, &[u8]) {
    let width = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (width, line.get(width..).unwrap_or_default().trim_ascii_end())
}

impl SourceText<'_> {
    pub(super) fn python(&self) -> FileTests {
        let mut out = FileTests { is_skipped: shows(&PYTHON_FILE_SKIP, self.code), ..FileTests::default() };
        let marks = self.python_marks();
        let lines = self.python_lines(&marks);
        // Of tests with one name in one block, only the last one exists when they run.
        let mut defined: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for (start, end, name) in self.captures(&PYTHON_DEF) {
            let number = self.line(start) - 1;
            let of = |list: &[usize]| list.get(number).copied().unwrap_or_default();
            let last = end + self.readable(end).len();
            let body_end = self.start_of(of(&lines.end)).clamp(end, last);
            let signature = memchr::memmem::find(self.slice(end..body_end), b":\n").unwrap_or(0);
            self.charge(signature);
            let body = end + signature..body_end;
            let decorators = self.slice(self.start_of(of(&lines.decorators))..self.start_of(number));
            let around = of(&lines.around);
            let is_conditional = around.checked_sub(1).and_then(|line| lines.is_conditional.get(line));
            let mut test = self.function(name, start, body.clone());
            test.has_cases |= shows(&PYTHON_TABLE, decorators);
            test.is_skipped =
                marks.is_skip(decorators) || is_conditional == Some(&true) || skips_itself(self.slice(body));
            let before = defined.insert((around, test.name.clone()), out.functions.len());
            if let Some(before) = before.and_then(|before| out.functions.get_mut(before)) {
                before.is_skipped = true;
            }
            out.functions.push(test);
        }
        out
    }

    fn start_of(&self, line: usize) -> usize {
        self.lines.get(line).copied().unwrap_or(self.code.len())
    }

    fn python_marks(&self) -> Marks {
        let aliases = self.captures(&PYTHON_SKIP_ALIAS).into_iter().map(|(_, _, name)| name.into_bytes());
        let mut marks =
            Marks { aliases: aliases.collect(), bases: BTreeSet::new(), not_tests: BTreeSet::new() };
        // Classes around the line, each with its width.
        let mut open: Vec<(usize, usize)> = Vec::new();
        for number in 0..self.lines.len() {
            let (width, code) = split_line(self.slice(self.start_of(number)..self.start_of(number + 1)));
            if code.is_empty() {
                continue;
            }
            while open.last().is_some_and(|(outer, _)| *outer >= width) {
                open.pop();
            }
            if code.starts_with(b"class ") {
                open.push((width, number));
                let bases = PYTHON_CLASS.as_ref().and_then(|pattern| pattern.captures(code)?.get(2));
                marks.bases.extend(
                    bases.into_iter().flat_map(|bases| words_of(bases.as_bytes())).map(<[u8]>::to_vec),
                );
            } else if shows(&PYTHON_NOT_A_TEST, code) {
                marks.not_tests.extend(open.last().map(|(_, class)| *class));
            }
        }
        marks
    }

    fn python_lines(&self, marks: &Marks) -> Lines {
        let count = self.lines.len();
        let mut out = Lines {
            decorators: (0..count).collect(),
            end: vec![count; count],
            around: vec![0; count],
            is_conditional: vec![false; count],
        };
        // Lines whose block is open, each with its width.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut outer: Vec<(usize, usize)> = Vec::new();
        // First line of the decorators above, and the brackets that are open in them.
        let (mut first_mark, mut depth): (Option<usize>, usize) = (None, 0);
        for number in 0..count {
            let (width, code) = split_line(self.slice(self.start_of(number)..self.start_of(number + 1)));
            let Some(first) = code.first() else { continue };
            let is_definition =
                [&b"def "[..], b"class ", b"async def "].iter().any(|word| code.starts_with(word));
            // A definition is never inside of brackets: one before it was not closed.
            if is_definition {
                depth = 0;
            }
            if depth == 0 && *first == b'@' {
                first_mark = first_mark.or(Some(number));
            }
            if let Some(mark) = first_mark.filter(|_| is_definition) {
                set_at(&mut out.decorators, number, mark);
            }
            if depth == 0 && *first != b'@' {
                first_mark = None;
            }
            if first_mark.is_some() {
                for byte in code {
                    match byte {
                        b'(' | b'[' | b'{' => depth += 1,
                        b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            // A masked text and a closing bracket continue the line before.
            if !matches!(first, 1 | b')') {
                while let Some((_, line)) = open.pop_if(|(other, _)| *other >= width) {
                    set_at(&mut out.end, line, number);
                }
                open.push((width, number));
            }
            while outer.pop_if(|(other, _)| *other >= width).is_some() {}
            let around = outer.last().map_or(0, |(_, line)| line + 1);
            set_at(&mut out.around, number, around);
            let is_inside =
                around.checked_sub(1).and_then(|line| out.is_conditional.get(line)) == Some(&true);
            let decorators = out.decorators.get(number).copied().unwrap_or(number);
            let is_conditional = is_inside
                || is_conditional(code, number, marks)
                || (code.starts_with(b"class ")
                    && marks.is_skip(self.slice(self.start_of(decorators)..self.start_of(number))));
            if let Some(known) = out.is_conditional.get_mut(number) {
                *known = is_conditional;
            }
            outer.push((width, number));
        }
        out
    }
}

fn set_at(list: &mut [usize], line: usize, value: usize) {
    if let Some(known) = list.get_mut(line) {
        *known = value;
    }
}

/// Returns whether the tests in the block of a line may not run: no runner collects
/// functions in functions, and classes without the name or the base of a test.
fn is_conditional(code: &[u8], number: usize, marks: &Marks) -> bool {
    if [&b"if "[..], b"elif ", b"def ", b"async def "].iter().any(|word| code.starts_with(word)) {
        return true;
    }
    let Some(class) = PYTHON_CLASS.as_ref().and_then(|pattern| pattern.captures(code)) else {
        return false;
    };
    let name = class.get(1).map_or(&b""[..], |name| name.as_bytes());
    marks.not_tests.contains(&number)
        || (class.get(2).is_none()
            && !code.ends_with(b"(")
            && !name.starts_with(b"Test")
            && !marks.bases.contains(name))
}

/// Returns whether a body skips its test in its first lines, or always.
fn skips_itself(body: &[u8]) -> bool {
    if find_all(&PYTHON_BODY_SKIP, body) == 0 {
        return false;
    }
    let mut of_body = None;
    body.split(|byte| *byte == b'\n').enumerate().any(|(index, line)| {
        let (width, code) = split_line(line);
        if index > 0 && !code.is_empty() && of_body.is_none() {
            of_body = Some(width);
        }
        (index < 4 || of_body == Some(width)) && shows(&PYTHON_BODY_SKIP, line)
    })
}
