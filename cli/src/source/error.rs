//! Why a topic could not be read.

use super::Place;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use runtime::producer::{ProducerError, TopicsError};
use std::time::Duration;

/// Why a topic could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No broker answers, or a topic is missing; says which, and what to do.
    #[error(transparent)]
    Unreachable(#[from] TopicsError),
    /// The client cannot be made from its settings.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// As above, of the client that reads.
    #[error("the Kafka client cannot be made, check --kafka-config: {0}")]
    Client(#[source] KafkaError),
    /// A topic cannot be read, now or for good; says where, and why.
    #[error(transparent)]
    Topic(#[from] runtime::consumer::ReadError),
    /// A request failed.
    #[error("{brokers} cannot {action}: {reason}")]
    Request {
        /// The brokers.
        brokers: String,
        /// What they were asked to do.
        action: &'static str,
        /// Why they cannot.
        reason: String,
    },
    /// Somebody else commits offsets under the name that marks what was put back.
    #[error(
        "the group {group} has an offset of {topic} partition {partition} that weir did not write; delete the group \
         (kafka-consumer-groups --delete --group {group}) and give --since, so that nothing is put back twice"
    )]
    ForeignMark {
        /// The group.
        group: &'static str,
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// Nothing comes any more.
    #[error(
        "nothing came from {brokers} for {} s at {place}{}; look at the brokers, and start again",
        .within.as_secs(),
        .reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"))
    )]
    Stalled {
        /// The brokers.
        brokers: String,
        /// What was to come next.
        place: Place,
        /// How long it was waited for.
        within: Duration,
        /// The client's last error, where it had one.
        reason: Option<String>,
    },
}

/// Whether it may work another time: brokers that are away for a while, leaders that move.
pub(super) fn is_passing(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        AllBrokersDown, BrokerTransportFailure, CoordinatorLoadInProgress, CoordinatorNotAvailable,
        LeaderNotAvailable, NotCoordinator, NotLeaderForPartition, OperationTimedOut, RequestTimedOut,
        Resolve, UnknownTopicOrPartition, WaitingForCoordinator,
    };
    matches!(
        error.rdkafka_error_code(),
        Some(
            AllBrokersDown
                | BrokerTransportFailure
                | CoordinatorLoadInProgress
                | CoordinatorNotAvailable
                | LeaderNotAvailable
                | NotCoordinator
                | NotLeaderForPartition
                | OperationTimedOut
                | RequestTimedOut
                | Resolve
                | UnknownTopicOrPartition
                | WaitingForCoordinator
        )
    )
}
