//! Token kinds of a text: code, comment, documentation, string or prose for each byte.

use std::ops::Range;

/// Kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// Program text, including the quotes of strings.
    Code,
    /// Prose between markup, and the whole text of a file without a known language.
    Text,
    /// A comment, including its delimiters.
    Comment,
    /// A documentation comment or documentation string.
    Doc,
    /// The content of a string, regular expression or character literal.
    Str,
}

impl TokenKind {
    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A set of token kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKindSet(u8);

impl TokenKindSet {
    /// All kinds.
    pub const ANY: Self = Self(0b1_1111);

    /// Creates a set of these kinds.
    #[must_use]
    pub fn of(kinds: &[TokenKind]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | kind.bit()))
    }

    /// Returns whether the set contains a kind.
    #[must_use]
    pub fn contains(self, kind: TokenKind) -> bool {
        self.0 & kind.bit() != 0
    }
}

/// A text divided into tokens of one kind each, without gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TokenMap {
    /// End offset and kind of each token.
    tokens: Vec<(usize, TokenKind)>,
}

impl TokenMap {
    /// Creates the map of a text of `length` bytes with a single token.
    #[must_use]
    pub(crate) fn uniform(kind: TokenKind, length: usize) -> Self {
        let mut out = Self::default();
        out.extend_to(kind, length);
        out
    }

    /// Returns the end offset of the last token.
    #[must_use]
    pub(crate) fn end(&self) -> usize {
        self.tokens.last().map_or(0, |(end, _)| *end)
    }

    /// Marks all bytes from the last token up to `end` as `kind`.
    pub(crate) fn extend_to(&mut self, kind: TokenKind, end: usize) {
        if end <= self.end() {
            return;
        }
        match self.tokens.last_mut() {
            Some((last, same)) if *same == kind => *last = end,
            _ => self.tokens.push((end, kind)),
        }
    }

    /// Returns the token kind at a byte offset.
    #[cfg(test)]
    pub(crate) fn kind_at(&self, offset: usize) -> TokenKind {
        let index = self.tokens.partition_point(|(end, _)| *end <= offset);
        self.tokens.get(index).or(self.tokens.last()).map_or(TokenKind::Text, |(_, kind)| *kind)
    }

    /// Returns the tokens in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Range<usize>, TokenKind)> + '_ {
        let starts = std::iter::once(0).chain(self.tokens.iter().map(|(end, _)| *end));
        starts.zip(&self.tokens).map(|(start, (end, kind))| (start..*end, *kind))
    }

    /// Returns the last `count` tokens, in reverse order.
    pub(super) fn iter_last(&self, count: usize) -> impl Iterator<Item = (Range<usize>, TokenKind)> + '_ {
        let ends = self.tokens.iter().rev();
        let starts = self.tokens.iter().rev().skip(1).map(|(end, _)| *end).chain([0]);
        ends.zip(starts).map(|((end, kind), start)| (start..*end, *kind)).take(count)
    }

    /// Returns a copy of the text, of the same length, in which only some kinds are
    /// visible. Comments become spaces, other tokens a byte that no pattern matches.
    /// Line endings are kept.
    #[must_use]
    pub(crate) fn masked_text(&self, text: &[u8], visible: TokenKindSet) -> Vec<u8> {
        let mut out = text.to_vec();
        for (range, kind) in self.iter().filter(|(_, kind)| !visible.contains(*kind)) {
            let fill = if matches!(kind, TokenKind::Comment | TokenKind::Doc) { b' ' } else { MASK };
            let hidden = out.get_mut(range).unwrap_or_default();
            let mut from = 0;
            while let Some(rest) = hidden.get_mut(from..) {
                let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                rest.get_mut(..end).unwrap_or_default().fill(fill);
                from += end + 1;
            }
        }
        out
    }
}

impl TokenMap {
    /// Makes the blanks of masked code visible: between comments, they separate nothing.
    pub(crate) fn show_blanks_of_code(&self, text: &[u8], masked: &mut [u8]) {
        for (range, _) in self.iter().filter(|(_, kind)| *kind == TokenKind::Code) {
            let bytes = text.get(range.clone()).unwrap_or_default();
            for (byte, shown) in bytes.iter().zip(masked.get_mut(range).unwrap_or_default()) {
                if matches!(*byte, b' ' | b'\t') {
                    *shown = *byte;
                }
            }
        }
    }

    /// Makes bytes of code visible that say what a string is: the brace that begins a field,
    /// as in `f"a{b}"` and `a${b}`, and the slash before a regular expression. So a pattern can
    /// see that a part is filled in, and that a text is no sentence of another language.
    pub(crate) fn show_kinds_of_strings(&self, text: &[u8], masked: &mut [u8]) {
        let mut show = |at: usize, byte: u8| {
            if text.get(at) == Some(&byte)
                && let Some(shown) = masked.get_mut(at)
            {
                *shown = byte;
            }
        };
        let mut before = None;
        for (range, kind) in self.iter() {
            if kind == TokenKind::Code && before == Some(TokenKind::Str) {
                let is_template = text.get(range.start..).is_some_and(|rest| rest.starts_with(b"${"));
                if is_template {
                    show(range.start, b'$');
                }
                show(range.start + usize::from(is_template), b'{');
            }
            if let (TokenKind::Str, Some(at)) = (kind, range.start.checked_sub(1)) {
                show(at, b'/');
            }
            before = Some(kind);
        }
    }

    /// Replaces the line ends of code that patterns do not know by line feeds, in a masked
    /// text: a carriage return without a line feed, U+2028 and U+2029. The length stays.
    pub(crate) fn normalize_line_ends(&self, masked: &mut [u8]) {
        if memchr::memchr2(b'\r', 0xe2, masked).is_none() {
            return;
        }
        for (range, _) in self.iter().filter(|(_, kind)| *kind == TokenKind::Code) {
            for at in range {
                let rest = masked.get(at..).unwrap_or_default();
                let length = match rest {
                    [b'\r', next, ..] if *next != b'\n' => 1,
                    [b'\r'] => 1,
                    [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
                    _ => continue,
                };
                for (byte, fill) in masked.iter_mut().skip(at).take(length).zip(*b"\n  ") {
                    *byte = fill;
                }
            }
        }
    }
}

/// Replaces masked bytes: neither whitespace nor part of a word.
const MASK: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_text_keeps_its_length_and_lines() {
        let mut token_map = TokenMap::default();
        token_map.extend_to(TokenKind::Code, 4);
        token_map.extend_to(TokenKind::Str, 6);
        token_map.extend_to(TokenKind::Code, 8);
        token_map.extend_to(TokenKind::Comment, 13);
        let text = b"f(\"\nx\");//\nyz";
        let text = text.get(..13).expect("text");
        let masked = token_map.masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
        assert_eq!(masked, b"f(\"\n\x01\x01);  \n  ");
        assert_eq!(token_map.kind_at(4), TokenKind::Str);
        assert_eq!(token_map.kind_at(99), TokenKind::Comment);
    }
}
