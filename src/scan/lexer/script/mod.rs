//! JavaScript and TypeScript, with and without JSX: templates with nested
//! code, regular expressions told from divisions, text between tags.

mod jsx;

use super::super::region::Kind;
use super::{Cursor, is_word};

/// What is open at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `(`; whether what follows its end begins an expression, as after `if (…)`.
    Paren(bool),
    Bracket,
    /// `{`; whether it is an object, so a value when closed.
    Brace(bool),
    /// `${` in a template.
    Template,
    /// `{` in a tag.
    Attribute,
    /// `{` between tags.
    Child,
    /// An element whose children are read.
    Element,
    /// An element that is the value of an attribute.
    TagValue,
}

/// How the next byte is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Code,
    Template,
    Tag,
    Children,
}

/// What stood before, as far as it decides what `/` and `<` mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A value: an operator follows.
    Value,
    /// `)`: a value, but a brace behind it opens a block.
    Closed,
    /// An operator: a value follows.
    Operator,
    /// A dot: a name follows, whatever its letters.
    Dot,
    /// `if`, `while`, `for`, `with`: a parenthesis follows.
    Condition,
    /// `=>` or `)` or a word like `else`: a brace opens a block.
    Block,
}

/// Words after which a value follows.
const OPERATORS: [&[u8]; 16] = [
    b"return",
    b"typeof",
    b"case",
    b"in",
    b"of",
    b"delete",
    b"void",
    b"throw",
    b"new",
    b"instanceof",
    b"await",
    b"yield",
    b"default",
    b"extends",
    b"satisfies",
    b"as",
];

struct Script<'a, 'b> {
    cursor: &'b mut Cursor<'a>,
    jsx: bool,
    open: Vec<Open>,
    mode: Mode,
    before: Before,
    /// Whether a `case` or `default` waits for its colon.
    case: bool,
    /// Bytes that may still be looked at ahead: what is looked at again and
    /// again would cost time with the square of the length.
    ahead: usize,
}

pub(super) fn read(cursor: &mut Cursor<'_>, jsx: bool) {
    if cursor.starts(b"#!") {
        cursor.line_comment(Kind::Comment);
    }
    let ahead = cursor.text.len().saturating_mul(4) + 10_000;
    let mut script = Script {
        cursor,
        jsx,
        open: Vec::new(),
        mode: Mode::Code,
        before: Before::Operator,
        case: false,
        ahead,
    };
    while let Some(byte) = script.cursor.byte() {
        match script.mode {
            Mode::Code => script.code(byte),
            Mode::Template => script.template(),
            Mode::Tag => script.tag(byte),
            Mode::Children => script.children(),
        }
    }
    if script.mode == Mode::Template {
        script.cursor.mark(Kind::Str);
    }
}

impl Script<'_, '_> {
    fn code(&mut self, byte: u8) {
        let next = self.cursor.ahead(1);
        match byte {
            b'/' => self.slash(next),
            b'"' | b'\'' => {
                self.cursor.skip(1);
                self.cursor.quoted(byte, true, true, Kind::Str);
                self.before = Before::Value;
            }
            b'`' => {
                self.cursor.skip(1);
                self.cursor.mark(Kind::Code);
                self.mode = Mode::Template;
            }
            b'(' => self.push(Open::Paren(self.before == Before::Condition), Before::Operator),
            b'[' => self.push(Open::Bracket, Before::Operator),
            b'{' => {
                let object = matches!(self.before, Before::Operator | Before::Condition);
                // Behind a type (`): Promise<void> {`) a block begins.
                let text = self.cursor.text.get(..self.cursor.at).unwrap_or_default().trim_ascii_end();
                let typed = text.ends_with(b">") || text.ends_with(b"void");
                let object = object && !typed && !text.is_empty();
                self.push(Open::Brace(object), if object { Before::Operator } else { Before::Block });
            }
            b')' => {
                let condition = matches!(self.open.pop(), Some(Open::Paren(true)));
                self.before = if condition { Before::Block } else { Before::Closed };
                self.cursor.skip(1);
            }
            b']' => {
                self.open.pop();
                self.before = Before::Value;
                self.cursor.skip(1);
            }
            b'}' => self.close(),
            b'<' if next == Some(b'<') => {
                self.before = Before::Operator;
                self.cursor.skip(2);
            }
            b'<' if self.jsx && self.begins_element() => self.open_tag(),
            b':' if self.case => {
                self.case = false;
                self.before = Before::Block;
                self.cursor.skip(1);
            }
            b'.' => {
                self.before = if next == Some(b'.') { Before::Operator } else { Before::Dot };
                self.cursor.skip(if next == Some(b'.') { 3 } else { 1 });
            }
            b'+' | b'-' if next == Some(byte) => {
                if self.begins_line() {
                    self.before = Before::Operator;
                }
                self.cursor.skip(2);
            }
            b'!' if self.is_value() && next != Some(b'=') && !self.begins_line() => {
                self.cursor.skip(1);
            }
            b'=' if next == Some(b'>') => {
                self.before = Before::Block;
                self.cursor.skip(2);
            }
            b';' => {
                self.before = Before::Block;
                self.cursor.skip(1);
            }
            // A blank of two bytes.
            0xc2 if next == Some(0xa0) => self.cursor.skip(2),
            _ if is_word(byte) || matches!(byte, b'$' | b'#' | b'@' | b'\\') => self.word(),
            _ if byte.is_ascii_whitespace() => self.cursor.skip(1),
            _ => {
                self.before = Before::Operator;
                self.cursor.skip(1);
            }
        }
    }

    fn is_value(&self) -> bool {
        matches!(self.before, Before::Value | Before::Closed)
    }

    /// Whether a line end stands between here and what is before.
    fn begins_line(&self) -> bool {
        let before = self.cursor.text.get(..self.cursor.at).unwrap_or_default();
        before.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).any(|byte| *byte == b'\n')
    }

    fn push(&mut self, open: Open, before: Before) {
        self.open.push(open);
        self.before = before;
        self.cursor.skip(1);
    }

    fn close(&mut self) {
        let open = self.open.pop();
        self.cursor.skip(1);
        match open {
            Some(Open::Template) => {
                self.cursor.mark(Kind::Code);
                self.mode = Mode::Template;
            }
            Some(Open::Attribute) => self.mode = Mode::Tag,
            Some(Open::Child) => {
                self.cursor.mark(Kind::Code);
                self.mode = Mode::Children;
            }
            Some(Open::Brace(true)) => self.before = Before::Value,
            _ => self.before = Before::Block,
        }
    }

    fn slash(&mut self, next: Option<u8>) {
        match next {
            Some(b'/') => self.cursor.short_comment(),
            Some(b'*') => {
                let doc = self.cursor.ahead(2) == Some(b'*') && self.cursor.ahead(3) != Some(b'/');
                self.cursor.block_comment(2, b"*/", if doc { Kind::Doc } else { Kind::Comment });
            }
            _ if self.is_value() || self.before == Before::Dot => {
                self.before = Before::Operator;
                self.cursor.skip(1);
            }
            _ => self.pattern(),
        }
    }

    /// A regular expression; a line end before its end makes it a division.
    fn pattern(&mut self) {
        let mut inside = false;
        let mut escaped = false;
        let mut length = None;
        for (at, byte) in self.cursor.rest().iter().enumerate().skip(1) {
            self.ahead = self.ahead.saturating_sub(1);
            match byte {
                b'\n' => break,
                _ if self.ahead == 0 => break,
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'[' => inside = true,
                b']' => inside = false,
                b'/' if !inside => {
                    length = Some(at);
                    break;
                }
                _ => {}
            }
        }
        self.cursor.skip(1);
        match length {
            Some(length) => {
                self.cursor.mark(Kind::Code);
                self.cursor.skip(length - 1);
                self.cursor.mark(Kind::Str);
                self.cursor.skip(1);
                while self.cursor.byte().is_some_and(|byte| byte.is_ascii_alphabetic()) {
                    self.cursor.skip(1);
                }
                self.before = Before::Value;
            }
            None => self.before = Before::Operator,
        }
    }

    fn word(&mut self) {
        let is_part = |byte: &u8| is_word(*byte) || matches!(byte, b'$' | b'#' | b'@' | b'\\');
        let rest = self.cursor.rest();
        let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let whole = rest.get(..end).unwrap_or_default();
        let length = memchr::memmem::find(whole, b"\xc2\xa0").unwrap_or(end).max(1);
        let word = rest.get(..length).unwrap_or_default();
        let named = self.before == Before::Dot;
        let colon = || rest.get(length..).unwrap_or_default().trim_ascii_start().starts_with(b":");
        self.case |= !named && (word == b"case" || (word == b"default" && colon()));
        self.before = match word {
            _ if named => Before::Value,
            b"if" | b"while" | b"for" | b"with" => Before::Condition,
            b"await" if self.before == Before::Condition => Before::Condition,
            // Names everywhere else.
            b"of" if self.open.last() != Some(&Open::Paren(true)) => Before::Value,
            b"as" | b"satisfies" if !self.is_value() => Before::Value,
            b"else" | b"do" | b"try" | b"finally" => Before::Block,
            _ if OPERATORS.contains(&word) => Before::Operator,
            _ => Before::Value,
        };
        self.cursor.skip(length);
    }

    /// The text of a template up to its end or the next `${`.
    fn template(&mut self) {
        loop {
            let Some(found) = memchr::memchr3(b'`', b'\\', b'$', self.cursor.rest()) else {
                self.cursor.at = self.cursor.text.len();
                self.cursor.mark(Kind::Str);
                return;
            };
            self.cursor.skip(found);
            match self.cursor.byte() {
                Some(b'\\') => self.cursor.skip(2),
                Some(b'$') if self.cursor.ahead(1) == Some(b'{') => {
                    self.cursor.mark(Kind::Str);
                    self.cursor.skip(1);
                    self.push(Open::Template, Before::Operator);
                    self.mode = Mode::Code;
                    return;
                }
                Some(b'$') => self.cursor.skip(1),
                _ => {
                    self.cursor.mark(Kind::Str);
                    self.cursor.skip(1);
                    self.mode = Mode::Code;
                    self.before = Before::Value;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::language::Language::{Tsx, TypeScript};
    use crate::scan::lexer::tests::check;

    #[test]
    fn patterns_templates_and_comments() {
        check(TypeScript, &[("a = b / c; // d", "...........cccc")]);
        check(
            TypeScript,
            &[
                ("if (x) /y'/.test(z)", "........ss........."),
                ("t = `a${f({b: `c`})}d` /* e */", ".....s.........s....s..ccccccc"),
                ("x! / 2 / y /** d */", "...........dddddddd"),
                ("return /'/", "........s."),
                ("x.return / 'a'", "............s."),
                ("a = {} / 'b'", "..........s."),
                ("const f = <T>(x: T) => x; // c", "..........................cccc"),
            ],
        );
    }

    #[test]
    fn text_between_tags_is_no_code() {
        check(
            Tsx,
            &[
                ("a = <p>it's // {b /* c */} d</p>; // e", ".......tttttttt...ccccccc.tt......cccc"),
                ("b = <A x='y' z={<b>t</b>} /> / 2; // e", "..........s........t..............cccc"),
                ("c = <T,>(x: T) => 'y';", "...................s.."),
                ("type F = <T>(x: T) => 'y';", ".......................s.."),
                ("d = x < y && z > 'w';", "..................s.."),
                ("e = <><i/>f</>;", "..........t...."),
                ("f = 1<<0, g = 'a';", "...............s.."),
                ("h = <A b=<C /> d='e'>it's</A>;", "..................s..tttt....."),
                (
                    "i = <S<T> u='v'>it's</S>;",
                    "...............".replace("...............", ".............s..tttt.....").as_str(),
                ),
            ],
        );
    }
}
