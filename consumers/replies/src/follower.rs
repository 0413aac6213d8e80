//! Reads the results topic into the ledger, from as far back as commands are remembered, and keeps up with it.

use crate::ledger::Ledger;
use runtime::consumer::{Read, ReadAhead, ReadError, Record, TopicReader};
use runtime::settings::KafkaSettings;
use schemas::Millis;
use schemas::reply::CommandResult;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long a poll waits for a record, which is also how long an end may go unnoticed.
const POLL: Duration = Duration::from_millis(100);
/// How often to look for new partitions, and whether the end of one is reached.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps a ledger up to date; it ends when dropped.
pub struct Follower {
    shared: Arc<Shared>,
    kafka: KafkaSettings,
    client_id: String,
    topic: String,
    _ends_when_dropped: DropGuard,
}

struct Shared {
    ledger: Mutex<Ledger>,
    read: watch::Sender<Progress>,
}

/// How far the topic was read.
#[derive(Debug, Default)]
struct Progress {
    /// By partition the offset up to which nothing is left to read.
    offsets: BTreeMap<i32, i64>,
    /// What can never be read.
    unreadable: Option<ReadError>,
}

/// Why the results topic cannot be read; another attempt may succeed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The brokers do not answer, or not as they should, or what lies there cannot be read.
    #[error("the results topic is not followed: {0}")]
    Read(#[from] ReadError),
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
        let (settings, id, name) = (kafka.clone(), client_id.to_owned(), topic.clone());
        let (mut reader, begun) = blocking(move || {
            let mut reader = TopicReader::new(&settings, &id, &name)?;
            let begun = begin(&mut reader, window)?;
            Ok((reader, begun))
        })
        .await?;
        let begun = Progress { offsets: begun, unreadable: None };
        let shared = Arc::new(Shared { ledger: Mutex::new(ledger), read: watch::Sender::new(begun) });
        let end = CancellationToken::new();
        let (sink, ended) = (Arc::clone(&shared), end.clone());
        let thread = thread::Builder::new().name(String::from("results"));
        let started = thread.spawn(move || follow(&mut reader, &sink, &ended));
        started.map_err(|error| FollowError::Thread { reason: error.to_string() })?;
        let (kafka, client_id) = (kafka.clone(), client_id.to_owned());
        Ok(Self { shared, kafka, client_id, topic, _ends_when_dropped: end.drop_guard() })
    }

    /// The ledger, as far as the topic was read.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared.ledger()
    }

    /// Returns once everything is read that is in the topic by now.
    pub async fn caught_up(&self, limit: Duration) -> Result<(), FollowError> {
        let deadline = Instant::now() + limit;
        let (kafka, client_id, topic) = (self.kafka.clone(), self.client_id.clone(), self.topic.clone());
        let (mut looker, ends) = blocking(move || {
            let looker = TopicReader::new(&kafka, &client_id, &topic)?;
            let ends = ends(&looker, &looker.partitions()?)?;
            Ok((looker, ends))
        })
        .await?;
        let mut read = self.shared.read.subscribe();
        loop {
            let is_over = |read: &Progress| read.unreadable.is_some() || read.reached(&ends);
            if let Ok(Ok(read)) = tokio::time::timeout(LOOK_EVERY, read.wait_for(is_over)).await {
                return read.unreadable.clone().map_or(Ok(()), |error| Err(error.into()));
            }
            if Instant::now() >= deadline {
                return Err(FollowError::Behind);
            }
            // The last offsets of a partition need not be records.
            let behind = self.shared.read.borrow().behind(&ends);
            let (returned, empty) = blocking(move || {
                let empty = behind.into_iter().filter(|(partition, (from, _))| {
                    matches!(looker.ahead(*partition, *from, LOOK_EVERY), ReadAhead::Nothing)
                });
                let empty: Vec<_> = empty.collect();
                Ok((looker, empty))
            })
            .await?;
            looker = returned;
            self.shared.read.send_modify(|read| {
                for (partition, (from, end)) in empty {
                    read.offsets.entry(partition).and_modify(|at| {
                        if *at == from {
                            *at = end;
                        }
                    });
                }
            });
        }
    }

    /// Whose an attempt at a command is, once its first intent was read.
    pub async fn owner(&self, id: &str, attempt: u32, limit: Duration) -> Result<Arc<str>, FollowError> {
        let mut read = self.shared.read.subscribe();
        let owned = async {
            loop {
                read.mark_unchanged();
                if let Some(owner) = self.ledger().owner(id, attempt) {
                    return Ok(owner);
                }
                if let Some(error) = self.shared.read.borrow().unreadable.clone() {
                    return Err(error.into());
                }
                if read.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::time::timeout(limit, owned).await.unwrap_or(Err(FollowError::Behind))
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, record: &Record) {
        let at = record.timestamp.map_or(0, |at| Millis::of(at).as_millis());
        let (partition, offset) = (record.partition, record.offset);
        if let Ok(result) =
            serde_json::from_slice::<CommandResult<'_>>(record.value.as_deref().unwrap_or_default())
        {
            self.ledger().record(&result, at, now());
        } else {
            tracing::warn!(
                partition,
                offset,
                "a record of the results topic is no result, it is passed over"
            );
        }
        self.read.send_modify(|read| {
            let at = read.offsets.entry(partition).or_default();
            *at = (*at).max(offset + 1);
            read.unreadable.take_if(|error| is_of(error, partition));
        });
    }

    /// Whoever waits for the topic is told; it may be mended meanwhile.
    fn cannot_read(&self, error: ReadError) {
        if !matches!(error, ReadError::Unreadable { .. }) {
            tracing::debug!(%error, "the results topic cannot be read at the moment");
            return;
        }
        self.read.send_if_modified(|read| {
            let is_new = read.unreadable.is_none();
            if is_new {
                tracing::error!("no command is carried out: {error}");
                read.unreadable = Some(error);
            }
            is_new
        });
    }
}

impl Progress {
    fn reached(&self, ends: &BTreeMap<i32, i64>) -> bool {
        ends.iter().all(|(partition, end)| self.offsets.get(partition).is_some_and(|read| read >= end))
    }

    /// From where to where the partitions are not read yet.
    fn behind(&self, ends: &BTreeMap<i32, i64>) -> BTreeMap<i32, (i64, i64)> {
        let behind = |(partition, end): (&i32, &i64)| {
            let read = *self.offsets.get(partition)?;
            (read < *end).then_some((*partition, (read, *end)))
        };
        ends.iter().filter_map(behind).collect()
    }
}

fn is_of(error: &ReadError, partition: i32) -> bool {
    matches!(error, ReadError::Unreadable { partition: of, .. } if *of == partition)
}

/// Reads on until `end`, and looks for partitions that were added.
fn follow(reader: &mut TopicReader, shared: &Shared, end: &CancellationToken) {
    let mut looked = Instant::now();
    while !end.is_cancelled() {
        if looked.elapsed() >= LOOK_EVERY {
            if let Err(error) = take_new_partitions(reader, shared) {
                tracing::debug!(%error, "nobody says whether the results topic has more partitions");
            }
            looked = Instant::now();
        }
        match reader.next(POLL) {
            Ok(Some(Read::Record(record))) => shared.take(&record),
            Ok(Some(Read::End(_)) | None) => {}
            Err(error) => shared.cannot_read(error),
        }
    }
}

/// What is in a new partition was written after it was made, so that it is read from its beginning.
fn take_new_partitions(reader: &mut TopicReader, shared: &Shared) -> Result<(), ReadError> {
    let mut new = BTreeMap::new();
    for partition in reader.partitions()? {
        if !shared.read.borrow().offsets.contains_key(&partition) {
            new.insert(partition, reader.ends(partition)?.0);
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    tracing::info!(partitions = ?new.keys(), "the results topic has new partitions");
    reader.add(&new)?;
    shared.read.send_modify(|read| read.offsets.extend(new));
    Ok(())
}

/// Begins to read every partition from `window` ago, and tells where that is.
fn begin(reader: &mut TopicReader, window: Duration) -> Result<BTreeMap<i32, i64>, ReadError> {
    let partitions = reader.partitions()?;
    let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    let since = i64::try_from(now().saturating_sub(window)).unwrap_or(0);
    // Before the times are asked for: what is written in between is younger than the window, or behind these ends.
    let mut begun = ends(reader, &partitions)?;
    // Where nothing is as young, reading begins at the end.
    begun.extend(reader.since(&partitions, since)?);
    reader.start(&begun)?;
    Ok(begun)
}

fn ends(reader: &TopicReader, partitions: &[i32]) -> Result<BTreeMap<i32, i64>, ReadError> {
    partitions.iter().map(|partition| Ok((*partition, reader.ends(*partition)?.1))).collect()
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

impl std::fmt::Debug for Follower {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Follower").field("topic", &self.topic).finish_non_exhaustive()
    }
}
