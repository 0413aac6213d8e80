//! The headers that tell why a record ended up among the dead letters.

use std::time::SystemTime;

/// Longest `weir_dlq_error`, in characters.
const LONGEST_ERROR: usize = 300;

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
    pub origin: Option<Origin<'a>>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed for the first time.
    pub first_failed: SystemTime,
}

/// The place of a record.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

impl DeadLetter<'_> {
    /// Names and values, to be put after the record's own headers.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("weir_dlq_reason", self.reason.to_owned()),
            ("weir_dlq_error", one_line(self.error)),
            ("weir_dlq_consumer", self.consumer.to_owned()),
        ];
        if let Some(origin) = self.origin {
            headers.push(("weir_dlq_topic", origin.topic.to_owned()));
            headers.push(("weir_dlq_partition", origin.partition.to_string()));
            headers.push(("weir_dlq_offset", origin.offset.to_string()));
        }
        headers.push(("weir_dlq_attempts", self.attempts.to_string()));
        let first_failed = humantime::format_rfc3339_millis(self.first_failed);
        headers.push(("weir_dlq_first_failed", first_failed.to_string()));
        headers
    }
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
        }
    }

    #[test]
    fn a_record_of_a_topic_names_its_place() {
        let origin = Some(Origin { topic: "meta.messages.v1", partition: 3, offset: 42 });
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
    fn an_error_is_cut_to_one_line_of_300_characters() {
        let long = format!("first\nsecond\u{0}{}", "é".repeat(400));
        let line = letter(&long).headers()[1].1.clone();
        assert!(line.starts_with("first second é"));
        assert_eq!(line.chars().count(), 300);
    }
}
