//! Why a consumer ended although nobody asked it to.

use crate::producer::ProducerError;

/// What ends the loop; a restart of the process takes up where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum ConsumerError {
    /// The producer of outputs and dead letters cannot be made.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The settings contradict each other, or TLS material cannot be read.
    #[error("the Kafka consumer cannot be made, check --kafka-config: {reason}")]
    Create {
        /// librdkafka's words.
        reason: String,
    },
    /// The client can never read again.
    #[error("the Kafka consumer has failed for good: {reason}")]
    Fatal {
        /// librdkafka's words.
        reason: String,
    },
    /// The producer of outputs can never send again.
    #[error("the Kafka producer has failed for good: {reason}")]
    ProducerFatal {
        /// librdkafka's words.
        reason: String,
    },
    /// The handler panicked; the record was not acknowledged and will come again.
    #[error("the handler panicked at {topic} partition {partition} offset {offset}")]
    Panicked {
        /// The record's topic.
        topic: String,
        /// The record's partition.
        partition: i32,
        /// The record's offset; -1 while the partition's state was made.
        offset: i64,
    },
    /// The operating system gives no thread, or the thread ended without a word.
    #[error("the polling thread ended: {reason}")]
    Thread {
        /// What is known about it.
        reason: String,
    },
}
