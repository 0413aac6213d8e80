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
