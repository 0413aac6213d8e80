//! A record as one line for people: when, where, what, whose, and the words of an inbox message.

use super::fact::DescribedRecord;
use crate::screen::{Cell, Columns, Screen, Tone, one_line};
use schemas::Millis;
use std::io;
use std::time::SystemTime;

/// Widths of the columns: time, topic, what it is, key, id, text.
const WIDTHS: [usize; 6] = [12, 25, 29, 35, 8, 0];
const LONGEST_TEXT: usize = 60;
const SHORT_ID: usize = 8;

/// Prints the line of a record, with the time of `at`; `topic_prefix` is that of its topic.
pub(crate) fn print(
    record: &DescribedRecord,
    topic_prefix: &str,
    at: SystemTime,
    screen: &mut Screen,
) -> io::Result<()> {
    screen.row(&Columns::new(WIDTHS), &cells(record, topic_prefix, at))
}

fn cells(DescribedRecord { fact, text }: &DescribedRecord, topic_prefix: &str, at: SystemTime) -> [Cell; 6] {
    let time = Millis::of(at).to_string();
    let time = time.get(11..23).unwrap_or_default().to_owned();
    let text = text.as_ref().map_or_else(String::new, |text| format!("“{}”", one_line(text, LONGEST_TEXT)));
    [
        Cell::new(Tone::Faint, time),
        fact.topic.name(topic_prefix).into(),
        Cell::new(Tone::Strong, one_line(&fact.what, LONGEST_TEXT)),
        one_line(fact.key.as_deref().unwrap_or("no key"), 2 * LONGEST_TEXT).into(),
        Cell::new(Tone::Faint, one_line(fact.short_id(), SHORT_ID)),
        text.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::fact::Fact;
    use super::*;
    use schemas::Topic;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_record_is_one_line_whatever_its_text() {
        let fact = Fact {
            topic: Topic::Inbox,
            key: Some("17:42".to_owned()),
            what: "message.received, text".to_owned(),
            id: "0123456789abcdef".to_owned(),
        };
        let seen = DescribedRecord { fact, text: Some(format!("Hi\x1b[2J\n{}", "x".repeat(100))) };
        let at = UNIX_EPOCH + Duration::from_millis(45_296_789);
        let line = Columns::new([0; 6]).lay_out(&cells(&seen, "meta", at), |_, text| text.to_owned());
        let text = format!("“Hi [2J {}…”", "x".repeat(52));
        assert_eq!(
            line,
            format!("12:34:56.789  meta.inbox.v1  message.received, text  17:42  01234567  {text}")
        );
    }

    #[test]
    fn a_record_of_any_time_and_id_is_one_line_too() {
        let (key, what) = (None, "message, commanded".to_owned());
        let fact = Fact { topic: Topic::Replies, key, what, id: "\x1b[2J-ééééé".to_owned() };
        // In nanoseconds, by a producer that takes them for milliseconds.
        let at = UNIX_EPOCH + Duration::from_millis(1_764_000_000_000_000_001);
        let cells = cells(&DescribedRecord { fact, text: None }, "meta", at);
        let line = Columns::new([0; 6]).lay_out(&cells, |_, text| text.to_owned());
        assert_eq!(line, "23:59:59.999  meta.replies.v1  message, commanded  no key   [2J-éé…");
    }
}
