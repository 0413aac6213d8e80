//! Why a delivery could not be published, by what can be done about it.

use runtime::producer::{ProduceError, SendError};

/// Why not all records of a delivery were acknowledged; some of them may be on Kafka all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotPublished {
    /// The producer's queue is full.
    QueueFull,
    /// Not acknowledged within the producer's timeout, lost with the producer, or failed in another way that may pass.
    GivenUp,
    /// The producer failed for good; it is replaced.
    Fatal,
    /// Kafka refuses a record, and will until somebody changes something.
    Refused(Refused),
}

/// Why Kafka refuses a record for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    TooLarge,
    NotAuthorized,
    UnknownTopic,
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
