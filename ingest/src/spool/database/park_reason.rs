//! Why deliveries are parked, and the word for it in the file.

use crate::kafka::Refused;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a delivery is parked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ParkReason {
    /// A record of it is larger than its topic takes.
    TooLarge,
    /// Ingest may not write to one of its topics.
    NotAuthorized,
    /// One of its topics is missing.
    UnknownTopic,
    /// A broker refuses a record of it by a rule of its topic, such as compaction, which takes none without a key.
    InvalidRecord,
    /// It is not what was written, so it is not what Meta signed.
    Corrupt,
    /// Ingest panicked over it twice.
    Panicked,
    /// One that this version does not know.
    Other(String),
}

impl ParkReason {
    /// Every one that this version knows.
    pub const ALL: [Self; 6] = [
        Self::TooLarge,
        Self::NotAuthorized,
        Self::UnknownTopic,
        Self::InvalidRecord,
        Self::Corrupt,
        Self::Panicked,
    ];

    /// The word that is in the file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotAuthorized => "not_authorized",
            Self::UnknownTopic => "unknown_topic",
            Self::InvalidRecord => "invalid_record",
            Self::Corrupt => "corrupt",
            Self::Panicked => "panicked",
            Self::Other(word) => word,
        }
    }

    /// Whether this version knows it.
    pub(in crate::spool) const fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

impl fmt::Display for ParkReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<String> for ParkReason {
    fn from(word: String) -> Self {
        let known = Self::ALL.into_iter().find(|reason| reason.as_str() == word);
        known.unwrap_or(Self::Other(word))
    }
}

impl From<ParkReason> for String {
    fn from(reason: ParkReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl From<Refused> for ParkReason {
    fn from(why: Refused) -> Self {
        match why {
            Refused::TooLarge => Self::TooLarge,
            Refused::NotAuthorized => Self::NotAuthorized,
            Refused::UnknownTopic => Self::UnknownTopic,
            Refused::Invalid => Self::InvalidRecord,
        }
    }
}
