//! Why deliveries are parked, and the word for it in the file.
//!
//! | reason | parked | one is tried again at a start and |
//! |---|---|---|
//! | `too_large` | once Kafka refuses it alone in its round | each hour |
//! | `invalid_record` | as `too_large` | each minute |
//! | `not_authorized`, `unknown_topic` | once Kafka has refused for 3 minutes (`drain/debounce.rs`) | each minute |
//! | `corrupt` | at once | never |
//! | `panicked` | after two panics in a row | each day |
//! | another | by another version | each hour: they wait again, a few at a time |
//!
//! What follows once Kafka takes one: `drain/parked.rs`.

use crate::kafka::Refused;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

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

    /// How often one is tried; `None` where none is.
    pub(in crate::spool) const fn tried_every(&self) -> Option<Duration> {
        Some(match self {
            // A missing right or topic, a rule of a topic or a clock is made good in its own time.
            Self::NotAuthorized | Self::UnknownTopic | Self::InvalidRecord => Duration::from_mins(1),
            // How large its records may be is hardly ever changed.
            Self::TooLarge | Self::Other(_) => Duration::from_hours(1),
            // It may pass in another version, so at a start; beyond that, once a day.
            Self::Panicked => Duration::from_hours(24),
            Self::Corrupt => return None,
        })
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
