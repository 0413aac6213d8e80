//! Why a topic cannot be read, and which of librdkafka's errors say so.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Why a topic cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The brokers do not answer, or not as they should; another attempt may succeed.
    #[error("{topic} cannot be read: {reason}")]
    Kafka {
        /// The topic.
        topic: String,
        /// librdkafka's words, or what did not come.
        reason: String,
    },
    /// What lies there can never be read.
    #[error(
        "{topic} partition {partition} cannot be read at offset {offset}: {reason}; look at it with kafka-dump-log.sh, and \
         have it restored from another replica, or skipped"
    )]
    Unreadable {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset that is not read.
        offset: i64,
        /// librdkafka's words.
        reason: String,
    },
    /// This user has no right to read it, or a broker that has just started has not read its rights yet.
    #[error(
        "{topic} partition {partition} may not be read: {reason}; let this user read the topic (Read, Describe), unless its \
         broker has just started"
    )]
    Forbidden {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// librdkafka's words.
        reason: String,
    },
    /// What was read back is not needed any more: the partition was taken away, or the process ends.
    #[error("reading back was given up, as nobody needs it any more")]
    Abandoned,
}

impl ReadError {
    /// The partition that is not read on, where that is the reason; the others are.
    pub const fn partition(&self) -> Option<i32> {
        match self {
            Self::Unreadable { partition, .. } | Self::Forbidden { partition, .. } => Some(*partition),
            Self::Kafka { .. } | Self::Abandoned => None,
        }
    }

    pub(in crate::consumer) fn of(topic: &str, error: &KafkaError) -> Self {
        Self::Kafka { topic: topic.to_owned(), reason: error.to_string() }
    }
}

/// Whether a partition is just made, or given to another leader.
pub(in crate::consumer) fn is_moving(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{LeaderNotAvailable, NotLeaderForPartition, UnknownTopicOrPartition};
    let code = error.rdkafka_error_code();
    matches!(code, Some(LeaderNotAvailable | NotLeaderForPartition | UnknownTopicOrPartition))
}

/// Whether the brokers do not let this user read. They are asked again all the time, and a right that is given is noticed;
/// librdkafka says it once for each partition that it begins to fetch.
pub const fn is_forbidden(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageConsumption(RDKafkaErrorCode::TopicAuthorizationFailed))
}

/// Whether what was fetched can never be read by this client, however often it is fetched.
pub fn is_for_good(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        BadCompression, BadMessage, Fatal, InvalidMessage, InvalidMessageSize, MessageSizeTooLarge,
        NotImplemented, UnsupportedCompressionType, UnsupportedForMessageFormat,
    };
    let KafkaError::MessageConsumption(code) = error else {
        return matches!(error, KafkaError::MessageConsumptionFatal(_));
    };
    matches!(
        code,
        BadCompression
            | BadMessage
            | Fatal
            | InvalidMessage
            | InvalidMessageSize
            | MessageSizeTooLarge
            | NotImplemented
            | UnsupportedCompressionType
            | UnsupportedForMessageFormat
    )
}
