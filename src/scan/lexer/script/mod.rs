//! JavaScript and TypeScript, with and without JSX: templates with nested
//! code, regular expressions told from divisions, text between tags.

mod jsx;

use crate::scan::token_map::TokenKind;

use super::{Cursor, is_word};

/// What is open at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenConstruct {
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
enum LexMode {
    Code,
    Template,
    Tag,
    Children,
}

/// What stood before, as far as it decides what `/` and `<` mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PreviousToken {
    /// A value: an operator follows.
    Value,
    /// `)`: a value, but a brace behind it opens a block.
    ClosingParen,
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
const OPERATOR_WORDS: [&[u8]; 16] = [
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

struct ScriptLexer<'a, 'b> {
    cursor: &'b mut Cursor<'a>,
    jsx: bool,
    open_constructs: Vec<OpenConstruct>,
    mode: LexMode,
    previous: PreviousToken,
    /// Whether a `case` or `default` waits for its colon.
    in_case_label: bool,
    /// Bytes that may still be looked at ahead: what is looked at again and
    /// again would cost time with the square of the length.
    lookahead_budget: usize,
}

pub(super) fn read(cursor: &mut Cursor<'_>, jsx: bool) {
    if cursor.starts_with(b"#!") {
        cursor.lex_line_comment(TokenKind::Comment);
    }
    let ahead = cursor.text.len().saturating_mul(4) + 10_000;
    let mut script = ScriptLexer {
        cursor,
        jsx,
        open_constructs: Vec::new(),
        mode: LexMode::Code,
        previous: PreviousToken::Operator,
        in_case_label: false,
        lookahead_budget: ahead,
    };
    while let Some(byte) = script.cursor.peek() {
        match script.mode {
            LexMode::Code => script.lex_code(byte),
            LexMode::Template => script.lex_template(),
            LexMode::Tag => script.lex_tag(byte),
            LexMode::Children => script.lex_children(),
        }
    }
    if script.mode == LexMode::Template {
        script.cursor.mark(TokenKind::Str);
    }
}

impl ScriptLexer<'_, '_> {
    fn lex_code(&mut self, byte: u8) {
        let next = self.cursor.peek_ahead(1);
        match byte {
            b'/' => self.lex_slash(next),
            b'"' | b'\'' => {
                self.cursor.skip(1);
                self.cursor.lex_quoted(byte, true, true, TokenKind::Str);
                self.previous = PreviousToken::Value;
            }
            b'`' => {
                self.cursor.skip(1);
                self.cursor.mark(TokenKind::Code);
                self.mode = LexMode::Template;
            }
            b'(' => self.push(
                OpenConstruct::Paren(self.previous == PreviousToken::Condition),
                PreviousToken::Operator,
            ),
            b'[' => self.push(OpenConstruct::Bracket, PreviousToken::Operator),
            b'{' => {
                let object = matches!(self.previous, PreviousToken::Operator | PreviousToken::Condition);
                // Behind a type (`): Promise<void> {`) a block begins.
                let text = self.cursor.text.get(..self.cursor.position).unwrap_or_default().trim_ascii_end();
                let typed = text.ends_with(b">") || text.ends_with(b"void");
                let object = object && !typed && !text.is_empty();
                self.push(
                    OpenConstruct::Brace(object),
                    if object { PreviousToken::Operator } else { PreviousToken::Block },
                );
            }
            b')' => {
                let condition = matches!(self.open_constructs.pop(), Some(OpenConstruct::Paren(true)));
                self.previous = if condition { PreviousToken::Block } else { PreviousToken::ClosingParen };
                self.cursor.skip(1);
            }
            b']' => {
                self.open_constructs.pop();
                self.previous = PreviousToken::Value;
                self.cursor.skip(1);
            }
            b'}' => self.close_brace(),
            b'<' if next == Some(b'<') => {
                self.previous = PreviousToken::Operator;
                self.cursor.skip(2);
            }
            b'<' if self.jsx && self.begins_element() => self.open_tag(),
            b':' if self.in_case_label => {
                self.in_case_label = false;
                self.previous = PreviousToken::Block;
                self.cursor.skip(1);
            }
            b'.' => {
                self.previous = if next == Some(b'.') { PreviousToken::Operator } else { PreviousToken::Dot };
                self.cursor.skip(if next == Some(b'.') { 3 } else { 1 });
            }
            b'+' | b'-' if next == Some(byte) => {
                if self.begins_line() {
                    self.previous = PreviousToken::Operator;
                }
                self.cursor.skip(2);
            }
            b'!' if self.follows_value() && next != Some(b'=') && !self.begins_line() => {
                self.cursor.skip(1);
            }
            b'=' if next == Some(b'>') => {
                self.previous = PreviousToken::Block;
                self.cursor.skip(2);
            }
            b';' => {
                self.previous = PreviousToken::Block;
                self.cursor.skip(1);
            }
            // A blank of two bytes.
            0xc2 if next == Some(0xa0) => self.cursor.skip(2),
            _ if is_word(byte) || matches!(byte, b'$' | b'#' | b'@' | b'\\') => self.lex_word(),
            _ if byte.is_ascii_whitespace() => self.cursor.skip(1),
            _ => {
                self.previous = PreviousToken::Operator;
                self.cursor.skip(1);
            }
        }
    }

    fn follows_value(&self) -> bool {
        matches!(self.previous, PreviousToken::Value | PreviousToken::ClosingParen)
    }

    /// Whether a line end stands between here and what is before.
    fn begins_line(&self) -> bool {
        let before = self.cursor.text.get(..self.cursor.position).unwrap_or_default();
        before.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).any(|byte| *byte == b'\n')
    }

    fn push(&mut self, open: OpenConstruct, before: PreviousToken) {
        self.open_constructs.push(open);
        self.previous = before;
        self.cursor.skip(1);
    }

    fn close_brace(&mut self) {
        let open = self.open_constructs.pop();
        self.cursor.skip(1);
        match open {
            Some(OpenConstruct::Template) => {
                self.cursor.mark(TokenKind::Code);
                self.mode = LexMode::Template;
            }
            Some(OpenConstruct::Attribute) => self.mode = LexMode::Tag,
            Some(OpenConstruct::Child) => {
                self.cursor.mark(TokenKind::Code);
                self.mode = LexMode::Children;
            }
            Some(OpenConstruct::Brace(true)) => self.previous = PreviousToken::Value,
            _ => self.previous = PreviousToken::Block,
        }
    }

    fn lex_slash(&mut self, next: Option<u8>) {
        match next {
            Some(b'/') => self.cursor.lex_line_comment_to_any_end(),
            Some(b'*') => {
                let doc = self.cursor.peek_ahead(2) == Some(b'*') && self.cursor.peek_ahead(3) != Some(b'/');
                self.cursor.lex_block_comment(
                    2,
                    b"*/",
                    if doc { TokenKind::Doc } else { TokenKind::Comment },
                );
            }
            _ if self.follows_value() || self.previous == PreviousToken::Dot => {
                self.previous = PreviousToken::Operator;
                self.cursor.skip(1);
            }
            _ => self.lex_regex(),
        }
    }

    /// A regular expression; a line end before its end makes it a division.
    fn lex_regex(&mut self) {
        let mut inside = false;
        let mut escaped = false;
        let mut length = None;
        for (at, byte) in self.cursor.rest().iter().enumerate().skip(1) {
            self.lookahead_budget = self.lookahead_budget.saturating_sub(1);
            match byte {
                b'\n' => break,
                _ if self.lookahead_budget == 0 => break,
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
                self.cursor.mark(TokenKind::Code);
                self.cursor.skip(length - 1);
                self.cursor.mark(TokenKind::Str);
                self.cursor.skip(1);
                while self.cursor.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
                    self.cursor.skip(1);
                }
                self.previous = PreviousToken::Value;
            }
            None => self.previous = PreviousToken::Operator,
        }
    }

    fn lex_word(&mut self) {
        let is_part = |byte: &u8| is_word(*byte) || matches!(byte, b'$' | b'#' | b'@' | b'\\');
        let rest = self.cursor.rest();
        let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let whole = rest.get(..end).unwrap_or_default();
        let length = memchr::memmem::find(whole, b"\xc2\xa0").unwrap_or(end).max(1);
        let word = rest.get(..length).unwrap_or_default();
        let named = self.previous == PreviousToken::Dot;
        let colon = || rest.get(length..).unwrap_or_default().trim_ascii_start().starts_with(b":");
        self.in_case_label |= !named && (word == b"case" || (word == b"default" && colon()));
        self.previous = match word {
            _ if named => PreviousToken::Value,
            b"if" | b"while" | b"for" | b"with" => PreviousToken::Condition,
            b"await" if self.previous == PreviousToken::Condition => PreviousToken::Condition,
            // Names everywhere else.
            b"of" if self.open_constructs.last() != Some(&OpenConstruct::Paren(true)) => PreviousToken::Value,
            b"as" | b"satisfies" if !self.follows_value() => PreviousToken::Value,
            b"else" | b"do" | b"try" | b"finally" => PreviousToken::Block,
            _ if OPERATOR_WORDS.contains(&word) => PreviousToken::Operator,
            _ => PreviousToken::Value,
        };
        self.cursor.skip(length);
    }

    /// The text of a template up to its end or the next `${`.
    fn lex_template(&mut self) {
        loop {
            let Some(found) = memchr::memchr3(b'`', b'\\', b'$', self.cursor.rest()) else {
                self.cursor.position = self.cursor.text.len();
                self.cursor.mark(TokenKind::Str);
                return;
            };
            self.cursor.skip(found);
            match self.cursor.peek() {
                Some(b'\\') => self.cursor.skip(2),
                Some(b'$') if self.cursor.peek_ahead(1) == Some(b'{') => {
                    self.cursor.mark(TokenKind::Str);
                    self.cursor.skip(1);
                    self.push(OpenConstruct::Template, PreviousToken::Operator);
                    self.mode = LexMode::Code;
                    return;
                }
                Some(b'$') => self.cursor.skip(1),
                _ => {
                    self.cursor.mark(TokenKind::Str);
                    self.cursor.skip(1);
                    self.mode = LexMode::Code;
                    self.previous = PreviousToken::Value;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::language::Language::{Tsx, TypeScript};
    use crate::scan::lexer::tests::assert_kinds;

    #[test]
    fn patterns_templates_and_comments() {
        assert_kinds(TypeScript, &[("a = b / c; // d", "...........cccc")]);
        assert_kinds(
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
        assert_kinds(
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
