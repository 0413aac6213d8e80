//! A delivery as it is in the file, whether it is still what was written or not.

use super::super::database::StoredRow;
use super::super::drain::{CORRUPT, PANICKED};
use super::request::{body, millis};
use crate::kafka::Refused;
use crate::signature::Row;
use bytes::Bytes;
use schemas::Millis;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A delivery of a spool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDelivery {
    /// Its number in the file: deliveries go to Kafka in this order.
    pub seq: i64,
    /// `ce_id` of its raw record; a UUID of version 7.
    pub id: String,
    /// When it was received.
    #[serde(with = "millis")]
    pub received: Millis,
    /// The name of the app whose secret signed it.
    pub app: String,
    /// What was kept of its HTTP headers, as a JSON object: `x-hub-signature-256`.
    pub headers: String,
    /// The body, as received.
    #[serde(with = "body")]
    pub body: Bytes,
    /// Why it is parked; `None` while it waits.
    pub parked: Option<ParkReason>,
    /// Whether all of it is what was written. If not, ingest parks it instead of sending it.
    pub is_intact: bool,
}

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
    /// It is not what was written, so it is not what Meta signed.
    Corrupt,
    /// Ingest panicked over it twice.
    Panicked,
    /// One that this version does not know.
    Other(String),
}

impl ParkReason {
    /// Every one that this version knows.
    pub const ALL: [Self; 5] =
        [Self::TooLarge, Self::NotAuthorized, Self::UnknownTopic, Self::Corrupt, Self::Panicked];

    /// The word that is in the file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::TooLarge => Refused::TooLarge.as_str(),
            Self::NotAuthorized => Refused::NotAuthorized.as_str(),
            Self::UnknownTopic => Refused::UnknownTopic.as_str(),
            Self::Corrupt => CORRUPT,
            Self::Panicked => PANICKED,
            Self::Other(word) => word,
        }
    }

    /// Whether this version knows it.
    pub(in crate::spool) const fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// The reason of a word.
    pub fn of(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|reason| reason.as_str() == word);
        known.unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl fmt::Display for ParkReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<String> for ParkReason {
    fn from(word: String) -> Self {
        Self::of(&word)
    }
}

impl From<ParkReason> for String {
    fn from(reason: ParkReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl From<StoredRow> for StoredDelivery {
    fn from(StoredRow { seq, row, parked }: StoredRow) -> Self {
        let is_intact = row.is_intact();
        let Row { id, received, app, headers, body, .. } = row;
        let received = Millis::since_epoch(u64::try_from(received).unwrap_or_default());
        let parked = parked.map(ParkReason::from);
        Self { seq, id, received, app, headers, body, parked, is_intact }
    }
}
