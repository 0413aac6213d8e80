//! Reads the results topic into the ledger, from as far back as commands are remembered, and keeps up with it.

pub(crate) mod history;
mod keep_up;
mod progress;
mod source;

pub(crate) use source::Source;

use crate::ledger::Ledger;
use progress::{Progress, past_end};
use runtime::consumer::{ReadError, Record, TopicReader};
use runtime::mutex::lock;
use runtime::process::steady_clock::SteadyClock;
use schemas::Millis;
use schemas::reply::CommandResult;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How often to look for new partitions, and whether the end of one is reached.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps a ledger up to date; it ends when dropped.
#[derive(Debug)]
pub(crate) struct ResultsReader {
    shared: Arc<Shared>,
    _ends_when_dropped: DropGuard,
}

#[derive(Debug)]
struct Shared {
    source: Source,
    ledger: Mutex<Ledger>,
    /// By which commands are forgotten: one that is forgotten too early would be carried out twice.
    clock: SteadyClock,
    read: watch::Sender<Progress>,
    /// Somebody has waited in vain for what the topic has: the client may stand still.
    is_suspected: AtomicBool,
}

/// Why the results topic cannot be read; another attempt may succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResultsError {
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

impl ResultsReader {
    /// Begins to read from `window` ago.
    pub(crate) async fn start(
        source: Source,
        window: Duration,
        ledger: Ledger,
    ) -> Result<Self, ResultsError> {
        let begins = source.clone();
        let (reader, begun, changes) = blocking(move || {
            let changes = begins.process.credentials.changes();
            let mut reader = begins.reader()?;
            let begun = begin(&mut reader, window)?;
            Ok((reader, begun, changes))
        })
        .await?;
        let begun = Progress { offsets: begun, unreadable: BTreeMap::new() };
        let (ledger, clock, read) = (Mutex::new(ledger), SteadyClock::start(), watch::Sender::new(begun));
        let shared = Arc::new(Shared { source, ledger, clock, read, is_suspected: AtomicBool::new(false) });
        let end = CancellationToken::new();
        let (sink, ended) = (Arc::clone(&shared), end.clone());
        let thread = thread::Builder::new().name(String::from("results"));
        // After a panic the ledger may be half changed, and nobody could rely on it. A new one is read from the start of the topic,
        // which takes a new process no longer: so the process ends.
        let started = thread.spawn(move || {
            let follow = || keep_up::follow(reader, changes, &sink, &ended);
            sink.source.process.shutdown.trigger_on_panic("what reads the results topic", follow);
        });
        started.map_err(|error| ResultsError::Thread { reason: error.to_string() })?;
        Ok(Self { shared, _ends_when_dropped: end.drop_guard() })
    }

    /// The ledger, as far as the topic was read, without what is old by now.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        let mut ledger = lock(&self.shared.ledger);
        ledger.forget(self.shared.now());
        ledger
    }

    /// Returns once everything is read that is in the topic by now.
    pub(crate) async fn wait_until_caught_up(&self, limit: Duration) -> Result<(), ResultsError> {
        let deadline = Instant::now() + limit;
        let (mut probe, ends) = self.shared.ends(deadline).await?;
        let mut read = self.shared.read.subscribe();
        let mut silent = None;
        loop {
            let is_over = |read: &Progress| !read.unreadable.is_empty() || read.reached(&ends);
            if let Ok(Ok(read)) = tokio::time::timeout(LOOK_EVERY, read.wait_for(is_over)).await {
                return read.trouble().map_or(Ok(()), |error| Err(error.into()));
            }
            if Instant::now() >= deadline {
                return Err(silent.map_or_else(|| self.shared.behind(), ResultsError::Read));
            }
            // The last offsets of a partition need not be records.
            let behind = self.shared.read.borrow().behind(&ends);
            let (returned, empty, unanswered) = blocking(move || {
                let (mut empty, mut unanswered) = (Vec::new(), None);
                for (partition, (from, end)) in behind {
                    match probe.has_record(partition, from, LOOK_EVERY) {
                        Ok(false) => empty.push((partition, from, end)),
                        Err(error @ ReadError::Kafka { .. }) => unanswered = Some(error),
                        _ => {}
                    }
                }
                Ok((probe, empty, unanswered))
            })
            .await?;
            (probe, silent) = (returned, unanswered);
            self.shared.read.send_modify(|read| {
                for (partition, from, end) in empty {
                    if let Some(at) = read.offsets.get_mut(&partition).filter(|at| **at == from) {
                        *at = end;
                    }
                }
            });
        }
    }

    /// Whose an attempt at a command of this [name](crate::ledger::name) is, once its first intent was read, or the next after that
    /// of the claim `before`, which gave it back.
    pub(crate) async fn owner(
        &self,
        name: &str,
        attempt: u32,
        before: Option<&str>,
        limit: Duration,
    ) -> Result<Arc<str>, ResultsError> {
        let (mut read, mut owner) = (self.shared.read.subscribe(), None);
        let is_over = |read: &Progress| {
            let ledger = self.ledger();
            // What has ended is nobody's to give back.
            let is_before =
                |owner: &Arc<str>| before == Some(&**owner) && ledger.is_owned_by(name, attempt, owner);
            owner = ledger.owner(name, attempt).filter(|owner| !is_before(owner));
            owner.is_some() || !read.unreadable.is_empty()
        };
        let Ok(Ok(read)) = tokio::time::timeout(limit, read.wait_for(is_over)).await else {
            return Err(self.shared.behind());
        };
        owner.ok_or_else(|| read.trouble().map_or_else(|| self.shared.behind(), ResultsError::Read))
    }
}

impl Shared {
    /// In milliseconds since 1970.
    fn now(&self) -> u64 {
        Millis::of(self.clock.now()).as_millis()
    }

    fn take(&self, record: &Record) {
        let at = record.timestamp.map_or(0, |at| Millis::of(at).as_millis());
        let (partition, offset) = (record.partition, record.offset);
        if let Ok(result) =
            serde_json::from_slice::<CommandResult<'_>>(record.value.as_deref().unwrap_or_default())
        {
            lock(&self.ledger).record(&result, at, self.now());
        } else {
            tracing::warn!(partition, offset, "skipping a record of the results topic that is no result");
        }
        self.read.send_modify(|read| {
            // Not the furthest: a client that goes back, as it does in a log that is another now, has not read that one to there.
            if let Some(before) = read.offsets.insert(partition, offset + 1).filter(|before| *before > offset)
            {
                tracing::warn!(
                    partition,
                    offset,
                    before,
                    "the results topic is read from an earlier offset again"
                );
            }
            self.reads_on(read, partition);
        });
    }

    /// A client, and where the partitions end: none before the offset up to which it was read.
    async fn ends(&self, deadline: Instant) -> Result<(TopicReader, BTreeMap<i32, i64>), ResultsError> {
        loop {
            let (source, read) = (self.source.clone(), self.read.borrow().offsets.clone());
            let (probe, ends) = blocking(move || {
                let probe = source.reader()?;
                let ends = ends(&probe, &probe.partitions()?)?;
                Ok((probe, ends))
            })
            .await?;
            if past_end(&read, &ends).is_empty() {
                return Ok((probe, ends));
            }
            // The partition is begun anew, or its leader tells of an older end for a moment.
            if Instant::now() >= deadline {
                return Err(self.behind());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// There is nothing more in a partition, so that nothing of it is left unread.
    fn ended(&self, partition: i32) {
        self.read.send_if_modified(|read| self.reads_on(read, partition));
    }

    /// Takes note that a partition is read on; whether it was not.
    fn reads_on(&self, read: &mut Progress, partition: i32) -> bool {
        let was_unreadable = read.unreadable.remove(&partition).is_some();
        if was_unreadable {
            self.source.metrics.results_unreadable.dec();
        }
        was_unreadable
    }

    /// Whoever waits for the topic is told; it may be mended meanwhile.
    fn cannot_read(&self, error: ReadError) {
        let Some(partition) = error.partition() else {
            tracing::debug!(%error, "the results topic cannot be read at the moment");
            return;
        };
        self.read.send_if_modified(|read| {
            if read.unreadable.is_empty() {
                tracing::error!("no command is carried out: {error}");
            }
            let is_new = read.unreadable.insert(partition, error).is_none();
            if is_new {
                self.source.metrics.results_unreadable.inc();
            }
            is_new
        });
    }

    fn is_unreadable(&self) -> bool {
        !self.read.borrow().unreadable.is_empty()
    }

    /// What is in the topic was not read in time.
    fn behind(&self) -> ResultsError {
        self.is_suspected.store(true, Ordering::Relaxed);
        ResultsError::Behind
    }
}

/// Begins to read every partition from `window` ago, and tells where that is.
fn begin(reader: &mut TopicReader, window: Duration) -> Result<BTreeMap<i32, i64>, ReadError> {
    let partitions = reader.partitions()?;
    let since = Millis::of(SystemTime::now()).before(window);
    let since = i64::try_from(since.as_millis()).unwrap_or(0);
    // Before the times are asked for: what is written in between is younger than the window, or behind these ends.
    let mut begun = ends(reader, &partitions)?;
    // Where nothing is as young, reading begins at the end.
    begun.extend(reader.since(&partitions, since)?);
    reader.start(&begun)?;
    Ok(begun)
}

/// The first offset of each of these partitions.
fn firsts(reader: &TopicReader, partitions: &[i32]) -> Result<BTreeMap<i32, i64>, ReadError> {
    partitions.iter().map(|partition| Ok((*partition, reader.ends(*partition)?.0))).collect()
}

/// The offset behind the last of each.
fn ends(reader: &TopicReader, partitions: &[i32]) -> Result<BTreeMap<i32, i64>, ReadError> {
    partitions.iter().map(|partition| Ok((*partition, reader.ends(*partition)?.1))).collect()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ResultsError> + Send + 'static,
) -> Result<T, ResultsError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ResultsError::Thread { reason: error.to_string() }))
}

#[cfg(test)]
mod tests;
