//! What each byte of a text is: code, comment, string, prose.

use std::ops::Range;

/// What a stretch of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// Program text, the quotes of strings included.
    Code,
    /// Prose between markup, and all of a file without a known language.
    Text,
    /// A comment, its marks included.
    Comment,
    /// A comment or string that documents what stands beside it.
    Doc,
    /// What stands between the quotes of a string, pattern or character.
    Str,
}

impl TokenKind {
    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// Some of the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKindSet(u8);

impl TokenKindSet {
    /// Every kind.
    pub const ANY: Self = Self(0b1_1111);

    /// These kinds.
    #[must_use]
    pub fn of(kinds: &[TokenKind]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | kind.bit()))
    }

    /// Whether a kind is one of them.
    #[must_use]
    pub fn contains(self, kind: TokenKind) -> bool {
        self.0 & kind.bit() != 0
    }
}

/// A text cut into stretches of one kind each, without gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenMap {
    /// Where each stretch ends, and what it is.
    segments: Vec<(usize, TokenKind)>,
}

impl TokenMap {
    /// A text of this length that is all of one kind.
    #[must_use]
    pub fn uniform(kind: TokenKind, length: usize) -> Self {
        let mut out = Self::default();
        out.extend_to(kind, length);
        out
    }

    /// Where the last stretch ends.
    #[must_use]
    pub fn end(&self) -> usize {
        self.segments.last().map_or(0, |(end, _)| *end)
    }

    /// Says that everything up to `end` that was not said before is `kind`.
    pub fn extend_to(&mut self, kind: TokenKind, end: usize) {
        if end <= self.end() {
            return;
        }
        match self.segments.last_mut() {
            Some((last, same)) if *same == kind => *last = end,
            _ => self.segments.push((end, kind)),
        }
    }

    /// What stands at a byte.
    #[must_use]
    pub fn kind_at(&self, offset: usize) -> TokenKind {
        let index = self.segments.partition_point(|(end, _)| *end <= offset);
        self.segments.get(index).or(self.segments.last()).map_or(TokenKind::Text, |(_, kind)| *kind)
    }

    /// The stretches in order.
    pub fn iter(&self) -> impl Iterator<Item = (Range<usize>, TokenKind)> + '_ {
        let starts = std::iter::once(0).chain(self.segments.iter().map(|(end, _)| *end));
        starts.zip(&self.segments).map(|(start, (end, kind))| (start..*end, *kind))
    }

    /// The last stretches, the very last first.
    pub(super) fn iter_last(&self, count: usize) -> impl Iterator<Item = (Range<usize>, TokenKind)> + '_ {
        let ends = self.segments.iter().rev();
        let starts = self.segments.iter().rev().skip(1).map(|(end, _)| *end).chain([0]);
        ends.zip(starts).map(|((end, kind), start)| (start..*end, *kind)).take(count)
    }

    /// A copy of the text, of the same length, in which only some kinds can be
    /// read: comments become blanks, all else a byte that no pattern means.
    /// Line ends stay where they are.
    #[must_use]
    pub fn masked_text(&self, text: &[u8], shown: TokenKindSet) -> Vec<u8> {
        let mut out = text.to_vec();
        for (range, kind) in self.iter().filter(|(_, kind)| !shown.contains(*kind)) {
            let fill = if matches!(kind, TokenKind::Comment | TokenKind::Doc) { b' ' } else { MASK };
            for byte in out.get_mut(range).unwrap_or_default() {
                if !matches!(*byte, b'\n' | b'\r') {
                    *byte = fill;
                }
            }
        }
        out
    }
}

/// Stands for what a view hides: neither blank nor part of a word.
const MASK: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_keep_length_and_lines() {
        let mut regions = TokenMap::default();
        regions.extend_to(TokenKind::Code, 4);
        regions.extend_to(TokenKind::Str, 6);
        regions.extend_to(TokenKind::Code, 8);
        regions.extend_to(TokenKind::Comment, 13);
        let text = b"f(\"\nx\");//\nyz";
        let text = text.get(..13).expect("text");
        let view = regions.masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
        assert_eq!(view, b"f(\"\n\x01\x01);  \n  ");
        assert_eq!(regions.kind_at(4), TokenKind::Str);
        assert_eq!(regions.kind_at(99), TokenKind::Comment);
    }
}
