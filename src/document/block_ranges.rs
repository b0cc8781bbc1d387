//! Ranges of blocks: whether a block is in one of them, and the blocks behind another one.

use std::ops::Range;

use super::outline::Outline;

/// Ranges of block indexes. A question takes logarithmic time.
#[derive(Debug, Clone)]
pub(super) struct BlockRanges(Vec<Range<usize>>);

impl BlockRanges {
    /// Sorts and joins ranges.
    pub(super) fn new(ranges: &[Range<usize>]) -> Self {
        let mut all = ranges.to_vec();
        all.sort_by_key(|range| (range.start, range.end));
        let mut out: Vec<Range<usize>> = Vec::new();
        for range in all {
            match out.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => out.push(range),
            }
        }
        Self(out)
    }

    /// Returns whether one of the ranges contains a block.
    pub(super) fn contains(&self, block: usize) -> bool {
        let after = self.0.partition_point(|range| range.start <= block);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|range| range.contains(&block))
    }
}

/// Blocks of which each one is given out once, so that overlapping ranges are read once.
#[derive(Debug)]
pub(super) struct UnreadBlocks {
    /// For each block, itself, or a later block in front of which all are read.
    next: Vec<usize>,
}

impl UnreadBlocks {
    /// Creates the blocks `0..count`.
    pub(super) fn new(count: usize) -> Self {
        Self { next: (0..=count).collect() }
    }

    /// Returns the first unread block from an index on.
    fn first_from(&mut self, mut index: usize) -> usize {
        while let Some(next) = self.next.get(index).copied().filter(|next| *next != index) {
            // Shorten the way for the next question.
            let further = self.next.get(next).copied().unwrap_or(next);
            if let Some(slot) = self.next.get_mut(index) {
                *slot = further;
            }
            index = further;
        }
        index
    }

    /// Takes the unread blocks of a range, in order.
    pub(super) fn take(&mut self, range: Range<usize>) -> Vec<usize> {
        let end = range.end.min(self.next.len().saturating_sub(1));
        let mut out = Vec::new();
        let mut index = self.first_from(range.start);
        while index < end {
            out.push(index);
            if let Some(slot) = self.next.get_mut(index) {
                *slot = index + 1;
            }
            index = self.first_from(index + 1);
        }
        out
    }
}

impl Outline {
    /// Returns the blocks behind a block in the same container, in order.
    pub fn siblings_after(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let end_of = |index: usize| self.get(index).map_or(usize::MAX, |block| block.end.max(index + 1));
        let parent = self.get(index).and_then(|block| block.parent);
        let is_sibling = move |next: &usize| self.get(*next).is_some_and(|block| block.parent == parent);
        let first = Some(end_of(index)).filter(is_sibling);
        std::iter::successors(first, move |index| Some(end_of(*index)).filter(is_sibling))
    }
}

#[cfg(test)]
mod tests {
    use super::{BlockRanges, UnreadBlocks};

    #[test]
    fn every_block_is_taken_once() {
        let mut blocks = UnreadBlocks::new(10);
        assert_eq!(blocks.take(2..4), [2, 3]);
        assert_eq!(blocks.take(0..6), [0, 1, 4, 5]);
        assert_eq!(blocks.take(3..5), [] as [usize; 0]);
        assert_eq!(blocks.take(5..99), [6, 7, 8, 9]);
        assert_eq!(blocks.take(0..10), [] as [usize; 0]);
    }

    #[test]
    fn a_block_is_found_as_a_look_at_every_range_finds_it() {
        let all = [0..2, 2..2, 3..5, 4..9, 12..12, 11..13];
        for kept in 0_u32..1 << all.len() {
            let some: Vec<_> =
                (0..all.len()).filter(|i| kept >> i & 1 == 1).map(|i| all[i].clone()).collect();
            let ranges = BlockRanges::new(&some);
            for block in 0..15 {
                let expected = some.iter().any(|range| range.contains(&block));
                assert_eq!(ranges.contains(block), expected, "{block} in {some:?}");
            }
        }
    }
}
