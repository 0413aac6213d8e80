//! A dead letter as a consumer writes it, and what is read of it.

use super::*;
use runtime::consumer::Headers;
use runtime::kafka::{self, dead_letter};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// A record of a dead-letter topic, from this topic if from one.
pub(in crate::dlq) fn record(from: Option<&str>, attempts: u32) -> Record {
    let why = dead_letter::DeadLetter {
        reason: "retries_exhausted",
        error: "the Graph API said 500",
        consumer: "weir-lookups",
        origin: from.map(|topic| kafka::RecordPosition { topic, partition: 3, offset: 42 }),
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
fn a_dead_letter_is_read_as_the_consumer_wrote_it() {
    let dead_letter = DeadLetter::of(&record(Some("meta.comments.v1"), 5));
    let json = serde_json::to_string(&dead_letter).unwrap();
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
fn missing_headers_are_unknown_and_odd_ones_cannot_steer_the_terminal() {
    let mut bare = record(None, 1);
    bare.headers = Headers::default();
    let dead_letter = DeadLetter::of(&bare);
    assert_eq!((dead_letter.reason.as_str(), dead_letter.consumer.as_str()), ("unknown", "unknown"));
    assert_eq!((dead_letter.origin, dead_letter.attempts, dead_letter.first_failed), (None, 0, None));
    bare.headers.push(header::ERROR, Some(b"a\x1b[2Jb"));
    bare.headers.push(header::ATTEMPTS, Some(b"-1"));
    assert_eq!(DeadLetter::of(&bare).error, "a [2Jb");
    assert_eq!(DeadLetter::of(&bare).attempts, 0);
}
