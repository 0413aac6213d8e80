//! One librdkafka producer, and the thread that serves its reports until the end.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer as _, PurgeConfig};

use super::ProducerError;
use super::context::Context;
use crate::kafka::log::KafkaLog;

/// How long the thread serves reports before it looks whether the client was dropped. rdkafka waits in whole milliseconds and spins
/// through what is left of the last (0.39, `BaseProducer::poll`): at the 100 ms of its `ThreadedProducer` that is most of what an idle process costs.
const POLL: Duration = Duration::from_secs(1);

/// Reports of a full queue take moments.
const REPORTED_WITHIN: Duration = Duration::from_secs(30);

/// A client that connects by itself; it lives until it is replaced and the last batch has let go of it.
pub(super) struct Client {
    /// Shared with the thread, which lets go of it last.
    producer: Arc<BaseProducer<Context>>,
}

impl Client {
    pub(super) fn new(config: &ClientConfig, log: &KafkaLog) -> Result<Self, ProducerError> {
        let made = config.create_with_context(Context::new(log.clone()));
        let producer = Arc::new(made.map_err(|error| ProducerError(error.to_string()))?);
        let client = Self { producer: Arc::clone(&producer) };
        let serve = move || {
            // Until the client has let go of it: before that, this would leave its end to whoever drops the client.
            while Arc::strong_count(&producer) > 1 {
                producer.poll(POLL);
            }
            give_up(&producer);
        };
        let started = thread::Builder::new().name(String::from("producer-poll")).spawn(serve);
        started.map_err(|error| ProducerError(error.to_string()))?;
        Ok(client)
    }

    pub(super) fn producer(&self) -> &BaseProducer<Context> {
        &self.producer
    }

    pub(super) fn context(&self) -> &Context {
        self.producer.client().context()
    }

    pub(super) fn fatal_error(&self) -> Option<String> {
        self.producer.client().fatal_error().map(|(_, reason)| reason)
    }
}

impl Drop for Client {
    /// Gives up what is not sent. The rest is for the thread: to end a client takes time, which no tokio worker has.
    fn drop(&mut self) {
        self.producer.purge(PurgeConfig::default().queue().inflight().non_blocking());
    }
}

/// Has every record reported as given up, then ends the client. rdkafka's own drop purges too, but waits for half a second
/// only, and what it has not reported by then is never: its acknowledgement would wait for ever.
fn give_up(producer: &BaseProducer<Context>) {
    producer.purge(PurgeConfig::default().queue().inflight());
    if let Err(error) = producer.flush(REPORTED_WITHIN) {
        let in_flight = producer.client().context().in_flight();
        tracing::warn!(%error, in_flight, "records of a dropped producer are not reported");
    }
}
