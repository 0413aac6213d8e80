//! A dead letter, as its headers tell of it.

use crate::screen::one_line;
use crate::source::RecordPosition;
use runtime::consumer::Record;
use runtime::kafka::dead_letter::header;
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
pub(super) struct Letter {
    /// Where it lies.
    #[serde(flatten)]
    pub(super) position: RecordPosition,
    /// When it was written, RFC 3339.
    pub(super) written: Option<String>,
    /// When the record failed for the first time, RFC 3339.
    pub(super) first_failed: Option<String>,
    pub(super) reason: String,
    pub(super) consumer: String,
    /// Where the record came from; a body that ingest could not read came from no topic.
    pub(super) origin: Option<RecordPosition>,
    pub(super) attempts: u32,
    pub(super) error: String,
}

impl Letter {
    /// Reads the headers of a record of a dead-letter topic; whatever is not there is `unknown`.
    pub(super) fn of(record: &Record) -> Self {
        let text = |name| record.header(name).map(String::from_utf8_lossy);
        let word = |name| text(name).map(|text| one_line(&text, LONGEST_WORD));
        let number = |name| text(name).and_then(|text| text.parse::<i64>().ok());
        let topic = word(header::TOPIC);
        let origin = topic.zip(number(header::PARTITION)).zip(number(header::OFFSET));
        let origin = origin.and_then(|((topic, partition), offset)| {
            Some(RecordPosition { topic, partition: i32::try_from(partition).ok()?, offset })
        });
        Self {
            position: RecordPosition {
                topic: record.topic.to_string(),
                partition: record.partition,
                offset: record.offset,
            },
            written: record.timestamp.map(|time| Millis::of(time).to_string()),
            first_failed: word(header::FIRST_FAILED).filter(|time| Millis::parse(time).is_some()),
            reason: word(header::REASON).unwrap_or_else(|| UNKNOWN.to_owned()),
            consumer: word(header::CONSUMER).unwrap_or_else(|| UNKNOWN.to_owned()),
            origin,
            attempts: number(header::ATTEMPTS)
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or_default(),
            error: text(header::ERROR).map_or_else(String::new, |text| one_line(&text, LONGEST_ERROR)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use runtime::kafka::RecordPosition;
    use runtime::kafka::dead_letter::DeadLetter;
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    /// A record of a dead-letter topic, from this topic if from one.
    pub(in crate::dlq) fn record(from: Option<&str>, attempts: u32) -> Record {
        let why = DeadLetter {
            reason: "retries_exhausted",
            error: "the Graph API said 500",
            consumer: "weir-lookups",
            origin: from.map(|topic| RecordPosition { topic, partition: 3, offset: 42 }),
            attempts,
            first_failed: UNIX_EPOCH + Duration::from_millis(1_569_262_485_349),
            first_written: Some(UNIX_EPOCH + Duration::from_secs(1_569_262_000)),
        };
        let own = [("ce_id".to_owned(), Some(b"7".to_vec())), ("nothing".to_owned(), None)];
        let why = why.headers().into_iter().map(|(name, value)| (name.to_owned(), Some(value.into_bytes())));
        Record {
            topic: Arc::from("meta.lookups.dlq.v1"),
            partition: 1,
            offset: 17,
            timestamp: Some(UNIX_EPOCH + Duration::from_secs(1_569_262_486)),
            key: Some(b"17:42".to_vec()),
            value: Some(b"{}".to_vec()),
            headers: own.into_iter().chain(why).collect(),
        }
    }

    #[test]
    fn a_letter_is_read_as_the_consumer_wrote_it() {
        let letter = Letter::of(&record(Some("meta.comments.v1"), 5));
        let json = serde_json::to_string(&letter).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"topic":"meta.lookups.dlq.v1","partition":1,"offset":17,"written":"2019-09-23T18:14:46.000Z","#,
                r#""first_failed":"2019-09-23T18:14:45.349Z","reason":"retries_exhausted","consumer":"weir-lookups","#,
                r#""origin":{"topic":"meta.comments.v1","partition":3,"offset":42},"attempts":5,"#,
                r#""error":"the Graph API said 500"}"#
            )
        );
    }

    #[test]
    fn a_letter_without_headers_is_unknown_and_one_with_odd_ones_cannot_steer_the_terminal() {
        let mut bare = record(None, 1);
        bare.headers.clear();
        let letter = Letter::of(&bare);
        assert_eq!((letter.reason.as_str(), letter.consumer.as_str()), ("unknown", "unknown"));
        assert_eq!((letter.origin, letter.attempts, letter.first_failed), (None, 0, None));
        bare.headers.push((header::ERROR.to_owned(), Some(b"a\x1b[2Jb".to_vec())));
        bare.headers.push((header::ATTEMPTS.to_owned(), Some(b"-1".to_vec())));
        assert_eq!(Letter::of(&bare).error, "a [2Jb");
        assert_eq!(Letter::of(&bare).attempts, 0);
    }
}
