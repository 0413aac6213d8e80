//! The headers that tell why a record ended up among the dead letters.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::RecordPosition;

/// Longest `weir_dlq_error`, in characters.
const LONGEST_ERROR: usize = 300;

/// The names of the headers.
pub mod header {
    /// What all of them start with.
    pub const PREFIX: &str = "weir_dlq_";
    /// A word of a closed set.
    pub const REASON: &str = "weir_dlq_reason";
    /// What went wrong, on one line.
    pub const ERROR: &str = "weir_dlq_error";
    /// Who could not handle the record; one that is put back keeps it, since every consumer of its topic reads it again.
    pub const CONSUMER: &str = "weir_dlq_consumer";
    /// The topic that it came from, if it came from one.
    pub const TOPIC: &str = "weir_dlq_topic";
    /// The partition that it came from.
    pub const PARTITION: &str = "weir_dlq_partition";
    /// The offset that it had there.
    pub const OFFSET: &str = "weir_dlq_offset";
    /// When the record was first written, RFC 3339; a record that is put back keeps it, so that its age counts on.
    pub const FIRST_WRITTEN: &str = "weir_dlq_first_written";
    /// How often it was tried; a record that is put back keeps it, so that its next dead letter counts on.
    pub const ATTEMPTS: &str = "weir_dlq_attempts";
    /// When it failed for the first time, RFC 3339; a record that is put back keeps it too.
    pub const FIRST_FAILED: &str = "weir_dlq_first_failed";
}

/// What happened to a record in an earlier life: it was a dead letter, and put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryHistory {
    /// How often it was tried before it was put back.
    pub attempts: u32,
    /// When it failed for the first time.
    pub first_failed: Option<SystemTime>,
    /// When it was first written.
    pub first_written: Option<SystemTime>,
}

impl RetryHistory {
    /// Reads the headers that a record keeps when it is put back; `value` gives the value of a header.
    pub fn read<'a>(value: impl Fn(&str) -> Option<&'a [u8]>) -> Self {
        let text = |name| value(name).and_then(|value| std::str::from_utf8(value).ok());
        let time = |name| text(name).and_then(|text| humantime::parse_rfc3339(text).ok());
        Self {
            attempts: text(header::ATTEMPTS).and_then(|text| text.parse().ok()).unwrap_or_default(),
            first_failed: time(header::FIRST_FAILED),
            first_written: time(header::FIRST_WRITTEN),
        }
    }

    /// The earliest time that is known of the record.
    pub fn oldest(&self) -> Option<SystemTime> {
        self.first_written.into_iter().chain(self.first_failed).min()
    }
}

/// What the headers of a dead letter say; the record's own value, key and headers stay as they were.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetter<'a> {
    /// A word of a closed set, such as `retries_exhausted`.
    pub reason: &'a str,
    /// What went wrong; one line is made of it. No people's words, no secrets.
    pub error: &'a str,
    /// Who could not handle the record.
    pub consumer: &'a str,
    /// Where the record came from, if it came from a topic.
    pub origin: Option<RecordPosition<'a>>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed for the first time.
    pub first_failed: SystemTime,
    /// When the record was first written, if it came from a topic.
    pub first_written: Option<SystemTime>,
}

impl DeadLetter<'_> {
    /// Names and values, to be put after the record's own headers.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            (header::REASON, self.reason.to_owned()),
            (header::ERROR, one_line(self.error)),
            (header::CONSUMER, self.consumer.to_owned()),
        ];
        if let Some(origin) = self.origin {
            headers.push((header::TOPIC, origin.topic.to_owned()));
            headers.push((header::PARTITION, origin.partition.to_string()));
            headers.push((header::OFFSET, origin.offset.to_string()));
        }
        headers.extend(self.first_written.map(|written| (header::FIRST_WRITTEN, rfc3339(written))));
        headers.push((header::ATTEMPTS, self.attempts.to_string()));
        headers.push((header::FIRST_FAILED, rfc3339(self.first_failed)));
        headers
    }
}

/// The time of a record is whatever its writer says; RFC 3339 has years up to 9999.
fn rfc3339(time: SystemTime) -> String {
    let last = UNIX_EPOCH + Duration::from_millis(253_402_300_799_999);
    humantime::format_rfc3339_millis(time.clamp(UNIX_EPOCH, last)).to_string()
}

fn one_line(error: &str) -> String {
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    error.trim().chars().map(printable).take(LONGEST_ERROR).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn letter(error: &str) -> DeadLetter<'_> {
        DeadLetter {
            reason: "not_json",
            error,
            consumer: "weir-test",
            origin: None,
            attempts: 1,
            first_failed: SystemTime::UNIX_EPOCH + Duration::from_millis(1_569_262_485_349),
            first_written: None,
        }
    }

    #[test]
    fn a_record_of_a_topic_names_its_place() {
        let origin = Some(RecordPosition { topic: "meta.messages.v1", partition: 3, offset: 42 });
        let headers = DeadLetter { origin, ..letter("bad") }.headers();
        let expected = [
            ("weir_dlq_reason", "not_json"),
            ("weir_dlq_error", "bad"),
            ("weir_dlq_consumer", "weir-test"),
            ("weir_dlq_topic", "meta.messages.v1"),
            ("weir_dlq_partition", "3"),
            ("weir_dlq_offset", "42"),
            ("weir_dlq_attempts", "1"),
            ("weir_dlq_first_failed", "2019-09-23T18:14:45.349Z"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn what_came_from_no_topic_has_no_place() {
        let names: Vec<&str> = letter("bad").headers().iter().map(|(name, _)| *name).collect();
        assert!(!names.contains(&"weir_dlq_topic") && !names.contains(&"weir_dlq_offset"));
    }

    #[test]
    fn the_past_of_a_record_is_read_from_what_it_kept() {
        let first_written = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_569_262_000_001));
        let headers = DeadLetter { attempts: 7, first_written, ..letter("bad") }.headers();
        let value = |name: &str| {
            let found = headers.iter().find(|(header, _)| *header == name);
            found.map(|(_, value)| value.as_bytes())
        };
        let history =
            RetryHistory { attempts: 7, first_failed: Some(letter("bad").first_failed), first_written };
        assert_eq!(RetryHistory::read(value), history);
        assert_eq!(RetryHistory::read(|_| None), RetryHistory::default());
        assert_eq!(RetryHistory::read(|_| Some(b"many")), RetryHistory::default());
    }

    #[test]
    fn a_time_that_no_calendar_has_is_the_nearest_that_one_has() {
        let beyond = SystemTime::UNIX_EPOCH + Duration::from_hours(490_000 * 1_000);
        let headers = DeadLetter { first_written: Some(beyond), ..letter("bad") }.headers();
        assert!(headers.contains(&(header::FIRST_WRITTEN, "9999-12-31T23:59:59.999Z".to_owned())));
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let headers = DeadLetter { first_written: Some(before), ..letter("bad") }.headers();
        assert!(headers.contains(&(header::FIRST_WRITTEN, "1970-01-01T00:00:00.000Z".to_owned())));
    }

    #[test]
    fn an_error_is_cut_to_one_line_of_300_characters() {
        let long = format!("first\nsecond\u{0}{}", "é".repeat(400));
        let line = letter(&long).headers()[1].1.clone();
        assert!(line.starts_with("first second é"));
        assert_eq!(line.chars().count(), 300);
    }
}
