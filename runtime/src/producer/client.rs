//! One librdkafka producer, and its end on a thread of its own.

use rdkafka::ClientConfig;
use rdkafka::producer::{Producer as _, PurgeConfig, ThreadedProducer};

use std::time::Duration;

use super::ProducerError;
use super::context::Context;
use crate::kafka::log::KafkaLog;

/// Reports of a full queue take moments.
const REPORTED_WITHIN: Duration = Duration::from_secs(30);

/// A client that connects by itself; it lives until it is replaced and the last batch has let go of it.
pub(super) struct Client {
    /// `None` only while it is dropped.
    inner: Option<ThreadedProducer<Context>>,
}

impl Client {
    pub(super) fn new(config: &ClientConfig, log: &KafkaLog) -> Result<Self, ProducerError> {
        let made = config.create_with_context(Context::new(log.clone()));
        let inner = made.map_err(|error| ProducerError(error.to_string()))?;
        Ok(Self { inner: Some(inner) })
    }

    pub(super) fn threaded(&self) -> &ThreadedProducer<Context> {
        self.inner.as_ref().expect("the client is taken out in drop alone")
    }

    pub(super) fn context(&self) -> &Context {
        self.threaded().client().context()
    }

    pub(super) fn fatal_error(&self) -> Option<String> {
        self.threaded().client().fatal_error().map(|(_, reason)| reason)
    }
}

impl Drop for Client {
    /// rdkafka waits and joins its thread, which no tokio worker must do: a thread of its own does.
    fn drop(&mut self) {
        let inner = self.inner.take();
        let dropper = std::thread::Builder::new().name(String::from("producer-drop"));
        if let Err(error) = dropper.spawn(move || give_up(inner)) {
            tracing::debug!(%error, "no thread to drop a producer on, it was dropped in place");
        }
    }
}

/// Has every record reported as given up, then ends the client. rdkafka's own drop purges too, but waits for half a second
/// only, and what it has not reported by then is never: its acknowledgement would wait for ever.
fn give_up(inner: Option<ThreadedProducer<Context>>) {
    let Some(inner) = inner else { return };
    inner.purge(PurgeConfig::default().queue().inflight());
    if let Err(error) = inner.flush(REPORTED_WITHIN) {
        tracing::warn!(%error, in_flight = inner.client().context().in_flight(), "records of a dropped producer are not reported");
    }
}
