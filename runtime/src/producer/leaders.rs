//! Whether leaders of partitions answer a client that is made for the question.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;

use crate::kafka::TopicPartition;
use crate::kafka::log::KafkaLog;

/// So many are asked at most, one after the other.
const ASKED: usize = 4;

/// Blocks up to `limit` for each that is asked. A leader is asked where its partition ends: that needs no right beyond
/// those of a producer and leaves nothing behind.
pub(super) fn is_any_answering(
    config: &ClientConfig,
    log: &Arc<KafkaLog>,
    partitions: &[TopicPartition],
    limit: Duration,
) -> bool {
    let Ok(client) = config.create_with_context::<_, BaseConsumer<Shared>>(Shared(Arc::clone(log))) else {
        return false;
    };
    let answers = |TopicPartition { topic, partition }: &TopicPartition| {
        client.fetch_watermarks(topic, (*partition).max(0), limit).is_ok()
    };
    partitions.iter().take(ASKED).any(answers)
}

/// Logs as the client that it stands in for.
struct Shared(Arc<KafkaLog>);

impl ClientContext for Shared {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(&error, reason);
    }
}

impl ConsumerContext for Shared {}
