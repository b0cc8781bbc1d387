//! JSX: elements, attributes, and the text between tags.

use super::{LexMode, OpenConstruct, PreviousToken, ScriptLexer, TokenKind, is_word};

impl ScriptLexer<'_, '_> {
    /// Returns whether `<` begins an element: a value is expected, a name or `>` follows,
    /// and it does not begin the type parameters of a generic function.
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
        let is_constraint = next
            .strip_prefix(b"extends")
            .is_some_and(|rest| !rest.first().is_some_and(|byte| is_word(*byte)));
        if name == b"const"
            || name.first().is_some_and(u8::is_ascii_digit)
            || next.starts_with(b",")
            || (next.starts_with(b"=") && after != next)
            || is_constraint
        {
            return false;
        }
        if !after.starts_with(b">(") || self.lookahead_budget == 0 {
            return true;
        }
        let (is_closed, read_bytes) = has_closing_tag(after, name);
        self.lookahead_budget = self.lookahead_budget.saturating_sub(read_bytes);
        is_closed
    }

    /// Reads from `<` to the end of the tag's name and its type arguments.
    pub(super) fn open_tag(&mut self) {
        self.cursor.skip(1);
        let length = self.cursor.rest().iter().take_while(|byte| is_tag_name(**byte)).count();
        self.cursor.skip(length);
        self.mode = LexMode::Tag;
        if length == 0 || self.cursor.peek() != Some(b'<') {
            return;
        }
        let mut depth = 0_usize;
        // Type arguments are short; a longer text is something else.
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

    /// Reads one token in a tag, after its name.
    pub(super) fn lex_tag(&mut self, byte: u8) {
        match (byte, self.cursor.peek_ahead(1)) {
            (b'/', Some(b'>')) => {
                self.cursor.skip(2);
                self.after_element();
            }
            (b'/', Some(b'/')) => self.cursor.lex_line_comment_to_any_end(),
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

    /// Reads text between tags.
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
            self.lex_closing_tag();
        } else {
            self.open_tag();
        }
    }

    /// Reads from `</` to the end of the closing tag, which can contain comments.
    fn lex_closing_tag(&mut self) {
        self.cursor.skip(2);
        while let Some(found) = memchr::memchr2(b'>', b'/', self.cursor.rest()) {
            self.cursor.skip(found);
            match (self.cursor.peek(), self.cursor.peek_ahead(1)) {
                (Some(b'/'), Some(b'*')) => self.cursor.lex_block_comment(2, b"*/", TokenKind::Comment),
                (Some(b'/'), Some(b'/')) => self.cursor.lex_line_comment_to_any_end(),
                (Some(b'/'), _) => self.cursor.skip(1),
                _ => {
                    self.cursor.skip(1);
                    self.open_constructs.pop();
                    self.after_element();
                    return;
                }
            }
        }
        self.cursor.position = self.cursor.text.len();
    }

    /// Sets the mode after the end of an element.
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

/// Returns whether `<Name>(` is an element, and how many bytes were read to decide. It is
/// one if a closing tag follows and the parentheses are not a parameter list.
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
    let following = end.and_then(|end| after.get(end..)).unwrap_or_default().trim_ascii_start();
    if following.starts_with(b"=>") || following.starts_with(b":") {
        return (false, 4000);
    }
    let mut closing = b"</".to_vec();
    closing.extend_from_slice(name);
    let found = memchr::memmem::find_iter(after, &closing)
        .find(|at| !after.get(at + closing.len()).is_some_and(|byte| is_tag_name(*byte)));
    (found.is_some(), found.unwrap_or(after.len()) + 4000)
}
