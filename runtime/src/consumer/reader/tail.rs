//! Reads back the newest records of a topic: what the state of a partition is made of again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{ANSWER, POLL, Read, ReadError, TopicReader};
use crate::consumer::Record;
use crate::kafka::credentials::Credentials;
use crate::settings::KafkaSettings;

/// A process that starts with many partitions reads back so many of them at once.
const AT_ONCE: usize = 4;

/// Reads topics back through clients of its own, which join no group and commit nothing; clones share its bound.
#[derive(Clone, Debug)]
pub struct Tail {
    kafka: KafkaSettings,
    credentials: Credentials,
    client_id: Arc<str>,
    slots: Arc<Semaphore>,
}

/// A client that reads back, on a thread that may wait.
#[derive(Debug)]
pub struct TailReader {
    kafka: KafkaSettings,
    client_id: Arc<str>,
    readers: BTreeMap<String, TopicReader>,
    abandoned: CancellationToken,
}

/// The newest records of some partitions of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetRange<'a> {
    /// The topic.
    pub topic: &'a str,
    /// Its partitions.
    pub partitions: &'a [i32],
    /// How many records are read of each partition at most, the newest ones.
    pub most: u64,
    /// Reading ends before this offset of each partition, and in any case at the end that it has when reading begins.
    pub before: Option<i64>,
}

impl Tail {
    /// Names its clients `client_id`; each has the credentials as they are then.
    pub fn new(kafka: KafkaSettings, credentials: Credentials, client_id: &str) -> Self {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        Self { kafka, credentials, client_id: Arc::from(client_id), slots }
    }

    /// Has `work` read on a thread of its own. Dropping the future ends the reading.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut TailReader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let _slot = self.slots.acquire().await.map_err(|_| ReadError::Abandoned)?;
        let abandoned = CancellationToken::new();
        let _abandoned_when_dropped = abandoned.clone().drop_guard();
        // They may have been renewed since the start.
        let mut kafka = self.credentials.latest(&self.kafka);
        for (name, value) in [("isolation.level", "read_uncommitted"), ("queued.max.messages.kbytes", "8192")]
        {
            kafka.properties.insert(name.to_owned(), value.to_owned());
        }
        let client_id = Arc::clone(&self.client_id);
        let reading = move || work(&mut TailReader { kafka, client_id, readers: BTreeMap::new(), abandoned });
        tokio::task::spawn_blocking(reading).await.unwrap_or(Err(ReadError::Abandoned))
    }
}

impl TailReader {
    /// How many partitions a topic has.
    pub fn partitions(&mut self, topic: &str) -> Result<i32, ReadError> {
        let partitions = self.of(topic)?.partitions()?;
        Ok(i32::try_from(partitions.len()).unwrap_or(i32::MAX))
    }

    /// Hands each record of a range to `each`, those of a partition in their order; tells whether a partition holds
    /// older records than it gave.
    pub fn each(
        &mut self,
        range: &OffsetRange<'_>,
        mut each: impl FnMut(&Record),
    ) -> Result<bool, ReadError> {
        let abandoned = self.abandoned.clone();
        let reader = self.of(range.topic)?;
        let (mut begins, mut ends) = (BTreeMap::new(), BTreeMap::new());
        let mut has_more = false;
        for partition in range.partitions {
            let (low, high) = reader.ends(*partition)?;
            let end = range.before.map_or(high, |before| before.min(high));
            let begin = end.saturating_sub_unsigned(range.most).max(low);
            has_more |= begin > low;
            if begin < end {
                begins.insert(*partition, begin);
                ends.insert(*partition, end);
            }
        }
        reader.start(&begins)?;
        let outcome = follow(reader, ends, &abandoned, &mut each);
        reader.stop()?;
        outcome.map(|()| has_more)
    }

    /// The reader of a topic.
    fn of(&mut self, topic: &str) -> Result<&mut TopicReader, ReadError> {
        match self.readers.entry(topic.to_owned()) {
            Entry::Occupied(reader) => Ok(reader.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(TopicReader::new(&self.kafka, &self.client_id, topic)?)),
        }
    }
}

fn follow(
    reader: &mut TopicReader,
    mut ends: BTreeMap<i32, i64>,
    abandoned: &CancellationToken,
    each: &mut impl FnMut(&Record),
) -> Result<(), ReadError> {
    let mut heard = Instant::now();
    while !ends.is_empty() {
        if abandoned.is_cancelled() {
            return Err(ReadError::Abandoned);
        }
        match reader.next(POLL)? {
            Some(Read::Record(record)) => {
                heard = Instant::now();
                let Some(end) = ends.get(&record.partition).copied() else { continue };
                if record.offset < end {
                    each(&record);
                }
                if record.offset + 1 >= end {
                    ends.remove(&record.partition);
                }
            }
            Some(Read::End(partition)) => drop(ends.remove(&partition)),
            None if heard.elapsed() < ANSWER => {}
            None => {
                let why = reader.last_error().unwrap_or("the brokers say nothing");
                let reason = format!("nothing came for {ANSWER:?} ({why})");
                return Err(ReadError::Kafka { topic: reader.topic().to_string(), reason });
            }
        }
    }
    Ok(())
}
