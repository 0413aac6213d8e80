//! Partitions whose records run out of time while others are acknowledged.
//!
//! librdkafka can lose sight of one partition's leader for good (confluentinc/librdkafka#5430): every record for it times
//! out although all brokers are up.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::kafka::TopicPartition;
use crate::mutex::lock;

/// Partitions by topic and number, from the first record that timed out to the next that is acknowledged.
#[derive(Debug, Default)]
pub(super) struct Stuck(Mutex<HashMap<TopicPartition, TimedOut>>);

/// When a record of a partition timed out for the first time, and for the last.
type TimedOut = (Instant, Instant);

impl Stuck {
    /// A record without a partition tells of none.
    pub(super) fn timed_out(&self, topic: &str, partition: i32, now: Instant) {
        if partition >= 0 {
            lock(&self.0).entry(TopicPartition::new(topic, partition)).or_insert((now, now)).1 = now;
        }
    }

    pub(super) fn acknowledged(&self, partition: impl FnOnce() -> TopicPartition) {
        let mut partitions = lock(&self.0);
        // Nearly always none.
        if !partitions.is_empty() {
            partitions.remove(&partition());
        }
    }

    /// The partitions whose records have timed out again after `limit`, and none was acknowledged in between.
    pub(super) fn lasting(&self, limit: Duration) -> Vec<TopicPartition> {
        let lasts = |(first, last): &TimedOut| last.saturating_duration_since(*first) >= limit;
        lock(&self.0).iter().filter(|(_, out)| lasts(out)).map(|(name, _)| name.clone()).collect()
    }

    /// The brokers were away, which explains what timed out so far.
    pub(super) fn forget(&self) {
        lock(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn a_partition_whose_records_keep_timing_out_is_stuck_until_one_arrives() {
        let (stuck, start) = (Stuck::default(), Instant::now());
        stuck.timed_out("raw", 1, start);
        assert!(stuck.lasting(LIMIT).is_empty(), "once can be anything");
        stuck.timed_out("raw", 1, start + LIMIT);
        stuck.acknowledged(|| TopicPartition::new("raw", 2));
        assert_eq!(stuck.lasting(LIMIT), [TopicPartition::new("raw", 1)]);
        stuck.acknowledged(|| TopicPartition::new("raw", 1));
        assert!(stuck.lasting(LIMIT).is_empty());
    }

    #[test]
    fn an_outage_explains_what_timed_out_and_no_partition_is_none() {
        let (stuck, start) = (Stuck::default(), Instant::now());
        stuck.timed_out("raw", -1, start);
        stuck.timed_out("raw", -1, start + LIMIT);
        stuck.timed_out("raw", 1, start);
        stuck.forget();
        stuck.timed_out("raw", 1, start + LIMIT);
        assert!(stuck.lasting(LIMIT).is_empty());
    }
}
