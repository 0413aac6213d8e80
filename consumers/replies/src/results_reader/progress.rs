//! How far the results topic was read.

use runtime::consumer::ReadError;
use std::collections::BTreeMap;

/// How far the topic was read.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// By partition the offset up to which nothing is left to read.
    pub(super) offsets: BTreeMap<i32, i64>,
    /// By partition why it is not read on; it may be mended meanwhile.
    pub(super) unreadable: BTreeMap<i32, ReadError>,
}

impl Progress {
    pub(super) fn trouble(&self) -> Option<ReadError> {
        self.unreadable.values().next().cloned()
    }

    pub(super) fn reached(&self, ends: &BTreeMap<i32, i64>) -> bool {
        ends.iter().all(|(partition, end)| self.offsets.get(partition).is_some_and(|read| read >= end))
    }

    /// From where to where the partitions are not read yet.
    pub(super) fn behind(&self, ends: &BTreeMap<i32, i64>) -> BTreeMap<i32, (i64, i64)> {
        let behind = |(partition, end): (&i32, &i64)| {
            let read = *self.offsets.get(partition)?;
            (read < *end).then_some((*partition, (read, *end)))
        };
        ends.iter().filter_map(behind).collect()
    }
}

/// The partitions that end before the offset up to which they were `read`, before the ends were asked for, which go on: their logs are
/// others now, as of a topic that was made again, or were cut.
pub(super) fn past_end(read: &BTreeMap<i32, i64>, ends: &BTreeMap<i32, i64>) -> BTreeMap<i32, i64> {
    let is_past = |(partition, read): &(&i32, &i64)| ends.get(partition).is_some_and(|end| end < read);
    read.iter().filter(is_past).map(|(partition, read)| (*partition, *read)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_ends_before_what_was_read_is_another() {
        let read = BTreeMap::from([(0, 5), (1, 5), (2, 5), (3, 5)]);
        let ends = BTreeMap::from([(0, 6), (1, 5), (2, 4), (9, 0)]);
        assert_eq!(past_end(&read, &ends), BTreeMap::from([(2, 5)]), "nobody tells the end of the last one");
    }
}
