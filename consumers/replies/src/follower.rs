//! Reads the results topic into the ledger, from as far back as commands are remembered, and keeps up with it.

use crate::ledger::Ledger;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::{Offset, TopicPartitionList};
use runtime::settings::KafkaSettings;
use schemas::Millis;
use schemas::reply::CommandResult;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long a poll waits for a record, which is also how long an end may go unnoticed.
const POLL: Duration = Duration::from_millis(100);
/// How long the brokers may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Keeps a ledger up to date; it ends when dropped.
pub struct Follower {
    shared: Arc<Shared>,
    consumer: Arc<BaseConsumer>,
    topic: String,
    _ends_when_dropped: DropGuard,
}

struct Shared {
    ledger: Mutex<Ledger>,
    /// The offset behind the last record that was read, by partition.
    read: watch::Sender<BTreeMap<i32, i64>>,
}

/// Why the results topic cannot be read; another attempt may succeed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The brokers do not answer, or not as they should.
    #[error("the results topic cannot be read: {reason}")]
    Kafka {
        /// librdkafka's words.
        reason: String,
    },
    /// The topic is not read to its end in time.
    #[error("the results topic is not read to its end yet")]
    Behind,
    /// The operating system gives no thread, or the runtime ends.
    #[error("the results topic cannot be read: {reason}")]
    Thread {
        /// What is known about it.
        reason: String,
    },
}

impl Follower {
    /// Begins to read `topic` from `window` ago.
    pub async fn start(
        kafka: &KafkaSettings,
        client_id: &str,
        topic: String,
        window: Duration,
        ledger: Ledger,
    ) -> Result<Self, FollowError> {
        let mut config = kafka.client_config(client_id);
        // Nothing is committed, so that the group is a name alone.
        for (name, value) in OWNED {
            config.set(name, value);
        }
        config.set("group.id", client_id);
        let consumer: BaseConsumer = config.create()?;
        let consumer = Arc::new(consumer);
        let shared = Arc::new(Shared { ledger: Mutex::new(ledger), read: watch::Sender::default() });
        let (assigner, name) = (Arc::clone(&consumer), topic.clone());
        let begun = blocking(move || assign(&assigner, &name, window)).await?;
        shared.read.send_replace(begun);
        let end = CancellationToken::new();
        let (reader, sink, ended) = (Arc::clone(&consumer), Arc::clone(&shared), end.clone());
        let thread = thread::Builder::new().name(String::from("results"));
        let started = thread.spawn(move || follow(&reader, &sink, &ended));
        started.map_err(|error| FollowError::Thread { reason: error.to_string() })?;
        Ok(Self { shared, consumer, topic, _ends_when_dropped: end.drop_guard() })
    }

    /// The ledger, as far as the topic was read.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared.ledger()
    }

    /// Returns once everything is read that is in the topic by now.
    pub async fn caught_up(&self, limit: Duration) -> Result<(), FollowError> {
        let (consumer, topic) = (Arc::clone(&self.consumer), self.topic.clone());
        let partitions: Vec<i32> = self.shared.read.borrow().keys().copied().collect();
        let ends = blocking(move || ends(&consumer, &topic, &partitions)).await?;
        let mut read = self.shared.read.subscribe();
        let is_read = |read: &BTreeMap<i32, i64>| {
            ends.iter().all(|(partition, end)| read.get(partition).is_some_and(|read| read >= end))
        };
        let waited = tokio::time::timeout(limit, read.wait_for(is_read)).await;
        waited.is_ok_and(|read| read.is_ok()).then_some(()).ok_or(FollowError::Behind)
    }

    /// Whose an attempt at a command is, once its first intent was read.
    pub async fn owner(&self, id: &str, attempt: u32, limit: Duration) -> Result<Arc<str>, FollowError> {
        let mut read = self.shared.read.subscribe();
        let owned = async {
            loop {
                read.mark_unchanged();
                if let Some(owner) = self.ledger().owner(id, attempt) {
                    return owner;
                }
                if read.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::time::timeout(limit, owned).await.map_err(|_| FollowError::Behind)
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the ledger rests on: nothing is passed over, nothing is committed.
const OWNED: [(&str, &str); 6] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("allow.auto.create.topics", "false"),
    ("fetch.wait.max.ms", "50"),
    ("check.crcs", "true"),
];

/// Assigns every partition from `window` ago, and tells where that is.
fn assign(consumer: &BaseConsumer, topic: &str, window: Duration) -> Result<BTreeMap<i32, i64>, FollowError> {
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER)?;
    let partitions = metadata.topics().iter().filter(|found| found.name() == topic);
    let partitions: Vec<i32> =
        partitions.flat_map(MetadataTopic::partitions).map(MetadataPartition::id).collect();
    if partitions.is_empty() {
        return Err(FollowError::Kafka { reason: format!("{topic} has no partitions") });
    }
    let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    let since = i64::try_from(now().saturating_sub(window)).unwrap_or(0);
    let mut times = TopicPartitionList::new();
    for partition in &partitions {
        times.add_partition_offset(topic, *partition, Offset::Offset(since))?;
    }
    // Before the times are asked for: what is written in between is younger than the window, or behind these ends.
    let mut begun = ends(consumer, topic, &partitions)?;
    let found = consumer.offsets_for_times(times, ANSWER)?;
    for element in found.elements() {
        element.error()?;
        // Where nothing is as young, reading begins at the end.
        if let Offset::Offset(offset) = element.offset() {
            begun.insert(element.partition(), offset);
        }
    }
    let mut list = TopicPartitionList::new();
    for (partition, offset) in &begun {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset))?;
    }
    consumer.assign(&list)?;
    Ok(begun)
}

fn ends(consumer: &BaseConsumer, topic: &str, partitions: &[i32]) -> Result<BTreeMap<i32, i64>, FollowError> {
    let end = |partition: &i32| {
        let (_, end) = consumer.fetch_watermarks(topic, *partition, ANSWER)?;
        Ok((*partition, end))
    };
    partitions.iter().map(end).collect()
}

fn follow(consumer: &BaseConsumer, shared: &Shared, end: &CancellationToken) {
    while !end.is_cancelled() {
        let message = match consumer.poll(POLL) {
            Some(Ok(message)) => message,
            // The client heals by itself, and whoever waits for the end of the topic waits longer.
            Some(Err(error)) => {
                tracing::debug!(%error, "the results topic cannot be read at the moment");
                continue;
            }
            None => continue,
        };
        let at = message.timestamp().to_millis().and_then(|at| u64::try_from(at).ok()).unwrap_or(0);
        let value = message.payload().unwrap_or_default();
        if let Ok(result) = serde_json::from_slice::<CommandResult<'_>>(value) {
            shared.ledger().note(&result, at, now());
        } else {
            let (partition, offset) = (message.partition(), message.offset());
            tracing::warn!(
                partition,
                offset,
                "a record of the results topic is no result, it is passed over"
            );
        }
        shared.read.send_modify(|read| {
            read.insert(message.partition(), message.offset() + 1);
        });
    }
}

fn now() -> u64 {
    Millis::of(SystemTime::now()).as_millis()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FollowError> + Send + 'static,
) -> Result<T, FollowError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(FollowError::Thread { reason: error.to_string() }))
}

impl From<KafkaError> for FollowError {
    fn from(error: KafkaError) -> Self {
        Self::Kafka { reason: error.to_string() }
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Follower").field("topic", &self.topic).finish_non_exhaustive()
    }
}
