//! Ranges of `seq`, in their order; those that touch are one.

use super::Range;

/// At most so many. Beyond it, two become one with what is between them: whoever works through them has to know what is done.
const MAX_RANGES: usize = 10_000;

/// Ranges that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::spool) struct Ranges(Vec<Range>);

impl Ranges {
    pub(in crate::spool) fn all() -> Self {
        Self(vec![0..=i64::MAX])
    }

    pub(in crate::spool) fn add(&mut self, range: Range) {
        if range.is_empty() {
            return;
        }
        let at = self.0.partition_point(|known| known.end().saturating_add(1) < *range.start());
        let touching = self.0[at..].partition_point(|known| *known.start() <= range.end().saturating_add(1));
        let known = self.0[at..at + touching].iter().cloned();
        let merged = known.fold(range, |one, other| around(&one, &other));
        self.0.splice(at..at + touching, [merged]);
        if self.0.len() > MAX_RANGES {
            let at = at.max(1);
            let merged = around(&self.0[at - 1], &self.0[at]);
            self.0.splice(at - 1..=at, [merged]);
        }
    }

    pub(super) fn contains(&self, seq: i64) -> bool {
        let at = self.0.partition_point(|range| *range.end() < seq);
        self.0.get(at).is_some_and(|range| range.contains(&seq))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Range> {
        self.0.iter()
    }

    pub(in crate::spool) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Range> for Ranges {
    fn from_iter<I: IntoIterator<Item = Range>>(ranges: I) -> Self {
        let mut all = Self::default();
        all.extend(ranges);
        all
    }
}

impl Extend<Range> for Ranges {
    fn extend<I: IntoIterator<Item = Range>>(&mut self, ranges: I) {
        ranges.into_iter().for_each(|range| self.add(range));
    }
}

fn around(one: &Range, other: &Range) -> Range {
    *one.start().min(other.start())..=*one.end().max(other.end())
}

/// What is in both ranges.
pub(super) fn both(one: &Range, other: &Range) -> Option<Range> {
    let both = *one.start().max(other.start())..=*one.end().min(other.end());
    (!both.is_empty()).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ranges: &[Range]) -> Vec<Range> {
        ranges.iter().cloned().collect::<Ranges>().0
    }

    #[test]
    fn ranges_that_touch_are_one() {
        assert_eq!(of(&[3..=4, 8..=9, 5..=7]), [3..=9]);
        assert_eq!(of(&[8..=9, 3..=4, 6..=6]), [3..=4, 6..=6, 8..=9]);
        assert_eq!(of(&[3..=9, 4..=5]), [3..=9]);
        assert_eq!(of(&[7..=i64::MAX, i64::MAX..=i64::MAX, 0..=0]), [0..=0, 7..=i64::MAX]);
        assert_eq!((both(&(3..=9), &(8..=12)), both(&(3..=9), &(10..=12))), (Some(8..=9), None));
    }

    #[test]
    fn what_was_added_is_in_and_what_is_between_is_not() {
        let ranges: Ranges = (0..1000).map(|number| 3 * number..=3 * number + 1).collect();
        assert!((0..3000).all(|seq| ranges.contains(seq) == (seq % 3 < 2)));
        assert!(!ranges.contains(3001));
    }

    #[test]
    fn too_many_hold_more_than_was_added_and_never_less() {
        let seqs = || (0..30_000).map(|number| number * 7_919 % 60_000 * 2);
        let ranges: Ranges = seqs().map(|seq| seq..=seq).collect();
        assert!(ranges.0.len() <= MAX_RANGES);
        assert!(seqs().all(|seq| ranges.contains(seq)));
    }
}
