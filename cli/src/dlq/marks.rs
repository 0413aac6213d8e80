//! The marks of a topic's partitions, kept in Kafka as the committed offsets of a group.

use super::mark::Mark;
use crate::source::{ANSWER_WITHIN, GROUP, Range, ReadError, Source};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const READ: &str = "tell what was put back (the group weir-redrive)";
const KEEP: &str = "remember what was put back (the group weir-redrive)";

/// What was put back of one topic.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    topic: Arc<str>,
    partitions: BTreeMap<i32, Mark>,
    changed: BTreeSet<i32>,
}

impl Marks {
    /// Reads them.
    pub(super) fn read(source: &Source, range: &Range) -> Result<Self, ReadError> {
        let mut wanted = TopicPartitionList::new();
        for span in &range.spans {
            wanted.add_partition(&range.topic, span.partition);
        }
        let committed = source.client().committed_offsets(wanted, ANSWER_WITHIN);
        let committed = committed.map_err(|error| source.cannot(READ, &error))?;
        let mut marks = BTreeMap::new();
        for span in &range.spans {
            let found = committed.find_partition(&range.topic, span.partition);
            let mark = match found.as_ref().map(|found| (found.offset(), found.metadata())) {
                Some((Offset::Offset(settled), metadata)) => {
                    let read = Mark::read(settled, metadata);
                    read.ok_or_else(|| ReadError::ForeignMark {
                        group: GROUP,
                        topic: range.topic.to_string(),
                        partition: span.partition,
                    })?
                }
                _ => Mark::new(span.low),
            };
            marks.insert(span.partition, mark.risen_to(span.low));
        }
        Ok(Self { topic: Arc::clone(&range.topic), partitions: marks, changed: BTreeSet::new() })
    }

    /// Whether the letter was put back.
    pub(super) fn hold(&self, partition: i32, offset: i64) -> bool {
        self.partitions.get(&partition).is_some_and(|mark| mark.holds(offset))
    }

    /// Whether another letter of the partition can be remembered.
    pub(super) fn have_room(&self, partition: i32) -> bool {
        self.partitions.get(&partition).is_some_and(Mark::has_room)
    }

    /// The letter was put back.
    pub(super) fn add(&mut self, partition: i32, offset: i64) {
        if let Some(mark) = self.partitions.get_mut(&partition) {
            mark.add(offset);
            self.changed.insert(partition);
        }
    }

    /// Has Kafka keep what changed.
    pub(super) fn keep(&mut self, source: &Source) -> Result<(), ReadError> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let mut offsets = TopicPartitionList::new();
        let changed = self.partitions.iter().filter(|(partition, _)| self.changed.contains(partition));
        for (partition, mark) in changed {
            let mut element = offsets.add_partition(&self.topic, *partition);
            let set = element.set_offset(Offset::Offset(mark.settled()));
            set.map_err(|error| source.cannot(KEEP, &error))?;
            element.set_metadata(mark.metadata());
        }
        let committed = source.client().commit(&offsets, CommitMode::Sync);
        committed.map_err(|error| source.cannot(KEEP, &error))?;
        self.changed.clear();
        Ok(())
    }
}
