//! Counts the dead letters in a row, so that a mistake in a handler does not drain a topic into them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// A row a topic, over all of its partitions that this process reads: a mistake shows in all of them, one partition
/// full of garbage does not.
#[derive(Debug)]
pub(super) struct Rejects {
    most: u64,
    rows: HashMap<String, AtomicU64>,
}

impl Rejects {
    pub(super) fn new(topics: &[String], most: u64) -> Self {
        Self { most, rows: topics.iter().map(|topic| (topic.clone(), AtomicU64::new(0))).collect() }
    }

    /// A record was handled, which ends the row.
    pub(super) fn handled(&self, topic: &str) {
        if let Some(row) = self.rows.get(topic)
            && row.load(Ordering::Relaxed) > 0
        {
            row.store(0, Ordering::Relaxed);
        }
    }

    /// A record is about to become a dead letter; `Err` with the longest row when it is one too many.
    pub(super) fn rejected(&self, topic: &str) -> Result<(), u64> {
        let Some(row) = self.rows.get(topic) else { return Ok(()) };
        if row.fetch_add(1, Ordering::Relaxed) < self.most { Ok(()) } else { Err(self.most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_ends_with_a_success_and_is_one_of_its_topic() {
        let rejects = Rejects::new(&["a", "b"].map(String::from), 2);
        assert_eq!(rejects.rejected("a"), Ok(()));
        assert_eq!(rejects.rejected("a"), Ok(()));
        assert_eq!(rejects.rejected("b"), Ok(()));
        rejects.handled("b");
        assert_eq!(rejects.rejected("a"), Err(2));
        rejects.handled("a");
        assert_eq!(rejects.rejected("a"), Ok(()));
    }
}
