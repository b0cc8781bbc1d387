//! Python: which exception handlers raise again.
//!
//! A file is divided into logical lines, and each line is classified once. The question
//! for a handler is then answered from the lines of its block alone. The answer is "no"
//! where it is not certain, so that a handler is reported rather than passed over.

use std::ops::Range;

use super::lexer::is_word;
use super::token_map::{TokenKind, TokenKindSet, TokenMap};

/// Maximum depth of nested blocks that are followed.
const MAX_DEPTH: usize = 20;

/// How a sequence of statements ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlockEnd {
    /// An exception is raised on every path.
    Raises,
    /// `return`, `break` or `continue` ends some path, and no path goes on.
    Leaves,
    /// The next statement runs.
    GoesOn,
}

/// A statement with a block whose end matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PythonClause {
    If,
    Elif,
    Else,
    Try,
    Except,
    Finally,
    With,
}

/// What a logical line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PythonLineKind {
    /// Simple statements, or the header of another block, which decides nothing.
    Simple(BlockEnd),
    /// The header of a block. A block on the same line has an end.
    Header(PythonClause, Option<BlockEnd>),
}

/// A logical line.
#[derive(Debug)]
struct PythonLine {
    /// Offset of its first byte that is not a blank.
    start: usize,
    /// Column of that byte; a tab goes to the next multiple of eight.
    indent: usize,
    kind: PythonLineKind,
}

/// The logical lines of a Python file.
#[derive(Debug)]
pub(super) struct PythonLines {
    lines: Vec<PythonLine>,
}

impl PythonLines {
    /// Divides a file into logical lines: a line end in brackets, in a string or after a
    /// backslash ends none.
    pub(super) fn read(text: &[u8], token_map: &TokenMap) -> Self {
        let code = token_map.masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
        let mut reader =
            PythonLineReader { code: &code, lines: Vec::new(), start: None, column: 0, depth: 0 };
        for (range, kind) in token_map.iter() {
            match kind {
                TokenKind::Code => reader.read_code(range),
                TokenKind::Comment => {}
                _ => {
                    reader.start.get_or_insert((range.start, reader.column));
                }
            }
        }
        reader.end_line(code.len());
        Self { lines: reader.lines }
    }

    /// Returns whether the handler with the keyword `except` at an offset raises again on
    /// every path, whatever ran before.
    pub(super) fn raises_again(&self, except: usize) -> bool {
        let Ok(at) = self.lines.binary_search_by_key(&except, |line| line.start) else { return false };
        let Some(PythonLine { indent, kind: PythonLineKind::Header(PythonClause::Except, _), .. }) =
            self.lines.get(at)
        else {
            return false;
        };
        if self.body_end(at, 0) != BlockEnd::Raises {
            return false;
        }
        // A `return` in the part that always runs drops the exception. A bare handler is the last
        // one, so that only `else` can be before that part.
        let mut next = self.after_body(at);
        if let Some(PythonLine { kind: PythonLineKind::Header(PythonClause::Else, _), .. }) =
            self.line_at(next, *indent)
        {
            next = self.after_body(next);
        }
        let at_last = self.line_at(next, *indent).map(|line| line.kind);
        !matches!(at_last, Some(PythonLineKind::Header(PythonClause::Finally, _)))
            || self.body_end(next, 0) != BlockEnd::Leaves
    }

    /// Returns the line with an index if it has this indentation.
    fn line_at(&self, at: usize, indent: usize) -> Option<&PythonLine> {
        self.lines.get(at).filter(|line| line.indent == indent)
    }

    /// Returns the index of the first line after the block of a header.
    fn after_body(&self, header: usize) -> usize {
        let Some(PythonLine { indent, .. }) = self.lines.get(header) else { return self.lines.len() };
        let body = self.lines.iter().skip(header + 1).take_while(|line| line.indent > *indent);
        header + 1 + body.count()
    }

    /// Returns how the block of a header ends.
    fn body_end(&self, header: usize, depth: usize) -> BlockEnd {
        let Some(PythonLine { kind: PythonLineKind::Header(_, same_line), .. }) = self.lines.get(header)
        else {
            return BlockEnd::GoesOn;
        };
        if let Some(end) = same_line {
            return *end;
        }
        let (end, mut at) = (self.after_body(header), header + 1);
        let Some(indent) = self.lines.get(at).map(|line| line.indent) else { return BlockEnd::GoesOn };
        while at < end && depth < MAX_DEPTH {
            let Some(line) = self.lines.get(at) else { break };
            let (found, next) = match line.kind {
                // A deeper line belongs to a block that decides nothing.
                _ if line.indent > indent => (BlockEnd::GoesOn, at + 1),
                PythonLineKind::Simple(found) => (found, at + 1),
                PythonLineKind::Header(..) => self.compound_end(at, depth + 1),
            };
            if found != BlockEnd::GoesOn {
                return found;
            }
            at = next;
        }
        BlockEnd::GoesOn
    }

    /// Returns how a statement of several clauses ends, and the index of the line after it.
    fn compound_end(&self, first: usize, depth: usize) -> (BlockEnd, usize) {
        let Some(PythonLine { indent, kind: PythonLineKind::Header(kind, _), .. }) = self.lines.get(first)
        else {
            return (BlockEnd::GoesOn, first + 1);
        };
        let mut ends = vec![self.body_end(first, depth)];
        let (mut next, mut has_else, mut at_last) = (self.after_body(first), false, BlockEnd::GoesOn);
        while let Some(PythonLine { kind: PythonLineKind::Header(clause, _), .. }) =
            self.line_at(next, *indent)
        {
            let is_part = match kind {
                PythonClause::If => matches!(clause, PythonClause::Elif | PythonClause::Else),
                PythonClause::Try => {
                    matches!(clause, PythonClause::Except | PythonClause::Else | PythonClause::Finally)
                }
                _ => false,
            };
            if !is_part {
                break;
            }
            let end = self.body_end(next, depth);
            match (kind, clause) {
                (_, PythonClause::Finally) => at_last = end,
                // It runs after the block of `try`, if that goes on.
                (PythonClause::Try, PythonClause::Else) => {
                    if let Some(body) = ends.first_mut().filter(|body| **body == BlockEnd::GoesOn) {
                        *body = end;
                    }
                }
                _ => ends.push(end),
            }
            has_else |= *clause == PythonClause::Else;
            next = self.after_body(next);
        }
        let is_complete = has_else || *kind != PythonClause::If;
        let end = match () {
            () if at_last != BlockEnd::GoesOn => at_last,
            () if !is_complete || ends.contains(&BlockEnd::GoesOn) => BlockEnd::GoesOn,
            () if ends.contains(&BlockEnd::Leaves) => BlockEnd::Leaves,
            () => BlockEnd::Raises,
        };
        (end, next)
    }
}

/// Divides code into logical lines.
struct PythonLineReader<'a> {
    /// The file without comments and strings.
    code: &'a [u8],
    lines: Vec<PythonLine>,
    /// Offset and column of the first byte of the current line.
    start: Option<(usize, usize)>,
    column: usize,
    /// Number of open brackets.
    depth: usize,
}

impl PythonLineReader<'_> {
    fn read_code(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while let Some(byte) = self.code.get(at).filter(|_| at < range.end) {
            let is_pair = *byte == b'\r' && self.code.get(at + 1) == Some(&b'\n');
            match byte {
                b'\n' | b'\r' if !is_pair => {
                    if self.depth == 0 {
                        self.end_line(at);
                    }
                }
                b' ' => self.column += 1,
                b'\t' => self.column = (self.column / 8 + 1) * 8,
                0x0c => self.column = 0,
                b'\r' => {}
                b'\\' => {
                    let rest = self.code.get(at + 1..).unwrap_or_default();
                    at += if rest.starts_with(b"\r\n") { 2 } else { 1 };
                }
                _ => {
                    self.start.get_or_insert((at, self.column));
                    match byte {
                        b'(' | b'[' | b'{' => self.depth += 1,
                        b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            at += 1;
        }
    }

    fn end_line(&mut self, end: usize) {
        self.column = 0;
        if let Some((start, indent)) = self.start.take() {
            let kind = classify(self.code.get(start..end).unwrap_or_default());
            self.lines.push(PythonLine { start, indent, kind });
        }
    }
}

/// Returns what a logical line is.
fn classify(line: &[u8]) -> PythonLineKind {
    let (first, rest) = split_word(line);
    let (word, rest) = if first == b"async" { split_word(rest) } else { (first, rest) };
    let clause = match word {
        b"if" => PythonClause::If,
        b"elif" => PythonClause::Elif,
        b"else" => PythonClause::Else,
        b"try" => PythonClause::Try,
        b"except" => PythonClause::Except,
        b"finally" => PythonClause::Finally,
        // `suppress` drops what is raised in its block.
        b"with" if memchr::memmem::find(rest, b"suppress").is_none() => PythonClause::With,
        b"with" | b"for" | b"while" | b"def" | b"class" => return PythonLineKind::Simple(BlockEnd::GoesOn),
        _ => return PythonLineKind::Simple(simple_end(line)),
    };
    let Some(colon) = top_level(rest, b':').find(|at| rest.get(at + 1) != Some(&b'=')) else {
        return PythonLineKind::Simple(BlockEnd::GoesOn);
    };
    let body = trim(rest.get(colon + 1..).unwrap_or_default());
    PythonLineKind::Header(clause, (!body.is_empty()).then(|| simple_end(body)))
}

/// Returns how simple statements on one line end.
fn simple_end(line: &[u8]) -> BlockEnd {
    let mut start = 0;
    let mut ends = top_level(line, b';').chain([line.len()]).map(|end| {
        let statement = line.get(std::mem::replace(&mut start, end + 1)..end).unwrap_or_default();
        match split_word(statement).0 {
            b"raise" => BlockEnd::Raises,
            b"return" | b"break" | b"continue" => BlockEnd::Leaves,
            _ => BlockEnd::GoesOn,
        }
    });
    ends.find(|end| *end != BlockEnd::GoesOn).unwrap_or(BlockEnd::GoesOn)
}

/// Returns the offsets of a byte outside of brackets.
fn top_level(line: &[u8], wanted: u8) -> impl Iterator<Item = usize> + '_ {
    let mut depth = 0_usize;
    line.iter().enumerate().filter_map(move |(at, byte)| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0 && *byte == wanted).then_some(at)
    })
}

/// Returns the word at the begin of a text, without blanks, and the rest.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = trim(text);
    let length = text.iter().take_while(|byte| is_word(**byte)).count();
    text.split_at_checked(length).unwrap_or((text, &[]))
}

/// Removes blanks and joined line ends at both ends.
fn trim(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(*byte, b'\\' | 0x0c);
    let start = text.iter().take_while(|byte| is_blank(byte)).count();
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::language::Language;
    use super::super::lexer::tokenize;
    use super::*;

    /// Returns whether the last handler of a text raises again.
    fn raises(text: &str) -> bool {
        let lines = PythonLines::read(text.as_bytes(), &tokenize(Language::Python, text.as_bytes()));
        lines.raises_again(text.rfind("except").expect("a handler"))
    }

    #[test]
    fn a_handler_raises_if_every_path_of_its_own_block_does() {
        for block in [
            "except: raise",
            "except: undo(); raise",
            "except:\n   undo()\n   raise",
            "except:\n\tundo()\n\n\traise Failed(\n'a'\n) from None",
            "except:\n  note('''\nno\n''')\n  raise",
            "except:\n  a = b \\\n+ c\n  undo(); raise",
            "except:\n  if a:\n    raise\n  elif b: raise A\n  else:\n    undo()\n    raise B",
            "except:\n  with lock:\n    raise\n",
            "except:\n  try:\n    undo()\n  finally:\n    raise",
            "except:\n  if quiet:\n    return\n  raise",
            "except:\n  x[a:b] = {1: lambda: 2}\n  raise\nfinally:\n  done()",
            "except:  # why\n  # more\n  raise",
        ] {
            for text in [format!("try:\n  a()\n{block}\n"), format!("try:\n  a()\n{block}\nb()\n")] {
                assert!(raises(&text), "{text}");
                assert!(raises(&text.replace('\n', "\r\n")), "{text}");
                assert!(raises(&text.replace('\n', "\r")), "{text}");
            }
        }
    }

    #[test]
    fn a_handler_that_goes_on_anywhere_does_not_raise() {
        for block in [
            "except: pass",
            "except:\n  pass\nraise",
            "except:\n  return None\n  raise",
            "except:\n  if a:\n    raise",
            "except:\n  if a:\n    raise\n  else:\n    undo()",
            "except:\n  def f():\n    raise",
            "except:\n  for a in b: c(); raise",
            "except:\n  with suppress(A):\n    raise",
            "except:\n  raise_later()",
            "except:\n  text = '''\n  raise\n'''",
            "except:\n  '''\n  raise\n  '''",
            "except:\n  a(\n  raise\n  )",
            "except:\n  raise\nfinally:\n  return 1",
            "except:\n  raise\nelse:\n  b()\nfinally:\n  return 1",
            "except:\n  # raise\n  pass",
        ] {
            for text in [format!("try:\n  a()\n{block}\n"), format!("try:\n  a()\n{block}\nb()\n")] {
                assert!(!raises(&text), "{text}");
                assert!(!raises(&text.replace('\n', "\r\n")), "{text}");
            }
        }
        let outer = "try:\n  a()\nexcept:\n  try:\n    b()\n  except:\n    pass\n  raise\n";
        assert!(!raises(outer));
    }

    #[test]
    fn deep_blocks_are_not_followed_without_end() {
        let deep: String = (0..3000).map(|depth| format!("{}if a:\n", " ".repeat(depth + 1))).collect();
        assert!(!raises(&format!("try:\n a()\nexcept:\n{deep}{}raise\n", " ".repeat(3001))));
        // Many handlers beside and inside of each other, each of which is asked.
        let beside = "except:\n raise\n".repeat(50_000);
        let inside: String = (0..2000).map(|n| format!("{0}try: a()\n{0}except:\n", " ".repeat(n))).collect();
        for text in [beside, inside + &" ".repeat(2000) + "raise\n"] {
            let lines = PythonLines::read(text.as_bytes(), &tokenize(Language::Python, text.as_bytes()));
            let asked = memchr::memmem::find_iter(text.as_bytes(), b"except");
            assert!(asked.filter(|at| lines.raises_again(*at)).count() >= 1);
        }
    }
}
