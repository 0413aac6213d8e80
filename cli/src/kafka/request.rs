//! A request to the cluster that came to nothing.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

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
    /// This user has no right to it, which says nothing of the cluster.
    #[error("{brokers} may not {action} for this user: {reason}")]
    NotAllowed {
        /// The brokers.
        brokers: String,
        /// What they were asked to do.
        action: &'static str,
        /// Which right it takes.
        reason: String,
    },
}

/// Whether a broker refuses because of who asks.
pub(crate) const fn is_of_rights(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed};
    matches!(code, ClusterAuthorizationFailed | GroupAuthorizationFailed | TopicAuthorizationFailed)
}
