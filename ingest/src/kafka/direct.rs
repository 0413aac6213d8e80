//! A producer of its own for the path of a request: no retries and no idempotence, since the spool is the retry and ids
//! make a duplicate harmless (docs/adr/0015).
//!
//! Records are written straight into one batch a partition. A request to a broker carries every partition of it that has
//! something; while two are under way the rest gathers, so that batches grow with the load and calm traffic waits for
//! nothing. What a broker refuses, what it does not answer in time and what a lost connection had under way is reported
//! as not acknowledged.

mod call;
mod cluster_watch;
mod compression;
mod connection;
mod expiry;
mod options;
mod produce;
mod record_batch;
mod renewal;
mod security;
mod sender;
mod shared;
mod state;
mod supervision;
mod ticket;

pub(crate) use self::security::not_honoured;

use self::shared::Shared;
use self::ticket::Ticket;
use prometheus::Registry;
use runtime::process::Process;
use runtime::producer::{
    Acknowledgement, BatchCompletion, Outgoing, ProducerError, ProducerMetrics, ProducerOptions, SendError,
    TopicsError,
};
use runtime::settings::KafkaSettings;
use schemas::Millis;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// A handle on the producer; clones share it. [`Self::end`] ends it.
#[derive(Clone)]
pub(crate) struct Direct {
    shared: Arc<Shared>,
    running: AbortHandle,
}

/// Records that are sent together and reported as one.
pub(crate) struct Batch<'a> {
    shared: &'a Shared,
    completion: Arc<BatchCompletion>,
    now: Instant,
    /// The time of its records, in milliseconds since 1970.
    millis: i64,
}

impl Direct {
    /// Begins to connect; this waits for no broker. Fails where files that the properties name cannot be used.
    pub(crate) fn start(
        kafka: &KafkaSettings,
        options: &ProducerOptions,
        topics: &[String],
        process: &Process,
        registry: &Registry,
    ) -> Result<Self, ProducerError> {
        let shared = Shared::new(kafka, options, topics, process.credentials.clone());
        let shared = Arc::new(shared.map_err(ProducerError)?);
        let metrics = ProducerMetrics::new(registry, &process.quota);
        let running = tokio::spawn(supervision::run(Arc::clone(&shared), metrics)).abort_handle();
        Ok(Self { shared, running })
    }

    /// Opens a batch, whose records are reported together.
    pub(crate) fn batch(&self) -> Batch<'_> {
        let millis = i64::try_from(Millis::of(SystemTime::now()).as_millis()).unwrap_or(i64::MAX);
        Batch { shared: &self.shared, completion: BatchCompletion::open(), now: Instant::now(), millis }
    }

    /// Whether the brokers have all of these topics, as far as they have said; waits for a first answer, or until each of them has
    /// given none.
    pub(crate) async fn check_topics(&self, names: &[String], limit: Duration) -> Result<(), TopicsError> {
        let mut asked = self.shared.metadata_result.subscribe();
        let outcome = timeout(limit, asked.wait_for(Option::is_some)).await;
        let outcome = outcome.ok().and_then(Result::ok).and_then(|outcome| outcome.clone());
        let kafka = &self.shared.kafka;
        if let Err(reason) = outcome.unwrap_or_else(|| Err(format!("none within {limit:?}"))) {
            return Err(TopicsError::unreachable(kafka, reason));
        }
        let missing = self.shared.lock().missing();
        if missing.is_empty() { Ok(()) } else { Err(TopicsError::missing(missing, names, &kafka.brokers)) }
    }

    /// Why the latest connection or request failed, if that was of late.
    pub(crate) fn last_reason(&self, now: Instant) -> Option<String> {
        self.shared.last_reason.of_late(now)
    }

    /// Waits until every record has been reported, gives up what is left after `limit` and closes the connections; returns
    /// how many records that were.
    pub(crate) async fn end(&self, limit: Duration) -> usize {
        let shared = &*self.shared;
        let drained = async {
            while shared.lock().queued().1 > 0 {
                shared.drained.notified().await;
            }
        };
        drop(timeout(limit, drained).await);
        let (left, ended) = {
            let mut state = shared.lock();
            (state.queued().1, state.close())
        };
        shared.report(ended);
        self.running.abort();
        left
    }
}

impl Batch<'_> {
    /// Queues a record; never waits. On an error this record is not queued, those before it are.
    pub(crate) fn send(&mut self, record: Outgoing<'_>) -> Result<(), SendError> {
        let ticket = || Ticket::new(&self.completion);
        let refused = self.shared.lock().accept(&record, ticket, self.now, self.millis)?;
        if refused.is_some() {
            ticket().report(refused);
        }
        Ok(())
    }

    /// Closes the batch; the acknowledgement resolves when the last of its records has been reported.
    pub(crate) fn finish(self) -> Acknowledgement {
        Acknowledgement::new(Arc::clone(&self.completion))
    }
}

impl Drop for Batch<'_> {
    /// Its records go to their brokers together.
    fn drop(&mut self) {
        self.completion.release_one();
        self.shared.lock().wake(self.now);
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Direct")
            .field("records", &self.shared.lock().queued().1)
            .finish_non_exhaustive()
    }
}
