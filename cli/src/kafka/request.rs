//! A request to the cluster that came to nothing.

use rdkafka::error::KafkaError;

/// Why the cluster did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The client cannot be made from its settings.
    #[error("the Kafka client cannot be made, check --kafka-config: {0}")]
    Client(#[source] KafkaError),
    /// A request failed.
    #[error("{brokers} cannot {action}: {reason}")]
    Failed {
        /// The brokers.
        brokers: String,
        /// What they were asked to do.
        action: &'static str,
        /// Why they cannot.
        reason: String,
    },
}
