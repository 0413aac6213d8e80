//! Where a record lies.

use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Topic, partition and offset; reads and displays as `topic/partition/offset`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct RecordPosition {
    /// The topic.
    pub(crate) topic: String,
    /// Its partition.
    pub(crate) partition: i32,
    /// The offset in it.
    pub(crate) offset: i64,
}

/// What is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPosition;

impl fmt::Display for RecordPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for RecordPosition {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let mut parts = text.rsplitn(3, '/');
        let offset = parts.next().and_then(|part| part.parse().ok()).filter(|offset: &i64| *offset >= 0);
        let partition = parts.next().and_then(|part| part.parse().ok()).filter(|number: &i32| *number >= 0);
        let topic = parts.next().filter(|topic| !topic.is_empty() && !topic.contains('/'));
        match (topic, partition, offset) {
            (Some(topic), Some(partition), Some(offset)) => {
                Ok(Self { topic: topic.to_owned(), partition, offset })
            }
            _ => Err(NoPosition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_shown() {
        let position = RecordPosition { topic: "meta.messages.dlq.v1".to_owned(), partition: 3, offset: 42 };
        assert_eq!(position.to_string(), "meta.messages.dlq.v1/3/42");
        assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn what_lacks_a_part_is_no_position() {
        for text in ["", "topic", "topic/1", "topic/1/x", "topic/-1/2", "topic/1/-2", "/1/2", "a/b/1/2"] {
            assert_eq!(text.parse::<RecordPosition>(), Err(NoPosition), "{text}");
        }
    }
}
