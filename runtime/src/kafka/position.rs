//! Where records are: in which partition of which topic, and at which offset.

use std::collections::BTreeMap;
use std::sync::Arc;

use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TopicPartition {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
}

/// The position of a record.
#[derive(Clone, Copy, Debug)]
pub struct RecordPosition<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

impl TopicPartition {
    pub(crate) fn new(topic: &str, partition: i32) -> Self {
        Self { topic: Arc::from(topic), partition }
    }
}

/// `in 0-2 5, out 7`: each topic with its partitions, consecutive ones as a range.
pub(crate) fn in_one_line<'a>(partitions: impl Iterator<Item = (&'a str, i32)>) -> String {
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions {
        topics.entry(topic).or_default().push(partition);
    }
    let lines = topics.into_iter().map(|(topic, mut numbers)| {
        numbers.sort_unstable();
        let ranges = numbers.chunk_by(|one, next| one + 1 == *next);
        ranges.fold(topic.to_owned(), |line, range| match range {
            [first, .., last] => format!("{line} {first}-{last}"),
            [only] => format!("{line} {only}"),
            [] => line,
        })
    });
    lines.collect::<Vec<_>>().join(", ")
}

/// Partitions as librdkafka takes them, each with this offset.
pub(crate) fn list<'a>(
    names: impl IntoIterator<Item = &'a TopicPartition>,
    offset: Offset,
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for TopicPartition { topic, partition } in names {
        list.add_partition_offset(topic, *partition, offset)?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_partitions_are_a_range() {
        let partitions = [("out", 7), ("in", 2), ("in", 0), ("in", 1), ("in", 5)];
        assert_eq!(in_one_line(partitions.into_iter()), "in 0-2 5, out 7");
        assert_eq!(in_one_line(std::iter::empty()), "");
    }
}
