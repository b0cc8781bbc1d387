//! JavaScript and TypeScript, with and without JSX: templates with nested code, regular
//! expressions (distinguished from divisions), and text between tags.

mod jsx;

use crate::scan::token_map::TokenKind;

use super::{Cursor, is_word};

/// A construct that is not closed yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenConstruct {
    /// `(`; true if it is a condition, as in `if (…)`, so that a statement follows it.
    Paren(bool),
    Bracket,
    /// `{`; true if it is an object, which is a value when closed.
    Brace(bool),
    /// `${` in a template.
    Template,
    /// `{` in a tag.
    Attribute,
    /// `{` between tags.
    Child,
    /// An element, between its opening and closing tags.
    Element,
    /// An element that is the value of an attribute.
    TagValue,
}

/// The way the next byte is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LexMode {
    Code,
    Template,
    Tag,
    Children,
}

/// Kind of the previous token; it decides the meaning of `/`, `<` and `{`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PreviousToken {
    /// A value: an operator follows.
    Value,
    /// `)`: a value, but a brace after it opens a block.
    ClosingParen,
    /// An operator: a value follows.
    Operator,
    /// A dot: a name follows, which can be equal to a keyword.
    Dot,
    /// `if`, `while`, `for`, `with`: a parenthesis follows.
    Condition,
    /// `=>`, the `)` of a condition, or a keyword such as `else`: a brace opens a block.
    Block,
}

/// Keywords that a value follows.
const OPERATOR_KEYWORDS: [&[u8]; 16] = [
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

/// The separators of lines U+2028 and U+2029.
const LINE_SEPARATORS: [&[u8]; 2] = [b"\xe2\x80\xa8", b"\xe2\x80\xa9"];

/// Lexer state.
struct ScriptLexer<'a, 'b> {
    cursor: &'b mut Cursor<'a>,
    jsx: bool,
    open_constructs: Vec<OpenConstruct>,
    mode: LexMode,
    previous: PreviousToken,
    /// Whether the colon of a `case` or `default` label has not been read yet.
    in_case_label: bool,
    /// Number of bytes that may still be read ahead. Without the limit, repeated lookahead
    /// would take quadratic time.
    lookahead_budget: usize,
}

pub(super) fn read(cursor: &mut Cursor<'_>, jsx: bool) {
    if cursor.starts_with(b"#!") {
        cursor.lex_line_comment_to_any_end();
    }
    let lookahead_budget = cursor.text.len().saturating_mul(4) + 10_000;
    let mut script = ScriptLexer {
        cursor,
        jsx,
        open_constructs: Vec::new(),
        mode: LexMode::Code,
        previous: PreviousToken::Operator,
        in_case_label: false,
        lookahead_budget,
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
    /// Reads one token of code that begins with `byte`.
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
                let expects_value =
                    matches!(self.previous, PreviousToken::Operator | PreviousToken::Condition);
                // After a type (`): Promise<void> {`) a block begins.
                let text = self.cursor.text.get(..self.cursor.position).unwrap_or_default().trim_ascii_end();
                let follows_type = text.ends_with(b">") || text.ends_with(b"void");
                let is_object = expects_value && !follows_type && !text.is_empty();
                self.push(
                    OpenConstruct::Brace(is_object),
                    if is_object { PreviousToken::Operator } else { PreviousToken::Block },
                );
            }
            b')' => {
                let is_condition = matches!(self.open_constructs.pop(), Some(OpenConstruct::Paren(true)));
                self.previous = if is_condition { PreviousToken::Block } else { PreviousToken::ClosingParen };
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
            // A no-break space (U+00A0), or a line separator (U+2028, U+2029).
            0xc2 if next == Some(0xa0) => self.cursor.skip(2),
            0xe2 if LINE_SEPARATORS.iter().any(|one| self.cursor.starts_with(one)) => self.cursor.skip(3),
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

    /// Returns whether there is a newline between the previous token and the position.
    fn begins_line(&self) -> bool {
        let before = self.cursor.text.get(..self.cursor.position).unwrap_or_default();
        before
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_whitespace())
            .any(|byte| matches!(byte, b'\n' | b'\r'))
    }

    /// Opens a construct at the current byte and skips the byte.
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

    /// Reads a regular expression; if a newline precedes its end, it is a division.
    fn lex_regex(&mut self) {
        let mut in_class = false;
        let mut escaped = false;
        let mut length = None;
        for (at, byte) in self.cursor.rest().iter().enumerate().skip(1) {
            self.lookahead_budget = self.lookahead_budget.saturating_sub(1);
            match byte {
                b'\n' | b'\r' => break,
                _ if self.lookahead_budget == 0 => break,
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => {
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
        let spaces = [&b"\xc2\xa0"[..]].into_iter().chain(LINE_SEPARATORS);
        let length = spaces.filter_map(|space| memchr::memmem::find(whole, space)).min();
        let length = length.unwrap_or(end).max(1);
        let word = rest.get(..length).unwrap_or_default();
        let is_member = self.previous == PreviousToken::Dot;
        let colon = || rest.get(length..).unwrap_or_default().trim_ascii_start().starts_with(b":");
        self.in_case_label |= !is_member && (word == b"case" || (word == b"default" && colon()));
        self.previous = match word {
            _ if is_member => PreviousToken::Value,
            b"if" | b"while" | b"for" | b"with" => PreviousToken::Condition,
            b"await" if self.previous == PreviousToken::Condition => PreviousToken::Condition,
            // In other positions these words are names.
            b"of" if self.open_constructs.last() != Some(&OpenConstruct::Paren(true)) => PreviousToken::Value,
            b"as" | b"satisfies" if !self.follows_value() => PreviousToken::Value,
            b"else" | b"do" | b"try" | b"finally" => PreviousToken::Block,
            _ if OPERATOR_KEYWORDS.contains(&word) => PreviousToken::Operator,
            _ => PreviousToken::Value,
        };
        self.cursor.skip(length);
    }

    /// Reads the text of a template up to its end or the next `${`.
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
    fn regular_expressions_templates_and_comments_are_read() {
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
    fn text_between_tags_is_not_code() {
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
                ("i = <S<T> u='v'>it's</S>;", ".............s..tttt....."),
                ("j = <p>x</p /* c */>; k = <>y</ // d", ".......t....ccccccc.........t...cccc"),
                (">;", ".."),
            ],
        );
    }
}
