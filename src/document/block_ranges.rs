//! Ranges of blocks, to find out whether a block is in one of them.

use std::ops::Range;

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

#[cfg(test)]
mod tests {
    use super::BlockRanges;

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
