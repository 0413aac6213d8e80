//! Records out: one producer a process, one completion a batch.
//!
//! This is the hot path of a service that is measured in microseconds a request. Nothing here blocks
//! or sleeps, a full queue is answered at once, and a batch costs one allocation beyond its headers and
//! what librdkafka copies.

mod batch;
mod context;
mod error;
mod options;
mod receipt;
mod topics;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::producer::{Producer as _, ThreadedProducer};

pub use batch::{Batch, Outgoing};
use context::Context;
pub use error::{DeliveryError, ProducerError, SendError, TopicsError};
pub use options::ProducerOptions;
pub use receipt::Receipt;

use crate::settings::KafkaSettings;

/// A handle on a producer: acks=all, idempotent; clones share it.
///
/// Dropping the last handle gives up what is still queued: [`Self::flush`] first.
#[derive(Clone)]
pub struct Producer {
    client: Arc<Client>,
}

impl Producer {
    /// Makes the client; it connects by itself, so this does not wait for a broker.
    pub fn new(kafka: &KafkaSettings, options: &ProducerOptions) -> Result<Self, ProducerError> {
        let made = options.client_config(kafka).create_with_context(Context::new());
        let client = made.map_err(|error| ProducerError::Create { reason: error.to_string() })?;
        let (brokers, limit) = (kafka.brokers.clone(), options.message_max_bytes);
        Ok(Self { client: Arc::new(Client { inner: Some(client), brokers, limit }) })
    }

    /// Opens a batch, whose records are reported together.
    pub fn batch(&self) -> Batch<'_> {
        Batch::new(self)
    }

    /// Records that are queued or on their way and not yet reported.
    pub fn in_flight(&self) -> usize {
        self.context().in_flight()
    }

    /// Why this producer can never send again, if that is so; only a new one helps.
    pub fn fatal_error(&self) -> Option<String> {
        self.threaded().client().fatal_error().map(|(_, reason)| reason)
    }

    /// Waits until every record has been reported; `false` when some are still out after `limit`.
    ///
    /// What became of each record is for its receipt to say, never for this.
    pub async fn flush(&self, limit: Duration) -> bool {
        let producer = self.clone();
        let flushed = tokio::task::spawn_blocking(move || producer.threaded().flush(limit).is_ok());
        flushed.await.unwrap_or(false)
    }

    /// Asks the brokers whether all of `names` are there, which also fills the client's metadata.
    pub async fn check_topics(&self, names: &[String], limit: Duration) -> Result<(), TopicsError> {
        let (producer, names) = (self.clone(), names.to_vec());
        let check = tokio::task::spawn_blocking(move || {
            topics::check(producer.threaded(), &names, limit, &producer.client.brokers)
        });
        check.await.unwrap_or_else(|error| Err(TopicsError::Interrupted { reason: error.to_string() }))
    }

    fn threaded(&self) -> &ThreadedProducer<Context> {
        self.client.inner.as_ref().expect("the client is taken out in drop alone")
    }

    fn context(&self) -> &Context {
        self.threaded().client().context()
    }

    fn message_max_bytes(&self) -> usize {
        self.client.limit
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Producer").field("in_flight", &self.in_flight()).finish()
    }
}

struct Client {
    /// `None` only while it is dropped.
    inner: Option<ThreadedProducer<Context>>,
    brokers: String,
    limit: usize,
}

impl Drop for Client {
    /// rdkafka purges, then waits up to half a second and joins its thread, which no tokio worker
    /// must do: a thread of its own does.
    fn drop(&mut self) {
        let inner = self.inner.take();
        let dropper = std::thread::Builder::new().name(String::from("producer-drop"));
        if let Err(error) = dropper.spawn(move || drop(inner)) {
            tracing::debug!(%error, "no thread to drop a producer on, it was dropped in place");
        }
    }
}
