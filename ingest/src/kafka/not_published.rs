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
    Invalid,
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
            ProduceError::Invalid(_) => Self::Refused(Refused::Invalid),
            ProduceError::TimedOut
            | ProduceError::Purged
            | ProduceError::Inferred
            | ProduceError::Other { .. } => Self::GivenUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kafka_says_of_the_record_is_a_refusal_and_what_may_pass_is_none() {
        let of = |code| NotPublished::from(ProduceError::from_code(code));
        let codes =
            |why| (-200..130).filter(|code| of(*code) == NotPublished::Refused(why)).collect::<Vec<_>>();
        assert_eq!(codes(Refused::TooLarge), [10, 18]);
        assert_eq!(codes(Refused::NotAuthorized), [29]);
        assert_eq!(codes(Refused::UnknownTopic), [-188, 3]);
        // Another record of the batch, the timestamp, the format of the topic, a policy, the record.
        assert_eq!(codes(Refused::Invalid), [-138, 32, 43, 44, 87]);
        for passes in [-192, -1, 2, 6, 7, 19, 20, 56] {
            assert_eq!(of(passes), NotPublished::GivenUp, "{passes}");
        }
    }
}
