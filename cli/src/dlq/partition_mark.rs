//! Which dead letters of a partition were put back: all before an offset, and some after it.
//!
//! Those that a filter leaves out stay behind those that were put back, so one offset does not say it all. What was
//! put back beyond it is written beside it, in the metadata that Kafka keeps with a committed offset: pairs of a gap and
//! a run of dead letters, each counted from the end of the one before. `3+1,2+5` at the offset 10 says 13, and 16 to 20.

use std::collections::BTreeMap;

/// Of metadata that a dead letter beyond all runs makes longer: it leaves room for gaps that are filled later.
const MAX_BYTES: usize = 4_000;
/// Of metadata that one in a gap makes longer: the broker's own limit is 4,096 bytes (`offset.metadata.max.bytes`).
const MAX_BYTES_IN_GAP: usize = 4_090;
/// The longest pair, of two offsets that are far away; no dead letter that comes or goes makes a mark longer by more.
const MAX_PAIR_BYTES: usize = 40;

/// What is known of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartitionMark {
    /// All before this offset were put back, or are gone.
    all_before: i64,
    /// Runs beyond it: the first offset, and the one after the last.
    runs: BTreeMap<i64, i64>,
}

impl PartitionMark {
    /// Nothing was put back of what begins at `low`.
    pub(super) fn new(low: i64) -> Self {
        Self { all_before: low, runs: BTreeMap::new() }
    }

    /// Reads what was committed; `None` where somebody else wrote it.
    pub(super) fn read(all_before: i64, metadata: &str) -> Option<Self> {
        let (mut end, mut runs) = (all_before, BTreeMap::new());
        for pair in metadata.split(',').filter(|pair| !pair.is_empty()) {
            let (gap, run) = pair.split_once('+')?;
            let (gap, run) = (gap.parse::<i64>().ok()?, run.parse::<i64>().ok()?);
            let start = end.checked_add(gap).filter(|_| gap > 0 && run > 0)?;
            end = start.checked_add(run)?;
            runs.insert(start, end);
        }
        Some(Self { all_before, runs })
    }

    /// What is before `low` is gone.
    #[must_use]
    pub(super) fn advance_to(mut self, low: i64) -> Self {
        self.all_before = self.all_before.max(low);
        self.close_up();
        self
    }

    /// Whether the dead letter was put back.
    pub(super) fn contains(&self, offset: i64) -> bool {
        let run = self.runs.range(..=offset).next_back();
        offset < self.all_before || run.is_some_and(|(_, end)| offset < *end)
    }

    /// Whether the dead letter can be remembered, whichever of so many of this mark that are under way are refused. Where none is, those
    /// that fill gaps can: a gap that is full joins two runs, which makes a mark shorter.
    pub(super) fn has_room(&self, offset: i64, under_way: usize) -> bool {
        let length = self.metadata().len();
        if length + MAX_PAIR_BYTES * (under_way + 1) <= MAX_BYTES {
            return true;
        }
        if under_way > 0 {
            return false;
        }
        let mut with = self.clone();
        with.add(offset);
        let is_beyond = self.runs.last_key_value().is_some_and(|(_, end)| offset > *end);
        with.metadata().len() <= if is_beyond { length } else { length.max(MAX_BYTES_IN_GAP) }
    }

    /// The dead letter was put back.
    pub(super) fn add(&mut self, offset: i64) {
        if self.contains(offset) {
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
    pub(super) const fn all_before(&self) -> i64 {
        self.all_before
    }

    /// The metadata to commit with it.
    pub(super) fn metadata(&self) -> String {
        let mut end = self.all_before;
        let pairs = self.runs.iter().map(|(start, after)| {
            let pair = format!("{}+{}", start - end, after - start);
            end = *after;
            pair
        });
        pairs.collect::<Vec<_>>().join(",")
    }

    /// Drops runs that `all_before` reaches, and moves it to their ends.
    fn close_up(&mut self) {
        while let Some(run) = self.runs.first_entry().filter(|run| *run.key() <= self.all_before) {
            self.all_before = self.all_before.max(run.remove());
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
        assert_eq!((mark.all_before(), mark.metadata().as_str()), (10, "3+1,2+5"));
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
                let read = PartitionMark::read(mark.all_before(), &mark.metadata());
                assert_eq!(read.as_ref(), Some(&mark));
                for offset in 100..112 {
                    assert_eq!(mark.contains(offset), added.contains(&offset), "{offset} of {mark:?}");
                }
            }
            assert_eq!(mark, PartitionMark::new(112));
        }
    }

    #[test]
    fn what_retention_removed_is_settled() {
        let mark = with(10, &[13, 16, 17, 18]);
        assert_eq!(mark.clone().advance_to(12).metadata(), "1+1,2+3");
        assert_eq!(mark.clone().advance_to(13).all_before(), 14);
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
        assert!(mark.metadata().len() <= MAX_BYTES, "{}", mark.metadata().len());
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
                assert!(mark.metadata().len() <= MAX_BYTES_IN_GAP, "{}", mark.metadata().len());
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
                    assert!(mark.metadata().len() <= MAX_BYTES_IN_GAP, "{}", mark.metadata().len());
                }
                if planned.has_room(offset, under_way.len()) {
                    planned.add(offset);
                    under_way.push(offset);
                }
            }
            assert!(mark.contains(0), "{mark:?}");
        }
    }
}
