//! JSX: elements, their attributes, and the text between tags.

use super::{LexMode, OpenConstruct, PreviousToken, ScriptLexer, TokenKind, is_word};

impl ScriptLexer<'_, '_> {
    /// Whether `<` begins an element: where a value is expected, before a name
    /// or `>`, and not the parameters of a generic function.
    pub(super) fn begins_element(&mut self) -> bool {
        if self.follows_value() || self.previous == PreviousToken::Dot {
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
        if !after.starts_with(b">(") || self.lookahead_budget == 0 {
            return true;
        }
        let (closed, looked_at) = has_closing_tag(after, name);
        self.lookahead_budget = self.lookahead_budget.saturating_sub(looked_at);
        closed
    }

    /// From `<` behind the tag's name and its type arguments.
    pub(super) fn open_tag(&mut self) {
        self.cursor.skip(1);
        let length = self.cursor.rest().iter().take_while(|byte| is_tag_name(**byte)).count();
        self.cursor.skip(length);
        self.mode = LexMode::Tag;
        if length == 0 || self.cursor.peek() != Some(b'<') {
            return;
        }
        let mut depth = 0_usize;
        // Type arguments are short; what is longer is something else.
        for (at, byte) in self.cursor.rest().iter().enumerate().take(500) {
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
    pub(super) fn lex_tag(&mut self, byte: u8) {
        match (byte, self.cursor.peek_ahead(1)) {
            (b'/', Some(b'>')) => {
                self.cursor.skip(2);
                self.after_element();
            }
            (b'/', Some(b'/')) => self.cursor.lex_line_comment(TokenKind::Comment),
            (b'/', Some(b'*')) => self.cursor.lex_block_comment(2, b"*/", TokenKind::Comment),
            (b'>', _) => {
                self.cursor.skip(1);
                self.cursor.mark(TokenKind::Code);
                self.open_constructs.push(OpenConstruct::Element);
                self.mode = LexMode::Children;
            }
            (b'{', _) => {
                self.push(OpenConstruct::Attribute, PreviousToken::Operator);
                self.mode = LexMode::Code;
            }
            (b'"' | b'\'', _) => {
                self.cursor.skip(1);
                self.cursor.lex_quoted(byte, false, false, TokenKind::Str);
            }
            (b'<', _) => {
                self.open_constructs.push(OpenConstruct::TagValue);
                self.open_tag();
            }
            _ => self.cursor.skip(1),
        }
    }

    /// Text between tags.
    pub(super) fn lex_children(&mut self) {
        let found = memchr::memchr2(b'<', b'{', self.cursor.rest());
        let Some(found) = found else {
            self.cursor.position = self.cursor.text.len();
            self.cursor.mark(TokenKind::Text);
            return;
        };
        self.cursor.skip(found);
        self.cursor.mark(TokenKind::Text);
        if self.cursor.peek() == Some(b'{') {
            self.push(OpenConstruct::Child, PreviousToken::Operator);
            self.mode = LexMode::Code;
        } else if self.cursor.peek_ahead(1) == Some(b'/') {
            self.cursor.skip_past(b">");
            self.open_constructs.pop();
            self.after_element();
        } else {
            self.open_tag();
        }
    }

    fn after_element(&mut self) {
        self.cursor.mark(TokenKind::Code);
        match self.open_constructs.last() {
            Some(OpenConstruct::Element) => self.mode = LexMode::Children,
            Some(OpenConstruct::TagValue) => {
                self.open_constructs.pop();
                self.mode = LexMode::Tag;
            }
            _ => {
                self.mode = LexMode::Code;
                self.previous = PreviousToken::Value;
            }
        }
    }
}

fn is_tag_name(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'$' | b'.' | b'-' | b':')
}

/// Whether `<Name>(` is an element: it is closed somewhere, and what stands in
/// the parentheses is no list of parameters.
///
/// Beside the answer, how many bytes were looked at.
fn has_closing_tag(after: &[u8], name: &[u8]) -> (bool, usize) {
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
        return (false, 4000);
    }
    let mut closing = b"</".to_vec();
    closing.extend_from_slice(name);
    let found = memchr::memmem::find_iter(after, &closing)
        .find(|at| !after.get(at + closing.len()).is_some_and(|byte| is_tag_name(*byte)));
    (found.is_some(), found.unwrap_or(after.len()) + 4000)
}
