//! Which events a partition brought lately, to count those that come again. Pure.

use runtime::consumer::ByHash;
use std::collections::VecDeque;

/// The latest events of one partition, up to a limit; the one that came first is forgotten first.
///
/// Half of an id, which is a hash, is enough for a count.
#[derive(Debug)]
pub(crate) struct RecentIds {
    limit: usize,
    /// With the offset of the record that brought each.
    offsets: ByHash<u64, i64>,
    order: VecDeque<u64>,
}

impl RecentIds {
    /// Remembers up to `limit` events; takes memory only as they come.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, offsets: ByHash::default(), order: VecDeque::new() }
    }

    /// Remembers the event `id` of the record at `offset`; false where another record brought it lately.
    pub(crate) fn insert(&mut self, id: &str, offset: i64) -> bool {
        let Some(half) = id.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()) else {
            return true;
        };
        if let Some(first) = self.offsets.get(&half) {
            return *first == offset;
        }
        if self.order.len() >= self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.offsets.remove(&oldest);
        }
        self.offsets.insert(half, offset);
        self.order.push_back(half);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> String {
        format!("{number:016x}0123456789abcdef")
    }

    #[test]
    fn an_event_of_another_record_comes_again() {
        let mut ids = RecentIds::new(10);
        assert!(ids.insert(&id(1), 5));
        assert!(ids.insert(&id(1), 5), "the same record");
        assert!(!ids.insert(&id(1), 6));
        assert!(ids.insert("no id", 7) && ids.insert("no id", 8));
    }

    #[test]
    fn no_more_is_remembered_than_the_limit() {
        let mut ids = RecentIds::new(100);
        for number in 0..10_000 {
            assert!(ids.insert(&id(number), 0));
        }
        assert_eq!((ids.offsets.len(), ids.order.len()), (100, 100));
        assert!(ids.insert(&id(0), 1), "the first is forgotten");
        assert!(!ids.insert(&id(9_999), 1));
    }
}
