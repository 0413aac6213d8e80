//! Where a record lies.

use runtime::consumer::Record;
use serde::Serialize;
use std::fmt;

/// Topic, partition and offset; reads and displays as `topic/partition/offset`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct RecordPosition {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

impl fmt::Display for RecordPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl RecordPosition {
    /// Of a record that was read.
    pub(crate) fn of(record: &Record) -> Self {
        Self { topic: record.topic.to_string(), partition: record.partition, offset: record.offset }
    }

    /// Reads what it displays as.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '/');
        let offset = parts.next()?.parse().ok().filter(|offset: &i64| *offset >= 0)?;
        let partition = parts.next()?.parse().ok().filter(|number: &i32| *number >= 0)?;
        let topic = parts.next().filter(|topic| !topic.is_empty() && !topic.contains('/'))?.to_owned();
        Some(Self { topic, partition, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_shown() {
        let position = RecordPosition { topic: "meta.messages.dlq.v1".to_owned(), partition: 3, offset: 42 };
        assert_eq!(position.to_string(), "meta.messages.dlq.v1/3/42");
        assert_eq!(RecordPosition::parse(&position.to_string()), Some(position));
    }

    #[test]
    fn what_lacks_a_part_is_no_position() {
        for text in ["", "topic", "topic/1", "topic/1/x", "topic/-1/2", "topic/1/-2", "/1/2", "a/b/1/2"] {
            assert_eq!(RecordPosition::parse(text), None, "{text}");
        }
    }
}
