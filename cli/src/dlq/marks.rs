//! The marks of a topic's partitions, kept in Kafka as the committed offsets of a group.

use super::mark::Mark;
use crate::source::{ANSWER_WITHIN, GROUP, Range, ReadError, Source, whole};
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
        let committed = source.ask(READ, |client| {
            let mut wanted = TopicPartitionList::new();
            for span in &range.spans {
                wanted.add_partition(&range.topic, span.partition);
            }
            whole(client.committed_offsets(wanted, ANSWER_WITHIN)?)
        })?;
        let mut marks = BTreeMap::new();
        for span in &range.spans {
            let found = committed.find_partition(&range.topic, span.partition);
            let mark = match found.as_ref().map(|found| (found.offset(), found.metadata())) {
                // A mark beyond the end is of a topic of that name that is gone.
                Some((Offset::Offset(settled), metadata)) if settled <= span.high => {
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
        source.ask(KEEP, |client| {
            let mut offsets = TopicPartitionList::new();
            for partition in &self.changed {
                let Some(mark) = self.partitions.get(partition) else { continue };
                let mut element = offsets.add_partition(&self.topic, *partition);
                element.set_offset(Offset::Offset(mark.settled()))?;
                element.set_metadata(mark.metadata());
            }
            client.commit(&offsets, CommitMode::Sync)
        })?;
        self.changed.clear();
        Ok(())
    }
}
