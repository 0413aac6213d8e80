//! What can go wrong between a record and its acknowledgement.

use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use super::topics::command;
use crate::settings::KafkaSettings;

/// Why there is no producer: the settings contradict each other, or TLS material cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Kafka producer cannot be made, check --kafka-config: {0}")]
pub struct ProducerError(pub String);

/// Why a record was not queued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// As much is on its way as the settings allow; Kafka is slower than what comes in.
    #[error("the producer's queue is full")]
    QueueFull,
    /// Trying again cannot help.
    #[error("a record of {bytes} bytes for {topic} is larger than the {limit} that are allowed")]
    TooLarge {
        /// The topic.
        topic: String,
        /// Key and value together.
        bytes: usize,
        /// `message.max.bytes`.
        limit: usize,
    },
    /// This producer can never send again; only a new one helps.
    #[error("the producer has failed for good: {0}")]
    Fatal(String),
    /// The topic is not there; `weir topics apply` makes it.
    #[error("the topic {0} does not exist, `weir topics apply` makes it")]
    UnknownTopic(String),
    /// Anything else.
    #[error("a record for {topic} cannot be queued: {reason}")]
    Other {
        /// The topic.
        topic: String,
        /// librdkafka's words.
        reason: String,
    },
}

/// Why a record was not acknowledged; it may be on the log all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProduceError {
    /// No acknowledgement within the delivery timeout.
    #[error("no acknowledgement within the delivery timeout")]
    TimedOut,
    /// The topic allows no batch of this size, be it of one record; see its `max.message.bytes` and `segment.bytes`.
    #[error("the broker refuses a record of this size, see the topic's max.message.bytes")]
    TooLarge,
    /// The topic is not there; `weir topics apply` makes it.
    #[error("the topic does not exist, `weir topics apply` makes it")]
    UnknownTopic,
    /// The access control lists forbid it.
    #[error("not allowed to write to the topic, check its access control list")]
    NotAuthorized,
    /// The broker answers, and refuses the record, or another one of its batch, until somebody changes the topic, its broker's rules or a clock.
    #[error(
        "the broker refuses the record, or one that it was sent with, see the topic's settings and the clock here: {0}"
    )]
    Invalid(RDKafkaErrorCode),
    /// The producer was dropped or failed for good before the record was sent.
    #[error("the producer gave the record up")]
    Purged,
    /// librdkafka takes the record for acknowledged because a later one of its partition was; the broker never said so.
    #[error("no broker acknowledged the record itself, only a later one of its partition")]
    Inferred,
    /// Anything else.
    #[error("not acknowledged: {description} (librdkafka code {code})")]
    Other {
        /// librdkafka's code.
        code: i32,
        /// The code in words.
        description: RDKafkaErrorCode,
    },
}

impl ProduceError {
    /// Stands for [`Self::Inferred`] among librdkafka's codes, which has none for it.
    pub(super) const INFERRED: i32 = i32::MIN;

    /// Whether a broker did not take the record for a reason that is not the record's, its topic's or this user's, as a disk of its own.
    pub const fn is_of_broker(self) -> bool {
        matches!(self, Self::Other { code, .. } if code > 0)
    }

    /// The meaning of a code of librdkafka's; those above zero are Kafka's own.
    pub fn from_code(code: i32) -> Self {
        if code == Self::INFERRED {
            return Self::Inferred;
        }
        let known = RDKafkaRespErr::try_from(code).map_or(RDKafkaErrorCode::Unknown, Into::into);
        match known {
            RDKafkaErrorCode::MessageTimedOut => Self::TimedOut,
            RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::MessageBatchTooLarge => Self::TooLarge,
            RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition => Self::UnknownTopic,
            RDKafkaErrorCode::TopicAuthorizationFailed => Self::NotAuthorized,
            // What Kafka's table of errors says of the record, and calls not retriable. A corrupt message is retriable there: it may be the wire.
            RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidDifferentRecord
            | RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::UnsupportedForMessageFormat => Self::Invalid(known),
            RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight => Self::Purged,
            description => Self::Other { code, description },
        }
    }
}

/// In the reasons of a connection that was never there, or not to a broker: no login is missing in it.
const NO_CONNECTION: [&str; 4] =
    ["Failed to resolve", "Connection refused", "setup timed out in state CONNECT", "the text HTTP"];

/// Why it is not known that all topics are there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicsError {
    /// No broker answered in time.
    #[error("no broker of --brokers {brokers} answers: {reason}{hint}")]
    Unreachable {
        /// The brokers that were asked.
        brokers: String,
        /// The last thing that went wrong, which names the broker.
        reason: String,
        /// What else may be the reason.
        hint: &'static str,
    },
    /// The brokers answered, and do not have these.
    #[error(
        "topics are missing (or hidden by an access control list): {}; make them with `{command}`",
        topics.join(", ")
    )]
    Missing {
        /// The topics that are not there.
        topics: Vec<String>,
        /// The command that makes them.
        command: String,
    },
    /// The process ended meanwhile.
    #[error("the check was cut short: {0}")]
    Interrupted(String),
}

impl TopicsError {
    /// No broker answered. One that wants TLS or a login ends a connection without it and without a word, so that the reason has none either.
    pub fn unreachable(kafka: &KafkaSettings, reason: String) -> Self {
        let protocol = kafka.properties.get("security.protocol").map_or("plaintext", String::as_str);
        let is_connected = !NO_CONNECTION.iter().any(|words| reason.contains(words));
        let hint = if is_connected && protocol.eq_ignore_ascii_case("plaintext") {
            "; if it wants TLS or a login, --kafka-config has to say so (security.protocol), and it may take no more connections \
             (max.connections.per.ip)"
        } else {
            ""
        };
        Self::Unreachable { brokers: kafka.brokers.clone(), reason, hint }
    }

    /// Of topics that are missing among `names`, which brokers are to have; with the command that makes all of them.
    pub fn missing(topics: Vec<String>, names: &[String], brokers: &str) -> Self {
        Self::Missing { topics, command: command(names, brokers) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_logs_in_or_uses_tls_or_reaches_nobody_is_not_told_to() {
        let mut kafka = KafkaSettings::plain("kafka:9092");
        let refused = "a:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused";
        let not_there = TopicsError::unreachable(&kafka, refused.to_owned()).to_string();
        assert!(not_there.ends_with("Connection refused"), "{not_there}");
        let said = |kafka: &KafkaSettings| TopicsError::unreachable(kafka, String::from("why")).to_string();
        let plain = said(&kafka);
        assert!(
            plain.starts_with("no broker of --brokers kafka:9092 answers: why; if it wants TLS"),
            "{plain}"
        );
        kafka.properties.insert("security.protocol".to_owned(), "PLAINTEXT".to_owned());
        assert_eq!(said(&kafka), plain);
        kafka.properties.insert("security.protocol".to_owned(), "SASL_SSL".to_owned());
        assert_eq!(said(&kafka), "no broker of --brokers kafka:9092 answers: why");
    }

    #[test]
    fn what_a_broker_says_of_itself_is_told_from_what_it_says_of_a_record() {
        let of_broker = |code| ProduceError::from_code(code).is_of_broker();
        // A disk, a leader that moves, too few replicas.
        assert!([56, 6, 19].into_iter().all(of_broker));
        // A record's size and time, rights, a topic; no time, no connection, given up.
        assert!(![10, 32, 29, 3, -192, -195, -152, -1].into_iter().any(of_broker));
    }
}
