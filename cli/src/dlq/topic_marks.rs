//! The marks of a topic's partitions, kept in Kafka as the committed offsets of a group.

use super::partition_mark::PartitionMark;
use crate::kafka::{Committed, Group, REDRIVE, Range};
use crate::tool::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was put back of one topic.
#[derive(Debug)]
pub(super) struct TopicMarks {
    topic: Arc<str>,
    partitions: BTreeMap<i32, PartitionMark>,
    /// The same with what is under way.
    planned: BTreeMap<i32, PartitionMark>,
    changed: BTreeSet<i32>,
}

impl TopicMarks {
    /// Reads them.
    pub(super) fn read(group: &Group, range: &Range) -> Result<Self> {
        let partitions: Vec<i32> = range.spans.iter().map(|span| span.partition).collect();
        let mut committed = group.committed(&range.topic, &partitions)?;
        let mut marks = BTreeMap::new();
        for span in &range.spans {
            let partition = span.partition;
            let mark = match committed.remove(&partition) {
                // A mark beyond the end is of a topic of that name that is gone.
                Some((all_before, metadata)) if all_before <= span.high => {
                    PartitionMark::read(all_before, &metadata)
                        .ok_or_else(|| foreign(&range.topic, partition))?
                }
                _ => PartitionMark::new(span.low),
            };
            marks.insert(partition, mark.advance_to(span.low));
        }
        let (topic, planned) = (Arc::clone(&range.topic), marks.clone());
        Ok(Self { topic, partitions: marks, planned, changed: BTreeSet::new() })
    }

    /// Whether the dead letter was put back, or will be: a reader that begins a partition anew must not put back twice what is planned.
    pub(super) fn contains(&self, partition: i32, offset: i64) -> bool {
        self.planned.get(&partition).is_some_and(|mark| mark.contains(offset))
    }

    /// Whether the dead letter can be remembered, whichever of so many that are under way are refused.
    pub(super) fn has_room(&self, partition: i32, offset: i64, under_way: usize) -> bool {
        self.planned.get(&partition).is_some_and(|mark| mark.has_room(offset, under_way))
    }

    /// The dead letter will be put back.
    pub(super) fn mark_planned(&mut self, partition: i32, offset: i64) {
        if let Some(mark) = self.planned.get_mut(&partition) {
            mark.add(offset);
        }
    }

    /// Of what was planned, only what was put back by now will be.
    pub(super) fn plan_anew(&mut self) {
        self.planned.clone_from(&self.partitions);
    }

    /// The dead letter was put back.
    pub(super) fn mark_redriven(&mut self, partition: i32, offset: i64) {
        if let Some(mark) = self.partitions.get_mut(&partition) {
            mark.add(offset);
            self.changed.insert(partition);
        }
    }

    /// Commits what changed.
    pub(super) fn commit(&mut self, group: &Group) -> Result<()> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let changed = self.partitions.iter().filter(|(partition, _)| self.changed.contains(partition));
        let offsets: BTreeMap<i32, Committed> =
            changed.map(|(partition, mark)| (*partition, (mark.all_before(), mark.metadata()))).collect();
        group.commit(&self.topic, &offsets)?;
        self.changed.clear();
        Ok(())
    }
}

/// Somebody else commits offsets under the name that marks what was put back.
fn foreign(topic: &str, partition: i32) -> String {
    format!(
        "the group {REDRIVE} has an offset of {topic} partition {partition} that weir did not write; delete the group \
         (kafka-consumer-groups --delete --group {REDRIVE}) and give --since, so that nothing is put back twice"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_is_contained_and_not_committed() {
        let partitions = BTreeMap::from([(0, PartitionMark::new(10))]);
        let (topic, planned) = (Arc::from("meta.messages.dlq.v1"), partitions.clone());
        let mut marks = TopicMarks { topic, partitions, planned, changed: BTreeSet::new() };
        marks.mark_planned(0, 10);
        assert!(marks.contains(0, 10) && !marks.contains(0, 11) && !marks.contains(1, 10));
        assert_eq!((marks.partitions[&0].all_before(), marks.changed.len()), (10, 0));
        marks.mark_redriven(0, 10);
        assert_eq!((marks.partitions[&0].all_before(), marks.changed.len()), (11, 1));
        marks.mark_planned(0, 11);
        marks.plan_anew();
        assert!(marks.contains(0, 10) && !marks.contains(0, 11), "it was refused");
    }
}
