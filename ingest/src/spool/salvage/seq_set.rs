//! A set of `seq` in little memory: a bit each, so that eight million in a row take a megabyte and a half.

use super::Range;
use std::collections::BTreeMap;

/// A block is of so many words, and numbers.
const WORDS: usize = 8;
const BLOCK: i64 = 512;

/// The `seq` of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::spool) struct SeqSet {
    /// Bits of `BLOCK` numbers each, where any is set.
    blocks: BTreeMap<i64, [u64; WORDS]>,
}

impl SeqSet {
    pub(in crate::spool) fn insert(&mut self, seq: i64) {
        let (block, word, bit) = place(seq);
        self.blocks.entry(block).or_default()[word] |= bit;
    }

    pub(in crate::spool) fn contains(&self, seq: i64) -> bool {
        let (block, word, bit) = place(seq);
        self.blocks.get(&block).is_some_and(|words| words[word] & bit != 0)
    }

    /// How many there are.
    pub(in crate::spool) fn count(&self) -> u64 {
        self.blocks.values().flatten().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Those of a range, in order.
    pub(super) fn within(&self, range: &Range) -> impl Iterator<Item = i64> {
        let blocks = self.blocks.range(range.start().div_euclid(BLOCK)..=range.end().div_euclid(BLOCK));
        let all = blocks.flat_map(|(block, _)| (0..BLOCK).map(move |at| block * BLOCK + at));
        let range = range.clone();
        all.filter(move |seq| range.contains(seq) && self.contains(*seq))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        // A node of the tree is half full at least.
        self.blocks.len() * 2 * size_of::<(i64, [u64; WORDS])>()
    }
}

fn place(seq: i64) -> (i64, usize, u64) {
    let at = usize::try_from(seq.rem_euclid(BLOCK)).unwrap_or_default();
    (seq.div_euclid(BLOCK), at / 64, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in_and_nothing_else() {
        let mut set = SeqSet::default();
        assert!(set.is_empty());
        let seqs = [0, 1, 63, 64, 511, 512, 100_000, i64::MAX - 1, i64::MAX];
        for seq in seqs {
            set.insert(seq);
        }
        assert!(seqs.into_iter().all(|seq| set.contains(seq)));
        assert!([2, 62, 65, 513, 99_999, i64::MAX - 2].into_iter().all(|seq| !set.contains(seq)));
        assert_eq!(set.within(&(1..=100_000)).collect::<Vec<_>>(), [1, 63, 64, 511, 512, 100_000]);
        assert_eq!(set.within(&(0..=i64::MAX)).count(), seqs.len());
        assert_eq!(set.count(), seqs.len() as u64);
    }

    #[test]
    fn millions_take_half_a_byte_each_with_holes_or_without() {
        for step in [1, 2] {
            let mut set = SeqSet::default();
            (0..1_000_000).for_each(|number| set.insert(number * step));
            assert!(set.bytes() < 1_000_000, "{}", set.bytes());
        }
    }
}
