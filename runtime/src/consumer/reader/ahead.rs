//! Whether a record comes next in a partition, or nothing at all.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{POLL, Read, ReadError, TopicReader};

/// Of a fetch that fails without a word.
const NOTHING_TOLD: &str = "no records, and no error that the client tells of: see the leader's log";

impl TopicReader {
    /// Whether there is a record between an offset and the end of a partition, of which it then reads nothing any more.
    ///
    /// # Errors
    ///
    /// What lies there can never or may not be read; or, as [`ReadError::Kafka`], no broker gave anything in time, with the reason as
    /// far as one said so.
    pub fn has_record(&mut self, partition: i32, from: i64, within: Duration) -> Result<bool, ReadError> {
        let found = self.first_record(partition, from, Instant::now() + within);
        if let Err(error) = self.stop() {
            tracing::debug!(%error, "a partition is read on");
        }
        found
    }

    fn first_record(&mut self, partition: i32, from: i64, deadline: Instant) -> Result<bool, ReadError> {
        self.start(&BTreeMap::from([(partition, from)]))?;
        while Instant::now() < deadline {
            match self.next(POLL)? {
                // What was removed from the beginning is behind it.
                Some(Read::Record(_)) => return Ok(true),
                Some(Read::End(_)) => return Ok(false),
                // A fetch that failed may succeed in time.
                None => {}
            }
        }
        Err(self.unanswered(partition, from))
    }

    /// librdkafka tells nobody of most errors that a leader is asked again after, such as `KAFKA_STORAGE_ERROR` and
    /// `NOT_LEADER_OR_FOLLOWER` (its `rdkafka_fetcher.c`).
    fn unanswered(&self, partition: i32, from: i64) -> ReadError {
        let failure = self.partitions.get(&partition).and_then(|assigned| assigned.failure.as_deref());
        let why = failure.or(self.last_error.as_deref()).unwrap_or(NOTHING_TOLD);
        let reason = format!("partition {partition} gives nothing at offset {from}: {why}");
        ReadError::Kafka { topic: self.topic.to_string(), reason }
    }
}
