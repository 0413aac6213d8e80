//! What readers of the results topic are made from; each has the credentials as they are then.

use crate::ABOUT;
use crate::metrics::ReplyMetrics;
use runtime::consumer::{ReadError, TopicReader};
use runtime::process::Process;
use runtime::settings::KafkaSettings;
use std::sync::Arc;

/// What readers of the topic are made from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Where the brokers are.
    pub(crate) kafka: KafkaSettings,
    /// Whose credentials they are.
    pub(crate) process: Process,
    /// The topic.
    pub(crate) topic: Arc<str>,
    /// Where it is shown what becomes of the clients, and of partitions that cannot be read.
    pub(crate) metrics: ReplyMetrics,
}

impl Source {
    /// A new client.
    pub(super) fn reader(&self) -> Result<TopicReader, ReadError> {
        TopicReader::new(&self.process.credentials.latest(&self.kafka), ABOUT.name, &self.topic)
    }
}
