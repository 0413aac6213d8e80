//! Offsets at which a client found nothing to read any more, so that it went on at the first record that is there: whether records were
//! deleted before they were read, or are read again, is counted and said.
//!
//! librdkafka tells of it by a line of its log alone; nothing else knows from where it came.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaResult;
use tokio::sync::Notify;

use super::broker_offsets::{Partition, offset_of, offsets};
use crate::consumer::metrics::ConsumerMetrics;
use crate::consumer::partition::offsets::PartitionProgress;
use crate::kafka::TopicPartition;
use crate::mutex::lock;

/// Where clients found nothing, at most once for each partition, until the brokers have said what they have of it; and what was said
/// of each last.
#[derive(Debug, Default)]
pub(in crate::consumer) struct Resets {
    noted: Mutex<BTreeMap<TopicPartition, i64>>,
    /// Told when one is noted.
    is_noted: Notify,
    said: Mutex<BTreeMap<TopicPartition, Reset>>,
}

/// From which offset a client went on at which. Until the brokers have said what they have, or a record behind it is done, the group stands
/// where it stood, and the next client finds the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reset {
    from: i64,
    to: i64,
}

impl Reset {
    /// What of it is not said yet; `None` where all is.
    fn after(self, said: Option<&Self>) -> Option<Self> {
        match said {
            Some(said) if *said == self => None,
            Some(said) if (said.from..said.to).contains(&self.from) && said.to <= self.to => {
                (said.to < self.to).then_some(Self { from: said.to, ..self })
            }
            _ => Some(self),
        }
    }
}

/// What has become of the offset that a client wanted to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// As many offsets before the first record that is there are gone. No more records than these: markers of transactions and what was
    /// compacted have offsets too.
    Deleted(u64),
    /// The log ended before it, though it may have grown since. All that is there is read, most of it again.
    BeyondEnd,
    /// The log ended before it, and nothing is there.
    Empty,
}

impl Found {
    fn of(Reset { from, to }: Reset, end: i64) -> Self {
        let otherwise = if to < end { Self::BeyondEnd } else { Self::Empty };
        u64::try_from(to - from).ok().filter(|gone| *gone > 0).map_or(otherwise, Self::Deleted)
    }
}

impl Resets {
    /// Takes note of a line of librdkafka's log, if it is one that tells of this. Of a group without an offset there is none.
    pub(in crate::consumer) fn note(&self, facility: &str, message: &str) {
        if let Some((name, offset)) = told(facility, message) {
            lock(&self.noted).entry(name).or_insert(offset);
            self.is_noted.notify_one();
        }
    }

    /// The logs of these partitions, which stand at these offsets, are others: they begin anew, as soon as the brokers have said where.
    /// Else the next client would begin where the group stands, which may lie within the log by now.
    pub(super) fn begin_anew(
        &self,
        client: &BaseConsumer,
        metrics: &ConsumerMetrics,
        partitions: &[(Partition, i64)],
    ) -> KafkaResult<()> {
        let named: Vec<_> = partitions.iter().map(|(partition, _)| partition.clone()).collect();
        let firsts = offsets(client, &named.iter().map(|(name, _)| name), Offset::Beginning)?;
        for ((name, progress), position) in partitions {
            if let Some(first) = offset_of(&firsts, name) {
                lock(&self.noted).insert(name.clone(), *position);
                progress.begins_anew(first);
            }
        }
        self.explain(client, metrics, &named)
    }

    /// Returns once one is noted, so that it is said before the process may end, or else after so long.
    pub(super) async fn noted_within(&self, limit: Duration) {
        // Either is the time to look.
        _ = tokio::time::timeout(limit, self.is_noted.notified()).await;
    }

    /// Asks the brokers what they have of these partitions, says and counts what that means. Those of which they do not say it are
    /// asked for the next time.
    ///
    /// Behind what is gone the group goes on at once, where it stands before it, and at the end of a log that is empty: whoever reads the
    /// partition next finds it no more.
    pub(super) fn explain(
        &self,
        client: &BaseConsumer,
        metrics: &ConsumerMetrics,
        partitions: &[Partition],
    ) -> KafkaResult<()> {
        let noted = lock(&self.noted).clone();
        if noted.is_empty() {
            return Ok(());
        }
        // Before the brokers are asked: what comes meanwhile is read.
        let before: Vec<_> =
            partitions.iter().map(|(name, progress)| (name, progress, progress.position())).collect();
        let firsts = offsets(client, &noted.keys(), Offset::Beginning)?;
        let ends = offsets(client, &noted.keys(), Offset::End)?;
        for (name, offset) in noted {
            let (Some(first), Some(end)) = (offset_of(&firsts, &name), offset_of(&ends, &name)) else {
                continue;
            };
            lock(&self.noted).remove(&name);
            if let Some((_, progress, position)) = before.iter().find(|(of, ..)| **of == name) {
                go_on(progress, *position, offset, first..end);
            }
            let Some(reset) = self.not_said(&name, Reset { from: offset, to: first }) else { continue };
            let TopicPartition { topic, partition } = &name;
            match Found::of(reset, end) {
                Found::Deleted(records) => {
                    metrics.missed.with_label_values(&[&**topic]).inc_by(records);
                    tracing::error!(
                        topic = &**topic,
                        partition,
                        from = reset.from,
                        to = reset.to,
                        records,
                        "records were deleted before they were read, all up to the first that is there, or fewer where transactions or \
                         compaction left gaps: `weir replay --since TIME --missing-only --apply` publishes events of Meta again"
                    );
                }
                Found::BeyondEnd => {
                    metrics.reread.with_label_values(&[&**topic]).inc();
                    tracing::error!(
                        topic = &**topic,
                        partition,
                        offset,
                        first,
                        end,
                        "the log ended before the offset that was to be read, as where its topic was made again, the cluster came back from an \
                         older copy, an unclean election cut it or the group was reset beyond it: it is read again from the first record that is there"
                    );
                }
                Found::Empty => tracing::info!(
                    topic = &**topic,
                    partition,
                    offset,
                    end,
                    "the log ended before the offset that was to be read, and is empty: the group goes on at its end"
                ),
            }
        }
        Ok(())
    }

    /// What of a reset is to be said, which is said then.
    fn not_said(&self, name: &TopicPartition, reset: Reset) -> Option<Reset> {
        let mut said = lock(&self.said);
        let unsaid = reset.after(said.get(name))?;
        said.insert(name.clone(), reset);
        Some(unsaid)
    }
}

/// The partition and the offset of `in [3]: offset reset (at offset 560 (leader epoch 4), broker 1) to offset BEGINNING …`.
fn told(facility: &str, message: &str) -> Option<(TopicPartition, i64)> {
    let (before, after) =
        message.split_once("]: offset reset (at offset ").filter(|_| facility == "OFFSET")?;
    let (topic, partition) = before.rsplit_once(" [")?;
    let topic = topic.rsplit(' ').next()?;
    let digits = after.split(|symbol: char| !symbol.is_ascii_digit()).next()?;
    Some((TopicPartition::new(topic, partition.parse().ok()?), digits.parse().ok()?))
}

/// Has the group go on where a client does that was to read `offset`, and stood at `position` before the brokers said which offsets
/// there are.
fn go_on(progress: &PartitionProgress, position: Option<i64>, offset: i64, there: Range<i64>) {
    let Range { start: first, end } = there;
    if offset < first {
        return progress.passed(offset, first);
    }
    progress.went_back(end);
    // Else the next client would find the same again, until something comes.
    if let Some(position) = position.filter(|_| first == end) {
        progress.passed(position, first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_the_first_record_is_deleted_and_what_is_there_else_is_read_again() {
        let found = |from, to, end| Found::of(Reset { from, to }, end);
        assert_eq!([found(560, 632, 640), found(631, 632, 632)], [Found::Deleted(72), Found::Deleted(1)]);
        assert_eq!([found(632, 632, 640), found(900, 0, 1), found(0, 0, 1)], [Found::BeyondEnd; 3]);
        assert_eq!([found(900, 0, 0), found(900, 7, 7)], [Found::Empty; 2]);
    }

    #[test]
    fn what_the_next_client_finds_again_is_said_once() {
        let (resets, name) = (Resets::default(), TopicPartition::new("in", 0));
        let found =
            |from, to| resets.not_said(&name, Reset { from, to }).map(|Reset { from, to }| (from, to));
        assert_eq!(found(560, 632), Some((560, 632)));
        assert_eq!([found(560, 632), found(600, 632), found(560, 632)], [None; 3]);
        assert_eq!(found(560, 700), Some((632, 700)), "more is gone since");
        assert_eq!(found(560, 700), None);
        assert_eq!(found(700, 710), Some((700, 710)), "the group has moved on");
        assert_eq!(found(705, 0), Some((705, 0)), "the topic was made again");
        assert_eq!(found(705, 0), None);
        assert_eq!(found(705, 706), Some((705, 706)));
    }

    #[test]
    fn a_line_that_tells_of_an_offset_is_understood_and_no_other() {
        let reset = "[thrd:main]: meta.messages.v1 [19]: offset reset (at offset 818 (leader epoch 3), broker 1) to offset BEGINNING \
                     (leader epoch -1): fetch failed due to requested offset not available on the broker: Broker: Offset out of range";
        assert_eq!(told("OFFSET", reset), Some((TopicPartition::new("meta.messages.v1", 19), 818)));
        let of_no_offset = reset.replace("offset 818", "offset BEGINNING");
        for (facility, message) in
            [("FETCH", reset), ("OFFSET", &of_no_offset), ("OFFSET", "[thrd:main]: in [1]: no")]
        {
            assert_eq!(told(facility, message), None, "{message}");
        }
    }

    #[test]
    fn a_partition_is_noted_once_with_the_offset_from_which_it_came() {
        let resets = Resets::default();
        for offset in [5, 9] {
            resets.note(
                "OFFSET",
                &format!(
                    "[thrd:main]: in [0]: offset reset (at offset {offset} (leader epoch -1), broker 1) to"
                ),
            );
        }
        assert_eq!(*lock(&resets.noted), BTreeMap::from([(TopicPartition::new("in", 0), 5)]));
    }
}
