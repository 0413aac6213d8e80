//! Remembers the events that a partition brought lately, to publish each once.

use std::collections::{HashMap, VecDeque};

/// The latest events of one partition, up to a limit; the one that came first is forgotten first.
///
/// It is gone after a restart or a rebalance, when an event can be published twice: its id tells.
#[derive(Clone, Debug)]
pub struct RecentEvents {
    limit: usize,
    /// By event id, the offset of the record that brought it first.
    offsets: HashMap<u128, i64>,
    order: VecDeque<u128>,
}

impl RecentEvents {
    /// Remembers up to `limit` events; takes memory only as they come.
    pub fn new(limit: usize) -> Self {
        Self { limit, offsets: HashMap::new(), order: VecDeque::new() }
    }

    /// Remembers the event `id` of the record at `offset`; true where no other record brought it lately.
    ///
    /// The same record may come again before it is done, and is no duplicate of itself.
    pub fn is_new(&mut self, id: u128, offset: i64) -> bool {
        if let Some(first) = self.offsets.get(&id) {
            return *first == offset;
        }
        if self.order.len() >= self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.offsets.remove(&oldest);
        }
        self.offsets.insert(id, offset);
        self.order.push_back(id);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_another_record_is_new_only_once() {
        let mut recent = RecentEvents::new(10);
        assert!(recent.is_new(1, 100));
        assert!(recent.is_new(2, 101));
        assert!(!recent.is_new(1, 102));
        assert!(!recent.is_new(1, 103));
    }

    #[test]
    fn a_record_is_no_duplicate_of_itself() {
        let mut recent = RecentEvents::new(10);
        assert!(recent.is_new(1, 100));
        assert!(recent.is_new(1, 100));
    }

    #[test]
    fn the_event_that_came_first_is_forgotten_first() {
        let mut recent = RecentEvents::new(2);
        assert!(recent.is_new(1, 100));
        assert!(recent.is_new(2, 101));
        assert!(!recent.is_new(1, 102));
        assert!(recent.is_new(3, 103));
        assert!(!recent.is_new(2, 104), "the second is still remembered");
        assert!(recent.is_new(1, 105), "the first is forgotten, though it was seen again");
    }

    #[test]
    fn no_more_is_remembered_than_the_limit() {
        let mut recent = RecentEvents::new(100);
        for number in 0..10_000 {
            assert!(recent.is_new(number, 0));
        }
        assert_eq!((recent.offsets.len(), recent.order.len()), (100, 100));
    }
}
