//! A dead letter, as its headers tell of it.

use crate::kafka::RecordPosition;
use crate::screen::one_line;
use runtime::consumer::Record;
use runtime::kafka::dead_letter::{RetryHistory, header};
use schemas::Millis;
use serde::Serialize;

/// The longest word of a header that is taken as one, in characters.
const LONGEST_WORD: usize = 80;
/// As long as a dead letter's error is.
const LONGEST_ERROR: usize = 300;
/// What stands for a header that is not there.
const UNKNOWN: &str = "unknown";

/// What the headers of a dead letter say; no word of its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DeadLetter {
    /// Where it lies.
    #[serde(flatten)]
    pub(crate) position: RecordPosition,
    /// When it was written, RFC 3339.
    pub(crate) written: Option<String>,
    /// When the record failed for the first time, RFC 3339.
    pub(crate) first_failed: Option<String>,
    pub(crate) reason: String,
    pub(crate) consumer: String,
    /// Where the record came from; a body that ingest could not read came from no topic.
    pub(crate) origin: Option<RecordPosition>,
    pub(crate) attempts: u32,
    pub(crate) error: String,
}

impl DeadLetter {
    /// Reads the headers of a record of a dead-letter topic; whatever is not there is `unknown`.
    pub(crate) fn of(record: &Record) -> Self {
        let text = |name| record.header(name).map(String::from_utf8_lossy);
        let word = |name| text(name).map(|text| one_line(&text, LONGEST_WORD));
        let origin = || {
            let (topic, partition) = (word(header::TOPIC)?, text(header::PARTITION)?.parse().ok()?);
            Some(RecordPosition { topic, partition, offset: text(header::OFFSET)?.parse().ok()? })
        };
        Self {
            position: RecordPosition::of(record),
            written: record.timestamp.map(|time| Millis::of(time).to_string()),
            first_failed: word(header::FIRST_FAILED).filter(|time| Millis::parse(time).is_some()),
            reason: word(header::REASON).unwrap_or_else(|| UNKNOWN.to_owned()),
            consumer: word(header::CONSUMER).unwrap_or_else(|| UNKNOWN.to_owned()),
            origin: origin(),
            attempts: RetryHistory::read(|name| record.header(name)).attempts,
            error: text(header::ERROR).map_or_else(String::new, |text| one_line(&text, LONGEST_ERROR)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
