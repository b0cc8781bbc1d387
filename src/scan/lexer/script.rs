//! JavaScript and TypeScript, with and without JSX: templates with nested
//! code, regular expressions told from divisions, text between tags.

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
}

pub(super) fn read(cursor: &mut Cursor<'_>, jsx: bool) {
    if cursor.starts(b"#!") {
        cursor.line_comment(Kind::Comment);
    }
    let mut script =
        Script { cursor, jsx, open: Vec::new(), mode: Mode::Code, before: Before::Operator, case: false };
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
                self.push(Open::Brace(object && !typed && !text.is_empty()), Before::Operator);
            }
            b')' => {
                let condition = matches!(self.open.pop(), Some(Open::Paren(true)));
                self.before = if condition { Before::Operator } else { Before::Value };
                self.cursor.skip(1);
                self.after_paren();
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
            b'+' | b'-' if next == Some(byte) => self.cursor.skip(2),
            b'!' if self.before == Before::Value && next != Some(b'=') && !self.begins_line() => {
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
            _ if is_word(byte) || matches!(byte, b'$' | b'#' | b'@' | b'\\') => self.word(),
            _ if byte.is_ascii_whitespace() => self.cursor.skip(1),
            _ => {
                self.before = Before::Operator;
                self.cursor.skip(1);
            }
        }
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

    /// A brace after `)` opens a block, if nothing but blanks stands between.
    fn after_paren(&mut self) {
        let rest = self.cursor.rest();
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if rest.get(blanks) == Some(&b'{') {
            self.before = Before::Block;
        }
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
            Some(b'/') => self.cursor.line_comment(Kind::Comment),
            Some(b'*') => {
                let doc = self.cursor.ahead(2) == Some(b'*') && self.cursor.ahead(3) != Some(b'/');
                self.cursor.block_comment(2, b"*/", if doc { Kind::Doc } else { Kind::Comment });
            }
            _ if matches!(self.before, Before::Value | Before::Dot) => {
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
            match byte {
                b'\n' => break,
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
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
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
            b"as" | b"satisfies" if self.before != Before::Value => Before::Value,
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

    /// Whether `<` begins an element: where a value is expected, before a name
    /// or `>`, and not the parameters of a generic function.
    fn begins_element(&self) -> bool {
        if matches!(self.before, Before::Value | Before::Dot) {
            return false;
        }
        let rest = self.cursor.rest().get(1..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_tag_name(*byte)).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(length).unwrap_or_default();
        if name.is_empty() {
            return after.starts_with(b">");
        }
        let next = after.trim_ascii_start();
        let bound = next
            .strip_prefix(b"extends")
            .is_some_and(|rest| !rest.first().is_some_and(|byte| is_word(*byte)));
        if name == b"const"
            || name.first().is_some_and(u8::is_ascii_digit)
            || next.starts_with(b",")
            || (next.starts_with(b"=") && after != next)
            || bound
        {
            return false;
        }
        !after.starts_with(b">(") || is_closed(after, name)
    }

    /// From `<` behind the tag's name and its type arguments.
    fn open_tag(&mut self) {
        self.cursor.skip(1);
        let length = self.cursor.rest().iter().take_while(|byte| is_tag_name(**byte)).count();
        self.cursor.skip(length);
        self.mode = Mode::Tag;
        if length == 0 || self.cursor.byte() != Some(b'<') {
            return;
        }
        let mut depth = 0_usize;
        for (at, byte) in self.cursor.rest().iter().enumerate() {
            match byte {
                b'<' => depth += 1,
                b'>' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.cursor.skip(at + 1);
                return;
            }
        }
    }

    /// In a tag, behind `<`.
    fn tag(&mut self, byte: u8) {
        match (byte, self.cursor.ahead(1)) {
            (b'/', Some(b'>')) => {
                self.cursor.skip(2);
                self.after_element();
            }
            (b'/', Some(b'/')) => self.cursor.line_comment(Kind::Comment),
            (b'/', Some(b'*')) => self.cursor.block_comment(2, b"*/", Kind::Comment),
            (b'>', _) => {
                self.cursor.skip(1);
                self.cursor.mark(Kind::Code);
                self.open.push(Open::Element);
                self.mode = Mode::Children;
            }
            (b'{', _) => {
                self.push(Open::Attribute, Before::Operator);
                self.mode = Mode::Code;
            }
            (b'"' | b'\'', _) => {
                self.cursor.skip(1);
                self.cursor.quoted(byte, false, false, Kind::Str);
            }
            (b'<', _) => {
                self.open.push(Open::TagValue);
                self.open_tag();
            }
            _ => self.cursor.skip(1),
        }
    }

    /// Text between tags.
    fn children(&mut self) {
        let found = memchr::memchr2(b'<', b'{', self.cursor.rest());
        let Some(found) = found else {
            self.cursor.at = self.cursor.text.len();
            self.cursor.mark(Kind::Text);
            return;
        };
        self.cursor.skip(found);
        self.cursor.mark(Kind::Text);
        if self.cursor.byte() == Some(b'{') {
            self.push(Open::Child, Before::Operator);
            self.mode = Mode::Code;
        } else if self.cursor.ahead(1) == Some(b'/') {
            self.cursor.behind(b">");
            self.open.pop();
            self.after_element();
        } else {
            self.open_tag();
        }
    }

    fn after_element(&mut self) {
        self.cursor.mark(Kind::Code);
        match self.open.last() {
            Some(Open::Element) => self.mode = Mode::Children,
            Some(Open::TagValue) => {
                self.open.pop();
                self.mode = Mode::Tag;
            }
            _ => {
                self.mode = Mode::Code;
                self.before = Before::Value;
            }
        }
    }
}

fn is_tag_name(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'$' | b'.' | b'-' | b':')
}

/// Whether `<Name>(` is an element: it is closed somewhere, and what stands in
/// the parentheses is no list of parameters.
fn is_closed(after: &[u8], name: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut end = None;
    for (at, byte) in after.iter().enumerate().take(4000) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    end = Some(at + 1);
                    break;
                }
            }
            _ => {}
        }
    }
    let behind = end.and_then(|end| after.get(end..)).unwrap_or_default().trim_ascii_start();
    if behind.starts_with(b"=>") || behind.starts_with(b":") {
        return false;
    }
    let mut closing = b"</".to_vec();
    closing.extend_from_slice(name);
    memchr::memmem::find_iter(after, &closing)
        .any(|at| !after.get(at + closing.len()).is_some_and(|byte| is_tag_name(*byte)))
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::{Tsx, TypeScript};
    use super::super::tests::check;

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
