//! What comes next in a partition: a record, nothing at all, or something that cannot be read.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{POLL, Read, ReadError, TopicReader};

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
    /// No broker said anything in time.
    NoAnswer,
}

impl TopicReader {
    /// What lies between an offset and the end of a partition, of which it then reads nothing any more.
    pub fn ahead(&mut self, partition: i32, from: i64, within: Duration) -> ReadAhead {
        let deadline = Instant::now() + within;
        let started = self.start(&BTreeMap::from([(partition, from)]));
        let mut ahead = started.map_or_else(ReadAhead::of, |()| ReadAhead::NoAnswer);
        while matches!(ahead, ReadAhead::NoAnswer) && Instant::now() < deadline {
            ahead = match self.next(POLL) {
                // What was removed from the beginning is behind it.
                Ok(Some(Read::Record(_))) => ReadAhead::Record,
                Ok(Some(Read::End(_))) => ReadAhead::Nothing,
                Ok(None) => ReadAhead::NoAnswer,
                Err(error) => ReadAhead::of(error),
            };
        }
        if let Err(error) = self.stop() {
            tracing::debug!(%error, "a partition is read on");
        }
        ahead
    }
}

impl ReadAhead {
    fn of(error: ReadError) -> Self {
        match error {
            ReadError::Unreadable { .. } => Self::Unreadable(error),
            ReadError::Forbidden { .. } => Self::Forbidden(error),
            ReadError::Kafka { .. } => Self::NoAnswer,
        }
    }
}
