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

    #[test]
    fn a_partition_should_move_where_it_has_records_or_its_log_ends_before_it() {
        let should_move = |lag, has_end, is_past_end| {
            let (name, progress) = (TopicPartition::new("in", 0), Arc::new(PartitionProgress::new()));
            let state =
                PartitionState { name, progress, position: 9, lag, has_end, is_past_end, is_readable: false };
            state.should_move()
        };
        assert!(should_move(1, true, false));
        assert!(should_move(5, true, true));
        assert!(should_move(0, true, true), "nothing is in the new log yet");
        assert!(!should_move(0, true, false), "all is done");
        assert!(!should_move(1, false, false), "nobody tells the end");
    }
}
