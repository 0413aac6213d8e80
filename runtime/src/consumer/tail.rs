//! Reads back the newest records of a topic: what the state of a partition is made of again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Record, read};
use crate::settings::KafkaSettings;

/// How long the brokers may take to answer, and to send the next record.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a poll waits for a record, which is also how long an end may go unnoticed.
const POLL: Duration = Duration::from_millis(100);
/// A process that starts with many partitions reads back so many of them at once.
const AT_ONCE: usize = 4;

/// Reads topics back through clients of its own, which join no group and commit nothing; clones share its bound.
#[derive(Clone)]
pub struct Tail {
    kafka: KafkaSettings,
    client_id: Arc<str>,
    slots: Arc<Semaphore>,
}

/// A client that reads back, on a thread that may wait.
pub struct TailReader {
    consumer: BaseConsumer,
    end: CancellationToken,
}

/// A stretch of the newest records of some partitions of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// The topic.
    pub topic: &'a str,
    /// Its partitions.
    pub partitions: &'a [i32],
    /// How many records are read of each partition at most, the newest ones.
    pub most: u64,
    /// Reading ends before this offset of each partition, and in any case at the end that it has when reading begins.
    pub before: Option<i64>,
}

/// Why a topic could not be read back; another attempt may succeed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The brokers do not answer, or not as they should.
    #[error("a topic cannot be read back: {reason}")]
    Kafka {
        /// librdkafka's words.
        reason: String,
    },
    /// There is a record, and it does not come.
    #[error("{topic} cannot be read back: nothing came for {ANSWER:?}")]
    Silent {
        /// The topic.
        topic: String,
    },
    /// The partition was taken away, or the process ends.
    #[error("reading back was given up, as nobody needs it any more")]
    Abandoned,
}

impl Tail {
    /// Names its clients `client_id`.
    pub fn new(kafka: KafkaSettings, client_id: &str) -> Self {
        Self { kafka, client_id: Arc::from(client_id), slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Has `work` read on a thread of its own. Dropping the future ends the reading.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&TailReader) -> Result<T, TailError> + Send + 'static,
    ) -> Result<T, TailError> {
        let _slot = self.slots.acquire().await.map_err(|_| TailError::Abandoned)?;
        let end = CancellationToken::new();
        let _ends_when_dropped = end.clone().drop_guard();
        let tail = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&tail.reader(end)?)).await;
        done.unwrap_or(Err(TailError::Abandoned))
    }

    fn reader(&self, end: CancellationToken) -> Result<TailReader, TailError> {
        // Credentials may have been renewed since the start.
        let kafka = self.kafka.read_again().unwrap_or_else(|_| self.kafka.clone());
        let mut config = kafka.client_config(&self.client_id);
        for (name, value) in OWNED {
            config.set(name, value);
        }
        // A client wants a group's name even where it takes partitions itself.
        config.set("group.id", &*self.client_id);
        Ok(TailReader { consumer: config.create()?, end })
    }
}

/// What reading back rests on: nothing is passed over, nothing is committed, the end of a partition is told.
const OWNED: [(&str, &str); 8] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("allow.auto.create.topics", "false"),
    ("isolation.level", "read_uncommitted"),
    ("enable.partition.eof", "true"),
    ("queued.max.messages.kbytes", "8192"),
    ("check.crcs", "true"),
];

impl TailReader {
    /// How many partitions a topic has.
    pub fn partitions(&self, topic: &str) -> Result<i32, TailError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), ANSWER)?;
        let partitions = metadata.topics().iter().find(|found| found.name() == topic);
        let count = partitions.map_or(0, |topic| topic.partitions().len());
        i32::try_from(count)
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| TailError::Kafka { reason: format!("there is no topic {topic}") })
    }

    /// Hands each record of a stretch to `each`, those of a partition in their order; tells whether a partition holds
    /// older records than it gave.
    pub fn each(&self, stretch: &Stretch<'_>, mut each: impl FnMut(&Record)) -> Result<bool, TailError> {
        let mut ends = BTreeMap::new();
        let mut begins = TopicPartitionList::new();
        let mut has_more = false;
        for partition in stretch.partitions {
            let (low, high) = self.consumer.fetch_watermarks(stretch.topic, *partition, ANSWER)?;
            let end = stretch.before.map_or(high, |before| before.min(high));
            let begin = end.saturating_sub_unsigned(stretch.most).max(low);
            has_more |= begin > low;
            if begin < end {
                ends.insert(*partition, end);
                begins.add_partition_offset(stretch.topic, *partition, Offset::Offset(begin))?;
            }
        }
        self.consumer.assign(&begins)?;
        let outcome = self.follow(stretch.topic, ends, &mut each);
        self.consumer.unassign()?;
        outcome.map(|()| has_more)
    }

    fn follow(
        &self,
        topic: &str,
        mut ends: BTreeMap<i32, i64>,
        each: &mut impl FnMut(&Record),
    ) -> Result<(), TailError> {
        let name: Arc<str> = Arc::from(topic);
        let mut heard = Instant::now();
        while !ends.is_empty() {
            if self.end.is_cancelled() {
                return Err(TailError::Abandoned);
            }
            match self.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    heard = Instant::now();
                    let Some(end) = ends.get(&message.partition()).copied() else { continue };
                    if message.offset() < end {
                        each(&read(&message, Arc::clone(&name)));
                    }
                    if message.offset() + 1 >= end {
                        ends.remove(&message.partition());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    ends.remove(&partition);
                }
                Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                    return Err(TailError::Kafka { reason: code.to_string() });
                }
                // The client heals from everything else by itself, and is given time for it.
                Some(Err(_)) | None if heard.elapsed() < ANSWER => {}
                Some(Err(_)) | None => return Err(TailError::Silent { topic: topic.to_owned() }),
            }
        }
        Ok(())
    }
}

impl From<KafkaError> for TailError {
    fn from(error: KafkaError) -> Self {
        Self::Kafka { reason: error.to_string() }
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tail").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for TailReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TailReader").finish_non_exhaustive()
    }
}
