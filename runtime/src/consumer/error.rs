//! Why a Kafka client of a consumer ended although nobody asked it to, and the first such error, wherever it happened.

use std::sync::OnceLock;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::producer::ProducerError;

/// What ended a Kafka client, or the consumer; a new client, or a restart of the process, takes up where it stopped.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConsumerError {
    /// The producer of outputs and dead letters cannot be made.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The settings contradict each other, or TLS material cannot be read.
    #[error("the Kafka consumer cannot be made, check --kafka-config: {0}")]
    Create(#[from] KafkaError),
    /// The client can never read again.
    #[error("the Kafka consumer has failed for good: {0}")]
    Fatal(RDKafkaErrorCode),
    /// The client gave a record past the queue of its partition, where its order would be lost.
    #[error("the Kafka consumer gave a record past the queue of its partition")]
    Unsorted,
    /// A partition does not move, and nothing that is known is the reason.
    #[error("{topic} partition {partition} has stood still at offset {offset} for {after:?}: {what}")]
    Stuck {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The next offset to be done.
        offset: i64,
        /// How long it may stand still.
        after: Duration,
        /// What it looks like.
        what: &'static str,
    },
    /// The log of a partition ends before what was read of it last. This client goes on asking for a topic that is no more, or is told of
    /// no reset; a new one begins with what the log has.
    #[error(
        "the log of {topic} partition {partition} ends before offset {offset}, as of a topic that was made again"
    )]
    PastEnd {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The next offset to be done.
        offset: i64,
    },
    /// No broker answers this client, and one answers another.
    #[error("no broker answers the Kafka consumer, and one answers a new client")]
    Disconnected,
    /// The coordinator of the group does not answer this client, though other brokers do, and answers another. One that came back at
    /// another address is looked for at the former one by a client that knew it before.
    #[error("the coordinator of its group does not answer the Kafka consumer, and answers a new client")]
    Uncoordinated,
    /// Nobody in the group was given a partition, though its topics have some: it formed before they were there, and its leader, which may be
    /// this member, has not heard of them since.
    #[error("no member of the group {group} has a partition, though its topics have some")]
    LeftOut {
        /// The group.
        group: String,
    },
    /// The files of credentials have changed, which only a new client reads.
    #[error("the credentials for Kafka have changed")]
    Renewed,
    /// More records of a topic in a row would have become dead letters than is allowed. The record at `offset` is
    /// not done, and those before it are among the dead letters.
    #[error(
        "{count} records of {topic} became dead letters in a row (--max-rejects-in-a-row), partition {partition} \
         would lose offset {offset} next ({reason}: {error}); mend what rejects them, then restart this process"
    )]
    TooManyDeadLetters {
        /// The topic.
        topic: String,
        /// The partition of the record that is not done.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// How many records became dead letters in a row.
        count: u64,
        /// Why this one would have, as `weir_dlq_reason`.
        reason: &'static str,
        /// Why, as `weir_dlq_error`.
        error: String,
    },
    /// The operating system gives no thread, or the polling thread, a worker or a task beside them ended without a word.
    #[error("a thread of the Kafka consumer ended: {0}")]
    Thread(String),
}

/// The first error of a client: set by any worker, looked at by the polling thread.
pub(super) type FirstError = OnceLock<ConsumerError>;

/// Why a worker goes no further with a record.
#[derive(Debug)]
pub(super) enum Halt {
    /// It was asked to stop; the record will come again.
    Stopped,
    /// The whole consumer must end.
    Failed(ConsumerError),
}
