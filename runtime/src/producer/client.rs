//! One librdkafka producer, and its end on a thread of its own.

use rdkafka::ClientConfig;
use rdkafka::producer::{Producer as _, ThreadedProducer};

use super::ProducerError;
use super::context::Context;

/// A client that connects by itself; it lives until it is replaced and the last batch has let go of it.
pub(super) struct Client {
    /// `None` only while it is dropped.
    inner: Option<ThreadedProducer<Context>>,
}

impl Client {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, ProducerError> {
        let made = config.create_with_context(Context::new());
        let inner = made.map_err(|error| ProducerError::Create { reason: error.to_string() })?;
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
