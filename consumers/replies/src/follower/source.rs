//! What readers of the results topic are made from; each has the credentials as they are then.

use runtime::consumer::{ReadError, TopicReader};
use runtime::process::Process;
use runtime::settings::KafkaSettings;

/// What readers of the topic are made from.
#[derive(Clone, Debug)]
pub struct Source {
    kafka: KafkaSettings,
    pub(super) process: Process,
    client_id: String,
    pub(super) topic: String,
}

impl Source {
    /// Of `topic`, for clients named `client_id`.
    pub fn new(kafka: KafkaSettings, process: Process, client_id: &str, topic: &str) -> Self {
        Self { kafka, process, client_id: client_id.to_owned(), topic: topic.to_owned() }
    }

    /// A new client.
    pub(super) fn reader(&self) -> Result<TopicReader, ReadError> {
        TopicReader::new(&self.process.credentials.latest(&self.kafka), &self.client_id, &self.topic)
    }
}
