//! What is known of one partition, and whether it should move.

use std::sync::Arc;

use crate::consumer::partition::offsets::PartitionProgress;
use crate::consumer::wait::Activity;
use crate::kafka::TopicPartition;

/// A partition with what is known of it.
pub(super) struct PartitionState {
    pub(super) name: TopicPartition,
    pub(super) progress: Arc<PartitionProgress>,
    pub(super) position: i64,
    /// Offsets beyond the position, up to the end that was known last; of a log that ends before the position, all it has.
    pub(super) lag: i64,
    /// Whether the brokers gave its end offset at this look.
    pub(super) has_end: bool,
    /// It ends before the position: its topic was deleted and made again, or its log was cut. What was fetched by
    /// the former topic's id goes on with nothing; a new client begins with what the log has.
    pub(super) is_past_end: bool,
    /// Another client can read the next record, and was not refused it at the look before.
    pub(super) is_readable: bool,
}

impl PartitionState {
    /// Of an end that the brokers gave at this look (`has_end`) or before it, which says nothing of where the partition has come since.
    pub(super) fn new(
        name: TopicPartition,
        progress: Arc<PartitionProgress>,
        position: i64,
        end: i64,
        has_end: bool,
    ) -> Self {
        let is_past_end = has_end && end < position;
        let lag = if is_past_end { end } else { (end - position).max(0) };
        Self { name, progress, position, lag, has_end, is_past_end, is_readable: false }
    }

    /// The log ended before the position at a look before, though it may have grown since.
    pub(super) fn note_past_end(&mut self) {
        if !self.is_past_end {
            // All it has.
            self.lag += self.position;
            self.is_past_end = true;
        }
    }

    /// There is something to do, and no reason not to do it.
    pub(super) fn should_move(&self) -> bool {
        match self.progress.activity() {
            // Nobody is stalled before an end that nobody tells.
            Activity::Idle => self.has_end && (self.lag > 0 || self.is_past_end),
            Activity::Handling => true,
            Activity::Waiting(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_nine(end: i64, has_end: bool) -> PartitionState {
        let (name, progress) = (TopicPartition::new("in", 0), Arc::new(PartitionProgress::new()));
        PartitionState::new(name, progress, 9, end, has_end)
    }

    #[test]
    fn a_partition_should_move_where_it_has_records_or_its_log_ends_before_it() {
        let should_move = |end, has_end| at_nine(end, has_end).should_move();
        assert!(should_move(10, true));
        assert!(should_move(5, true));
        assert!(should_move(0, true), "nothing is in the new log yet");
        assert!(!should_move(9, true), "all is done");
        assert!(!should_move(10, false), "nobody tells the end");
        assert!(!should_move(5, false), "it has come further than the end that was told last");
    }

    #[test]
    fn the_lag_is_all_of_a_log_that_ends_before_the_position_and_nothing_where_nobody_says_that_it_does() {
        let lag = |end, has_end| at_nine(end, has_end).lag;
        assert_eq!([lag(12, true), lag(9, true), lag(5, true)], [3, 0, 5]);
        assert_eq!([lag(12, false), lag(9, false), lag(5, false)], [3, 0, 0]);
    }
}
