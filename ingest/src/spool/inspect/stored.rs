//! A delivery as it is in the file, whether it still is what was written or not.

use super::super::drain::CORRUPT;
use super::super::row::Row;
use crate::publisher::Refused;
use bytes::Bytes;
use rusqlite::types::ValueRef;
use schemas::Millis;
use std::fmt;

/// The columns that make a [`Stored`], in the order in which [`stored_of`] reads them.
pub(super) const COLUMNS: &str = "seq, id, received, app, headers, digest, set_aside, body";

/// A delivery of a spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place: deliveries go to Kafka in the order of it.
    pub place: i64,
    /// `ce_id` of its raw record; a UUID of version 7.
    pub id: String,
    /// When it was received.
    pub received: Millis,
    /// The name of the secret that its signature belongs to.
    pub app: String,
    /// What was kept of its HTTP headers, as a JSON object: `x-hub-signature-256`.
    pub headers: String,
    /// The body, as received.
    pub body: Bytes,
    /// Why Kafka refuses it for good; `None` while it waits.
    pub set_aside: Option<Reason>,
    /// Whether all of it is what was written. Where not, ingest sets it aside instead of sending it.
    pub is_intact: bool,
}

/// Why a delivery is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A record of it is larger than its topic takes.
    TooLarge,
    /// Ingest may not write to one of its topics.
    NotAuthorized,
    /// One of its topics is missing.
    UnknownTopic,
    /// It is not what was written, so it is not what Meta signed.
    Corrupt,
    /// One that this version does not know.
    Other(String),
}

impl Reason {
    /// Every one that this version knows.
    pub const ALL: [Self; 4] = [Self::TooLarge, Self::NotAuthorized, Self::UnknownTopic, Self::Corrupt];

    /// The word that is in the file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::TooLarge => Refused::TooLarge.as_str(),
            Self::NotAuthorized => Refused::NotAuthorized.as_str(),
            Self::UnknownTopic => Refused::UnknownTopic.as_str(),
            Self::Corrupt => CORRUPT,
            Self::Other(word) => word,
        }
    }

    /// The reason of a word.
    pub fn of(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|reason| reason.as_str() == word);
        known.unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Text that is none any more is read all the same, as far as it goes: the digest says that it was changed.
pub(super) fn stored_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    let received = row.get(2)?;
    let stored = Row {
        id: text(row, 1)?,
        received,
        app: text(row, 3)?,
        headers: text(row, 4)?,
        digest: row.get(5)?,
        body: Bytes::from(row.get::<_, Vec<u8>>(7)?),
    };
    let is_intact = stored.is_intact();
    let Row { id, app, headers, body, .. } = stored;
    let (place, set_aside) = (row.get(0)?, reason_of(row, 6)?);
    Ok(Stored { place, id, received: millis(received), app, headers, body, set_aside, is_intact })
}

pub(super) fn reason_of(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Reason>> {
    let is_null = row.get_ref(column)? == ValueRef::Null;
    if is_null { Ok(None) } else { Ok(Some(Reason::of(&text(row, column)?))) }
}

/// A time of the file.
pub(super) fn millis(received: i64) -> Millis {
    Millis::since_epoch(u64::try_from(received).unwrap_or_default())
}

fn text(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<String> {
    let bytes = row.get_ref(column)?.as_bytes()?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}
