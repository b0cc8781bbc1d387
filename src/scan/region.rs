//! What each byte of a text is: code, comment, string, prose.

use std::ops::Range;

/// What a stretch of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
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

impl Kind {
    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// Some of the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindSet(u8);

impl KindSet {
    /// Every kind.
    pub const ANY: Self = Self(0b1_1111);

    /// These kinds.
    #[must_use]
    pub fn of(kinds: &[Kind]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | kind.bit()))
    }

    /// Whether a kind is one of them.
    #[must_use]
    pub fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }
}

/// A text cut into stretches of one kind each, without gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    /// Where each stretch ends, and what it is.
    cuts: Vec<(usize, Kind)>,
}

impl Regions {
    /// A text of this length that is all of one kind.
    #[must_use]
    pub fn all(kind: Kind, length: usize) -> Self {
        let mut out = Self::default();
        out.upto(kind, length);
        out
    }

    /// Where the last stretch ends.
    #[must_use]
    pub fn end(&self) -> usize {
        self.cuts.last().map_or(0, |(end, _)| *end)
    }

    /// Says that everything up to `end` that was not said before is `kind`.
    pub fn upto(&mut self, kind: Kind, end: usize) {
        if end <= self.end() {
            return;
        }
        match self.cuts.last_mut() {
            Some((last, same)) if *same == kind => *last = end,
            _ => self.cuts.push((end, kind)),
        }
    }

    /// What stands at a byte.
    #[must_use]
    pub fn at(&self, offset: usize) -> Kind {
        let index = self.cuts.partition_point(|(end, _)| *end <= offset);
        self.cuts.get(index).or(self.cuts.last()).map_or(Kind::Text, |(_, kind)| *kind)
    }

    /// The stretches in order.
    pub fn iter(&self) -> impl Iterator<Item = (Range<usize>, Kind)> + '_ {
        let starts = std::iter::once(0).chain(self.cuts.iter().map(|(end, _)| *end));
        starts.zip(&self.cuts).map(|(start, (end, kind))| (start..*end, *kind))
    }

    /// The last stretches, the very last first.
    pub(super) fn last_ones(&self, count: usize) -> impl Iterator<Item = (Range<usize>, Kind)> + '_ {
        let ends = self.cuts.iter().rev();
        let starts = self.cuts.iter().rev().skip(1).map(|(end, _)| *end).chain([0]);
        ends.zip(starts).map(|((end, kind), start)| (start..*end, *kind)).take(count)
    }

    /// A copy of the text, of the same length, in which only some kinds can be
    /// read: comments become blanks, all else a byte that no pattern means.
    /// Line ends stay where they are.
    #[must_use]
    pub fn view(&self, text: &[u8], shown: KindSet) -> Vec<u8> {
        let mut out = text.to_vec();
        for (range, kind) in self.iter().filter(|(_, kind)| !shown.has(*kind)) {
            let fill = if matches!(kind, Kind::Comment | Kind::Doc) { b' ' } else { MASKED };
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
const MASKED: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_keep_length_and_lines() {
        let mut regions = Regions::default();
        regions.upto(Kind::Code, 4);
        regions.upto(Kind::Str, 6);
        regions.upto(Kind::Code, 8);
        regions.upto(Kind::Comment, 13);
        let text = b"f(\"\nx\");//\nyz";
        let text = text.get(..13).expect("text");
        let view = regions.view(text, KindSet::of(&[Kind::Code]));
        assert_eq!(view, b"f(\"\n\x01\x01);  \n  ");
        assert_eq!(regions.at(4), Kind::Str);
        assert_eq!(regions.at(99), Kind::Comment);
    }
}
