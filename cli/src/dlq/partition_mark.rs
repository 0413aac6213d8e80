//! Which dead letters of a partition were put back: all before an offset, and some after it.
//!
//! Those that a filter leaves out stay behind those that were put back, so one offset does not say it all. What was
//! put back beyond it is written beside it, in the metadata that Kafka keeps with a committed offset: pairs of a gap and
//! a run of dead letters, each counted from the end of the one before. `3+1,2+5` at the offset 10 says 13, and 16 to 20.

use std::collections::BTreeMap;

/// What is put back beyond all runs leaves room for gaps that are filled later: the broker's own limit is 4,096 bytes
/// (`offset.metadata.max.bytes`).
const LONGEST: usize = 4_000;
const LONGEST_OF_GAPS: usize = 4_090;
/// The longest pair, of two offsets that are far away; no dead letter that comes or goes makes a mark longer by more.
const LONGEST_PAIR: usize = 40;

/// What is known of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartitionMark {
    /// All before this offset were put back, or are gone.
    settled: i64,
    /// Runs beyond it: the first offset, and the one after the last.
    runs: BTreeMap<i64, i64>,
}

impl PartitionMark {
    /// Nothing was put back of what begins at `low`.
    pub(super) fn new(low: i64) -> Self {
        Self { settled: low, runs: BTreeMap::new() }
    }

    /// Reads what was committed; `None` where somebody else wrote it.
    pub(super) fn read(settled: i64, metadata: &str) -> Option<Self> {
        let (mut end, mut runs) = (settled, BTreeMap::new());
        for pair in metadata.split(',').filter(|pair| !pair.is_empty()) {
            let (gap, run) = pair.split_once('+')?;
            let (gap, run) = (gap.parse::<i64>().ok()?, run.parse::<i64>().ok()?);
            let start = end.checked_add(gap).filter(|_| gap > 0 && run > 0)?;
            end = start.checked_add(run)?;
            runs.insert(start, end);
        }
        Some(Self { settled, runs })
    }

    /// What is before `low` is gone.
    #[must_use]
    pub(super) fn advance_to(mut self, low: i64) -> Self {
        self.settled = self.settled.max(low);
        self.close_up();
        self
    }

    /// Whether the dead letter was put back.
    pub(super) fn holds(&self, offset: i64) -> bool {
        let run = self.runs.range(..=offset).next_back();
        offset < self.settled || run.is_some_and(|(_, end)| offset < *end)
    }

    /// Whether the dead letter can be remembered, whichever of so many of this mark that are under way are refused. Where none is, those
    /// that fill gaps can: sooner or later they make a mark shorter.
    pub(super) fn has_room(&self, offset: i64, under_way: usize) -> bool {
        let length = self.metadata().len();
        if length + LONGEST_PAIR * (under_way + 1) <= LONGEST {
            return true;
        }
        if under_way > 0 {
            return false;
        }
        let mut with = self.clone();
        with.add(offset);
        let is_beyond = self.runs.last_key_value().is_some_and(|(_, end)| offset > *end);
        with.metadata().len() <= if is_beyond { length } else { length.max(LONGEST_OF_GAPS) }
    }

    /// The dead letter was put back.
    pub(super) fn add(&mut self, offset: i64) {
        if self.holds(offset) {
            return;
        }
        let end = self.runs.remove(&(offset + 1)).unwrap_or(offset + 1);
        match self.runs.range_mut(..=offset).next_back() {
            Some((_, before)) if *before == offset => *before = end,
            _ => {
                self.runs.insert(offset, end);
            }
        }
        self.close_up();
    }

    /// The offset to commit.
    pub(super) const fn settled(&self) -> i64 {
        self.settled
    }

    /// The metadata to commit with it.
    pub(super) fn metadata(&self) -> String {
        let mut end = self.settled;
        let pairs = self.runs.iter().map(|(start, after)| {
            let pair = format!("{}+{}", start - end, after - start);
            end = *after;
            pair
        });
        pairs.collect::<Vec<_>>().join(",")
    }

    /// Runs that what is settled reaches are settled too.
    fn close_up(&mut self) {
        while let Some(run) = self.runs.first_entry().filter(|run| *run.key() <= self.settled) {
            self.settled = self.settled.max(run.remove());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn with(low: i64, offsets: &[i64]) -> PartitionMark {
        let mut mark = PartitionMark::new(low);
        for offset in offsets {
            mark.add(*offset);
        }
        mark
    }

    #[test]
    fn letters_in_a_row_are_one_offset_and_scattered_ones_follow_it() {
        assert_eq!(with(10, &[10, 11, 12]), PartitionMark::new(13));
        let mark = with(10, &[13, 20, 16, 18, 17, 19]);
        assert_eq!((mark.settled(), mark.metadata().as_str()), (10, "3+1,2+5"));
        assert_eq!(with(10, &[12, 11, 10]), PartitionMark::new(13));
    }

    #[test]
    fn whatever_was_added_is_held_and_read_back_and_nothing_else() {
        // Every order of adding some of twelve offsets, by a fixed walk through them.
        for step in [1, 5, 7, 11] {
            let mut mark = PartitionMark::new(100);
            let mut added = BTreeSet::new();
            for index in 0..12 {
                let offset = 100 + index * step % 12;
                mark.add(offset);
                added.insert(offset);
                let read = PartitionMark::read(mark.settled(), &mark.metadata());
                assert_eq!(read.as_ref(), Some(&mark));
                for offset in 100..112 {
                    assert_eq!(mark.holds(offset), added.contains(&offset), "{offset} of {mark:?}");
                }
            }
            assert_eq!(mark, PartitionMark::new(112));
        }
    }

    #[test]
    fn what_retention_removed_is_settled() {
        let mark = with(10, &[13, 16, 17, 18]);
        assert_eq!(mark.clone().advance_to(12).metadata(), "1+1,2+3");
        assert_eq!(mark.clone().advance_to(13).settled(), 14);
        assert_eq!(mark.clone().advance_to(17), PartitionMark::new(19));
        assert_eq!(mark.clone().advance_to(5), mark);
        assert_eq!(mark.advance_to(30), PartitionMark::new(30));
    }

    #[test]
    fn what_somebody_else_committed_is_not_taken_for_a_mark() {
        for metadata in ["x", "1", "1+", "0+1", "1+0", "-1+2", "1+1;2+2", "9223372036854775807+9"] {
            assert_eq!(PartitionMark::read(10, metadata), None, "{metadata}");
        }
        assert_eq!(PartitionMark::read(10, ""), Some(PartitionMark::new(10)));
    }

    #[test]
    fn a_mark_stays_within_what_a_broker_keeps() {
        let mut mark = PartitionMark::new(0);
        let mut offset = 1;
        while mark.has_room(offset, 0) {
            mark.add(offset);
            offset += 1_000;
        }
        assert!(mark.metadata().len() <= LONGEST, "{}", mark.metadata().len());
        assert!(mark.runs.len() > 500, "{}", mark.runs.len());
    }

    #[test]
    fn a_full_mark_has_room_for_what_was_put_back_and_for_all_that_fills_its_gaps() {
        for (every, from) in [(2, 0), (2, 1), (5, 0), (5, 3)] {
            let mut mark = PartitionMark::new(0);
            let mut end = 1;
            while mark.has_room(end, 0) {
                mark.add(end);
                end += every;
            }
            assert!(mark.has_room(1, 0) && !mark.has_room(end, 0), "every {every}");
            for offset in (from..end).filter(|offset| offset % every != 1) {
                assert!(mark.has_room(offset, 0), "every {every}, {offset} of {end}");
                mark.add(offset);
                assert!(mark.metadata().len() <= LONGEST_OF_GAPS, "{}", mark.metadata().len());
            }
            assert!(mark.has_room(end, 0) && mark.runs.len() <= 2, "{mark:?}");
        }
    }

    #[test]
    fn a_mark_stays_within_what_a_broker_keeps_whatever_is_refused() {
        for taken in [2, 3, 7] {
            let mut mark = with(0, &(0..900).map(|number| 2 * number + 1).collect::<Vec<_>>());
            let (mut planned, mut under_way) = (mark.clone(), Vec::new());
            for offset in (0..5_000).filter(|offset| offset % 2 == 0 || *offset > 1_800) {
                if !planned.has_room(offset, under_way.len()) {
                    for offset in under_way.drain(..).filter(|offset| offset % taken == 0) {
                        mark.add(offset);
                    }
                    planned.clone_from(&mark);
                    assert!(mark.metadata().len() <= LONGEST_OF_GAPS, "{}", mark.metadata().len());
                }
                if planned.has_room(offset, under_way.len()) {
                    planned.add(offset);
                    under_way.push(offset);
                }
            }
            assert!(mark.holds(0), "{mark:?}");
        }
    }
}
