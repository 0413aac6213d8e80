//! Records out: one producer a process, one completion a batch.
//!
//! This is the hot path of a service that is measured in microseconds a request. Nothing here blocks
//! or sleeps, a full queue is answered at once, and a batch costs one allocation beyond its headers and
//! what librdkafka copies. The client inside can be replaced while batches are under way: see [`watchdog`].

mod acknowledgement;
mod batch;
mod client;
mod context;
mod error;
mod leaders;
mod options;
mod stuck;
mod topics;
pub mod watchdog;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use rdkafka::producer::Producer as _;

pub use acknowledgement::{Acknowledgement, BatchCompletion};
pub use batch::{Batch, Outgoing, headers};
use client::Client;
pub use error::{ProduceError, ProducerError, SendError, TopicsError};
use leaders::LedElsewhere;
pub use options::ProducerOptions;

pub use crate::kafka::quota::{QuotaWait, QuotaWatch};
pub use crate::kafka::statistics::{ProducerMetrics, ProducerState};

use crate::kafka::TopicPartition;
use crate::kafka::log::KafkaLog;
use crate::settings::KafkaSettings;

/// A handle on a producer: acks=all, idempotent; clones share it.
///
/// Dropping the last handle gives up what is still queued: [`Self::flush`] first.
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    client: ArcSwap<Client>,
    /// What the next client is made from.
    kafka: ArcSwap<KafkaSettings>,
    options: ProducerOptions,
    log: KafkaLog,
}

impl Producer {
    /// Makes the client; it connects by itself, so this does not wait for a broker.
    pub fn new(kafka: &KafkaSettings, options: &ProducerOptions) -> Result<Self, ProducerError> {
        let log = KafkaLog::default();
        let client = ArcSwap::from_pointee(Client::new(&options.client_config(kafka), &log)?);
        let (kafka, options) = (ArcSwap::from_pointee(kafka.clone()), options.clone());
        Ok(Self { shared: Arc::new(Shared { client, kafka, options, log }) })
    }

    /// Opens a batch, whose records are reported together.
    pub fn batch(&self) -> Batch<'_> {
        Batch::new(self, self.client())
    }

    /// Records that are queued or on their way and not yet reported.
    pub fn in_flight(&self) -> usize {
        self.client().context().in_flight()
    }

    /// Why its latest connection or request failed, in librdkafka's words, if that was of late.
    pub fn last_reason(&self, now: Instant) -> Option<String> {
        self.shared.log.last_reason_of_late(now)
    }

    /// Why this client can never send again, if that is so; only a new one helps, see [`watchdog`].
    pub fn fatal_error(&self) -> Option<String> {
        self.client().fatal_error()
    }

    /// What the next client is made from.
    pub(crate) fn settings(&self) -> Arc<KafkaSettings> {
        self.shared.kafka.load_full()
    }

    /// As [`Self::replace`], from other settings and in order: the old client has `limit` to send what it has.
    pub(crate) async fn renew(
        &self,
        kafka: Arc<KafkaSettings>,
        limit: Duration,
    ) -> Result<(), ProducerError> {
        let before = self.shared.kafka.swap(kafka);
        let old = self.replace().await.inspect_err(|_| self.shared.kafka.store(before))?;
        // What is not reported by then is given up with the client.
        drop(tokio::task::spawn_blocking(move || old.producer().flush(limit).is_ok()));
        Ok(())
    }

    /// Puts a new client in the place of the one that is returned. What that has not sent is given up once it is dropped, and reported
    /// so ([`ProduceError::Purged`]); it may be on the log all the same. To make a client, librdkafka reads files.
    async fn replace(&self) -> Result<Arc<Client>, ProducerError> {
        let shared = Arc::clone(&self.shared);
        let made = tokio::task::spawn_blocking(move || shared.new_client()).await;
        let made = made.map_err(|error| ProducerError(error.to_string()))??;
        Ok(self.shared.client.swap(Arc::new(made)))
    }

    /// Waits until every record has been reported; `false` when some are still out after `limit`.
    ///
    /// What became of each record is for its acknowledgement to say, never for this.
    pub async fn flush(&self, limit: Duration) -> bool {
        let client = self.client();
        let flushed = tokio::task::spawn_blocking(move || client.producer().flush(limit).is_ok());
        flushed.await.unwrap_or(false)
    }

    /// Asks the brokers whether all of `names` are there, which also fills the client's metadata.
    pub async fn check_topics(&self, names: &[String], limit: Duration) -> Result<(), TopicsError> {
        let (client, names, kafka) = (self.client(), names.to_vec(), self.shared.kafka.load_full());
        let check =
            tokio::task::spawn_blocking(move || topics::check(client.producer(), &names, limit, &kafka));
        check.await.unwrap_or_else(|error| Err(TopicsError::Interrupted(error.to_string())))
    }

    /// Whether a client that is made for the question alone is answered by a broker.
    pub(crate) async fn is_another_client_answered(&self, limit: Duration) -> bool {
        let shared = Arc::clone(&self.shared);
        let check = move || {
            let client = shared.new_client().ok()?;
            topics::check(client.producer(), &[], limit, &shared.kafka.load()).ok()
        };
        tokio::task::spawn_blocking(check).await.ok().flatten().is_some()
    }

    /// Whether such a client is answered by the leader of one of these partitions.
    pub(crate) async fn is_a_leader_answering(
        &self,
        partitions: Vec<TopicPartition>,
        limit: Duration,
    ) -> bool {
        let shared = Arc::clone(&self.shared);
        let check = move || {
            let config = shared.kafka.load().client_config(&shared.options.client_id);
            leaders::is_any_answering(&config, &shared.log, &partitions, limit)
        };
        tokio::task::spawn_blocking(check).await.unwrap_or(false)
    }

    /// Of partitions with the leader that records are sent to, those for which the broker that is asked, any of those that
    /// the client is connected to, names another; empty where none answers.
    async fn led_elsewhere(&self, sent_to: Vec<(TopicPartition, i32)>, limit: Duration) -> Vec<LedElsewhere> {
        if sent_to.is_empty() {
            return Vec::new();
        }
        let client = self.client();
        let ask = move || {
            // What the brokers say now, whatever the client makes of it.
            let brokers = client.producer().client().fetch_metadata(None, limit).ok()?;
            Some(leaders::led_elsewhere(&brokers, &sent_to))
        };
        tokio::task::spawn_blocking(ask).await.ok().flatten().unwrap_or_default()
    }

    fn client(&self) -> Arc<Client> {
        self.shared.client.load_full()
    }
}

impl Shared {
    fn new_client(&self) -> Result<Client, ProducerError> {
        Client::new(&self.options.client_config(&self.kafka.load()), &self.log)
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Producer").field("in_flight", &self.in_flight()).finish()
    }
}
