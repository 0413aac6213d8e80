//! Reads back the newest records of a topic: what the state of a partition is made of again.

use std::cell::RefCell;
use std::collections::BTreeMap;
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
    readers: RefCell<BTreeMap<String, TopicReader>>,
    end: CancellationToken,
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

/// Why a topic could not be read back; another attempt may succeed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The brokers do not answer, or not as they should, or what lies there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is a record, and it does not come.
    #[error("{topic} cannot be read back: nothing came for {ANSWER:?} ({reason})")]
    Silent {
        /// The topic.
        topic: String,
        /// What is known about it.
        reason: String,
    },
    /// The partition was taken away, or the process ends.
    #[error("reading back was given up, as nobody needs it any more")]
    Abandoned,
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
        work: impl FnOnce(&TailReader) -> Result<T, TailError> + Send + 'static,
    ) -> Result<T, TailError> {
        let _slot = self.slots.acquire().await.map_err(|_| TailError::Abandoned)?;
        let end = CancellationToken::new();
        let _ends_when_dropped = end.clone().drop_guard();
        // They may have been renewed since the start.
        let mut kafka = self.credentials.latest(&self.kafka);
        for (name, value) in [("isolation.level", "read_uncommitted"), ("queued.max.messages.kbytes", "8192")]
        {
            kafka.properties.insert(name.to_owned(), value.to_owned());
        }
        let client_id = Arc::clone(&self.client_id);
        let reading = move || work(&TailReader { kafka, client_id, readers: RefCell::default(), end });
        tokio::task::spawn_blocking(reading).await.unwrap_or(Err(TailError::Abandoned))
    }
}

impl TailReader {
    /// How many partitions a topic has.
    pub fn partitions(&self, topic: &str) -> Result<i32, TailError> {
        let partitions = self.of(topic, |reader| Ok(reader.partitions()?))?;
        Ok(i32::try_from(partitions.len()).unwrap_or(i32::MAX))
    }

    /// Hands each record of a range to `each`, those of a partition in their order; tells whether a partition holds
    /// older records than it gave.
    pub fn each(&self, range: &OffsetRange<'_>, mut each: impl FnMut(&Record)) -> Result<bool, TailError> {
        self.of(range.topic, |reader| {
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
            let outcome = self.follow(reader, ends, &mut each);
            reader.stop()?;
            outcome.map(|()| has_more)
        })
    }

    fn follow(
        &self,
        reader: &mut TopicReader,
        mut ends: BTreeMap<i32, i64>,
        each: &mut impl FnMut(&Record),
    ) -> Result<(), TailError> {
        let mut heard = Instant::now();
        while !ends.is_empty() {
            if self.end.is_cancelled() {
                return Err(TailError::Abandoned);
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
                    let reason = reader.last_error().unwrap_or("the brokers say nothing").to_owned();
                    return Err(TailError::Silent { topic: reader.topic().to_string(), reason });
                }
            }
        }
        Ok(())
    }

    /// Has `work` done with the reader of a topic.
    fn of<T>(
        &self,
        topic: &str,
        work: impl FnOnce(&mut TopicReader) -> Result<T, TailError>,
    ) -> Result<T, TailError> {
        let mut readers = self.readers.borrow_mut();
        if !readers.contains_key(topic) {
            readers.insert(topic.to_owned(), TopicReader::new(&self.kafka, &self.client_id, topic)?);
        }
        readers.get_mut(topic).map_or(Err(TailError::Abandoned), work)
    }
}
