//! A request to the cluster that came to nothing.

use crate::kafka::group::REDRIVE;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use runtime::consumer;
use runtime::producer::{ProduceError, ProducerError, SendError, TopicsError};

/// Why the cluster did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// No broker answers, or a topic is missing; says which, and what to do.
    #[error(transparent)]
    Unreachable(#[from] TopicsError),
    /// The producer cannot be made from its settings.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The client cannot be made from its settings.
    #[error("the Kafka client cannot be made, check --kafka-config: {0}")]
    Client(#[source] KafkaError),
    /// A request failed.
    #[error("{brokers} cannot {action}: {reason}")]
    Failed {
        brokers: String,
        /// What they were asked to do.
        action: &'static str,
        /// Why they cannot.
        reason: String,
    },
    /// This user has no right to it, which says nothing of the cluster.
    #[error("{brokers} may not {action} for this user: {reason}")]
    NotAllowed {
        brokers: String,
        /// What they were asked to do.
        action: &'static str,
        /// Which right it takes.
        reason: String,
    },
    /// A topic cannot be read, now or for good; says where, and why.
    #[error(transparent)]
    Topic(#[from] consumer::ReadError),
    /// Nothing comes any more; says where, and what to do.
    #[error("{0}")]
    Stalled(String),
    /// Somebody else commits offsets under the name that marks what was put back.
    #[error(
        "the group {REDRIVE} has an offset of {topic} partition {partition} that weir did not write; delete the group \
         (kafka-consumer-groups --delete --group {REDRIVE}) and give --since, so that nothing is put back twice"
    )]
    Foreign { topic: String, partition: i32 },
    /// A record was not taken.
    #[error(transparent)]
    Refused(#[from] SendError),
    /// A record was not acknowledged; it may be on its topic all the same.
    #[error("a record was not acknowledged: {0}")]
    NotAcknowledged(#[from] ProduceError),
}

/// Whether a broker refuses because of who asks.
pub(crate) const fn is_of_rights(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed};
    matches!(code, ClusterAuthorizationFailed | GroupAuthorizationFailed | TopicAuthorizationFailed)
}
