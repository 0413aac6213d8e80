//! Why a delivery is not on Kafka, by what can be done about it.

use runtime::producer::{ProduceError, SendError};

/// What happened to a delivery's records; some of them may be on Kafka all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotPublished {
    /// As much waits for Kafka as may.
    QueueFull,
    /// Not acknowledged in time or not by itself, or given up with the producer.
    GivenUp,
    /// The producer can send nothing any more; another one takes its place.
    Fatal,
    /// Trying again cannot help before somebody changes something.
    Refused(Refused),
}

/// Why Kafka refuses a record for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    TooLarge,
    NotAuthorized,
    UnknownTopic,
}

impl Refused {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotAuthorized => "not_authorized",
            Self::UnknownTopic => "unknown_topic",
        }
    }
}

impl From<SendError> for NotPublished {
    fn from(error: SendError) -> Self {
        match error {
            SendError::QueueFull => Self::QueueFull,
            SendError::TooLarge { .. } => Self::Refused(Refused::TooLarge),
            SendError::UnknownTopic { .. } => Self::Refused(Refused::UnknownTopic),
            SendError::Fatal { .. } => Self::Fatal,
            SendError::Other { .. } => Self::GivenUp,
        }
    }
}

impl From<ProduceError> for NotPublished {
    fn from(error: ProduceError) -> Self {
        match error {
            ProduceError::TooLarge => Self::Refused(Refused::TooLarge),
            ProduceError::NotAuthorized => Self::Refused(Refused::NotAuthorized),
            ProduceError::UnknownTopic => Self::Refused(Refused::UnknownTopic),
            ProduceError::TimedOut
            | ProduceError::Purged
            | ProduceError::Inferred
            | ProduceError::Other { .. } => Self::GivenUp,
        }
    }
}
