//! Where a record lies.

use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Topic, partition and offset; reads and displays as `topic/partition/offset`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

/// What is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let mut parts = text.rsplitn(3, '/');
        let offset = parts.next().and_then(|part| part.parse().ok()).filter(|offset: &i64| *offset >= 0);
        let partition = parts.next().and_then(|part| part.parse().ok()).filter(|number: &i32| *number >= 0);
        let topic = parts.next().filter(|topic| !topic.is_empty() && !topic.contains('/'));
        match (topic, partition, offset) {
            (Some(topic), Some(partition), Some(offset)) => {
                Ok(Self { topic: topic.to_owned(), partition, offset })
            }
            _ => Err(NoPlace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_shown() {
        let place = Place { topic: "meta.messages.dlq.v1".to_owned(), partition: 3, offset: 42 };
        assert_eq!(place.to_string(), "meta.messages.dlq.v1/3/42");
        assert_eq!(place.to_string().parse(), Ok(place));
    }

    #[test]
    fn what_lacks_a_part_is_no_place() {
        for text in ["", "topic", "topic/1", "topic/1/x", "topic/-1/2", "topic/1/-2", "/1/2", "a/b/1/2"] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
    }
}
