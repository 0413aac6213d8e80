//! Reads partitions of one topic without a group: their records, where each ends, and what can never be read.
//!
//! The end of a partition is what the broker says it is. Markers of transactions, records of aborted ones and what was
//! compacted away take offsets and never come, so nothing may wait for the record before the end.

mod ahead;
pub(super) mod error;
mod tail;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

pub use self::error::ReadError;
use self::error::{is_for_good, is_forbidden, is_moving};
pub use self::tail::{OffsetRange, Tail, TailReader};
use super::partition::fetched::Fetched;
use super::record::Record;
use crate::kafka::TopicPartition;
use crate::settings::KafkaSettings;

/// How long the brokers may take to answer a question, and to send the next record of what is read back.
const ANSWER: Duration = Duration::from_secs(10);
/// How long it waits for a partition to tell of a record, at most; one that does is read at once. As long an end may go unnoticed.
const POLL: Duration = Duration::from_millis(100);

/// What no file can change: nothing is passed over, nothing is committed, the end of a partition is told, and by its leader: a follower
/// nearby ends where it has heard that the leader does, which may be long ago.
const OWNED: [(&str, &str); 7] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("allow.auto.create.topics", "false"),
    ("enable.partition.eof", "true"),
    ("check.crcs", "true"),
    ("client.rack", ""),
];

/// A client that reads partitions of one topic.
pub struct TopicReader {
    consumer: Arc<BaseConsumer>,
    topic: Arc<str>,
    partitions: BTreeMap<i32, Partition>,
    /// The partition that was read last; the others come first.
    last: i32,
    /// Told when a partition has something.
    wake: SyncSender<()>,
    woken: Receiver<()>,
    last_error: Option<String>,
}

/// A partition that is read.
struct Partition {
    fetched: Fetched<DefaultConsumerContext>,
    /// The offset to come next, or behind it.
    next: i64,
    /// Why the latest fetch of it failed, until a record comes.
    failure: Option<String>,
}

/// What comes of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Its next record.
    Record(Record),
    /// There is nothing more in this partition by now.
    End(i32),
}

impl TopicReader {
    /// A client named `client_id`; the settings may say how much it reads ahead.
    pub fn new(kafka: &KafkaSettings, client_id: &str, topic: &str) -> Result<Self, ReadError> {
        let defaults = [("fetch.wait.max.ms", "50"), ("queued.max.messages.kbytes", "8192")];
        let mut config = kafka.client_config_with(client_id, &defaults);
        // A client wants a group's name even where it takes partitions itself.
        config.set("group.id", client_id);
        Self::of(config, topic)
    }

    /// A client of a configuration that has all but what a reader rests on.
    pub fn of(config: ClientConfig, topic: &str) -> Result<Self, ReadError> {
        let consumer: BaseConsumer = owned(config).create().map_err(|error| ReadError::of(topic, &error))?;
        let (wake, woken) = sync_channel(1);
        Ok(Self {
            consumer: Arc::new(consumer),
            topic: Arc::from(topic),
            partitions: BTreeMap::new(),
            last: -1,
            wake,
            woken,
            last_error: None,
        })
    }

    /// The topic.
    pub fn topic(&self) -> &Arc<str> {
        &self.topic
    }

    /// The partitions that the topic has now.
    pub fn partitions(&self) -> Result<Vec<i32>, ReadError> {
        let metadata = self.ask(|consumer| consumer.fetch_metadata(Some(&self.topic), ANSWER))?;
        let found = metadata.topics().iter().filter(|found| found.name() == &*self.topic);
        let partitions: Vec<i32> =
            found.flat_map(MetadataTopic::partitions).map(MetadataPartition::id).collect();
        if partitions.is_empty() {
            let reason = String::from("there is no such topic, or none that this user may see");
            return Err(ReadError::Kafka { topic: self.topic.to_string(), reason });
        }
        Ok(partitions)
    }

    /// The first offset that a partition has, and the one behind its last.
    pub fn ends(&self, partition: i32) -> Result<(i64, i64), ReadError> {
        self.ask(|consumer| consumer.fetch_watermarks(&self.topic, partition, ANSWER))
    }

    /// The offset of the first record at or after a time, in milliseconds since 1970, of each partition that has one.
    pub fn since(&self, partitions: &[i32], time: i64) -> Result<BTreeMap<i32, i64>, ReadError> {
        self.ask(|consumer| {
            let mut times = TopicPartitionList::new();
            for partition in partitions {
                times.add_partition_offset(&self.topic, *partition, Offset::Offset(time))?;
            }
            let found = consumer.offsets_for_times(times, ANSWER)?;
            let mut offsets = BTreeMap::new();
            for element in found.elements() {
                element.error()?;
                if let Offset::Offset(offset) = element.offset() {
                    offsets.insert(element.partition(), offset);
                }
            }
            Ok(offsets)
        })
    }

    /// Reads these partitions from these offsets, and no others any more.
    pub fn start(&mut self, from: &BTreeMap<i32, i64>) -> Result<(), ReadError> {
        self.stop()?;
        self.add(from)
    }

    /// Reads these partitions too.
    pub fn add(&mut self, from: &BTreeMap<i32, i64>) -> Result<(), ReadError> {
        let mut added = TopicPartitionList::new();
        for (&partition, &next) in from {
            let name = TopicPartition { topic: Arc::clone(&self.topic), partition };
            let fetched = Fetched::of(&self.consumer, &name, &self.wake);
            let fetched = fetched.ok_or_else(|| self.failed(&KafkaError::Canceled))?;
            self.partitions.insert(partition, Partition { fetched, next, failure: None });
            let offset = Offset::Offset(next);
            added
                .add_partition_offset(&self.topic, partition, offset)
                .map_err(|error| self.failed(&error))?;
        }
        if from.is_empty() {
            return Ok(());
        }
        self.consumer.incremental_assign(&added).map_err(|error| self.failed(&error))
    }

    /// Reads nothing any more.
    pub fn stop(&mut self) -> Result<(), ReadError> {
        self.last_error = None;
        let stopped = self.consumer.unassign().map_err(|error| self.failed(&error));
        for partition in std::mem::take(&mut self.partitions).into_values() {
            partition.fetched.discard();
        }
        stopped
    }

    /// What comes next of any partition; `None` where nothing does within `wait`.
    pub fn next(&mut self, wait: Duration) -> Result<Option<Read>, ReadError> {
        let deadline = Instant::now() + wait;
        loop {
            let behind = self.partitions.range(self.last.saturating_add(1)..);
            let turns: Vec<i32> =
                behind.chain(self.partitions.range(..=self.last)).map(|(id, _)| *id).collect();
            for partition in turns {
                if let Some(read) = self.poll(partition)? {
                    self.last = partition;
                    return Ok(Some(read));
                }
            }
            if !self.wait(deadline)? {
                return Ok(None);
            }
        }
    }

    /// As [`Self::next`], of one partition.
    pub fn next_of(&mut self, partition: i32, wait: Duration) -> Result<Option<Read>, ReadError> {
        let deadline = Instant::now() + wait;
        loop {
            match self.poll(partition)? {
                None if self.wait(deadline)? => {}
                read => return Ok(read),
            }
        }
    }

    /// The offset to come next of a partition that is read, or behind it.
    pub fn position(&self, partition: i32) -> Option<i64> {
        self.partitions.get(&partition).map(|partition| partition.next)
    }

    /// The latest error, until a record comes.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    fn poll(&mut self, partition: i32) -> Result<Option<Read>, ReadError> {
        let Some(assigned) = self.partitions.get_mut(&partition) else { return Ok(None) };
        let error = match assigned.fetched.next(&self.topic) {
            None => return Ok(None),
            Some(Ok(record)) => {
                (assigned.next, assigned.failure) = (record.offset + 1, None);
                self.last_error = None;
                return Ok(Some(Read::Record(record)));
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(Some(Read::End(partition))),
            Some(Err(error)) => error,
        };
        if is_for_good(&error) {
            let (topic, offset, reason) = (self.topic.to_string(), assigned.next, error.to_string());
            return Err(ReadError::Unreadable { topic, partition, offset, reason });
        }
        if is_forbidden(&error) {
            let (topic, reason) = (self.topic.to_string(), error.to_string());
            return Err(ReadError::Forbidden { topic, partition, reason });
        }
        self.last_error = Some(error.to_string());
        assigned.failure.clone_from(&self.last_error);
        Ok(None)
    }

    /// Lets the client say what is of no partition, from nearly all of which it heals by itself, then waits until a partition
    /// has something, and not for long. Returns whether that was before the deadline.
    fn wait(&mut self, deadline: Instant) -> Result<bool, ReadError> {
        if let Some(Err(error)) = self.consumer.poll(Duration::ZERO) {
            if is_for_good(&error) {
                return Err(self.failed(&error));
            }
            self.last_error = Some(error.to_string());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let _woken = self.woken.recv_timeout(left.min(POLL));
        Ok(!left.is_zero())
    }

    /// Asks the brokers; where a leader moves it is asked again, for as long as they may take.
    fn ask<T>(&self, request: impl Fn(&BaseConsumer) -> KafkaResult<T>) -> Result<T, ReadError> {
        let deadline = Instant::now() + ANSWER;
        loop {
            match request(&self.consumer) {
                Err(error) if is_moving(&error) && Instant::now() < deadline => {
                    // It waits, and serves what the client has to say; partitions have queues of their own.
                    drop(self.consumer.poll(POLL));
                }
                answer => return answer.map_err(|error| self.failed(&error)),
            }
        }
    }

    fn failed(&self, error: &KafkaError) -> ReadError {
        ReadError::of(&self.topic, error)
    }
}

fn owned(mut config: ClientConfig) -> ClientConfig {
    for (name, value) in OWNED {
        config.set(name, value);
    }
    config
}

impl fmt::Debug for TopicReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TopicReader").field("topic", &self.topic).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_has_the_end_told_by_a_follower() {
        let mut config = ClientConfig::new();
        config.set("client.rack", "a");
        assert_eq!(owned(config).get("client.rack"), Some(""));
    }
}
