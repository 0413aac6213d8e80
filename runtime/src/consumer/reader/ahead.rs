//! What comes next in a partition: a record, nothing at all, or something that cannot be read.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{POLL, Read, ReadError, TopicReader};

/// Of a fetch that fails without a word.
const NOTHING_TOLD: &str = "no records, and no error that the client tells of: see the leader's log";

/// What lies between an offset and the end of a partition.
#[derive(Debug)]
pub enum ReadAhead {
    /// A record, at least.
    Record,
    /// Nothing that anybody could read: the partition ends there.
    Nothing,
    /// Something that can never be read.
    Unreadable(ReadError),
    /// Something that this user may not read.
    Forbidden(ReadError),
    /// No broker gave anything in time; why, as far as one said so.
    NoAnswer(ReadError),
}

impl TopicReader {
    /// What lies between an offset and the end of a partition, of which it then reads nothing any more.
    pub fn ahead(&mut self, partition: i32, from: i64, within: Duration) -> ReadAhead {
        let deadline = Instant::now() + within;
        let started = self.start(&BTreeMap::from([(partition, from)]));
        let mut found = started.err().map(ReadAhead::of);
        while found.is_none() && Instant::now() < deadline {
            found = match self.next(POLL) {
                // What was removed from the beginning is behind it.
                Ok(Some(Read::Record(_))) => Some(ReadAhead::Record),
                Ok(Some(Read::End(_))) => Some(ReadAhead::Nothing),
                // A fetch that failed may succeed in time.
                Ok(None) => None,
                Err(error) => Some(ReadAhead::of(error)),
            };
        }
        let ahead = found.unwrap_or_else(|| ReadAhead::NoAnswer(self.unanswered(partition, from)));
        if let Err(error) = self.stop() {
            tracing::debug!(%error, "a partition is read on");
        }
        ahead
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

impl ReadAhead {
    fn of(error: ReadError) -> Self {
        match error {
            ReadError::Unreadable { .. } => Self::Unreadable(error),
            ReadError::Forbidden { .. } => Self::Forbidden(error),
            ReadError::Kafka { .. } => Self::NoAnswer(error),
        }
    }
}
