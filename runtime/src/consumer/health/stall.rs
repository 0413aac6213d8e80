//! Decides when a partition has stood still for too long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::kafka::TopicPartition;

/// Where each partition stood, and since when.
#[derive(Debug)]
pub(super) struct Stalls {
    limit: Duration,
    since: HashMap<TopicPartition, StalledSince>,
}

#[derive(Clone, Copy, Debug)]
struct StalledSince {
    position: i64,
    since: Instant,
}

/// A partition as it was seen now.
#[derive(Clone, Debug)]
pub(super) struct PartitionState {
    pub(super) name: TopicPartition,
    /// The next offset to be done.
    pub(super) position: i64,
    /// There is something to do, and no reason not to do it.
    pub(super) should_move: bool,
}

impl Stalls {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: HashMap::new() }
    }

    /// Takes note of all partitions, and returns those that should have moved for the whole of the limit.
    pub(super) fn look(&mut self, now: Instant, partitions: &[PartitionState]) -> Vec<PartitionState> {
        let before = std::mem::take(&mut self.since);
        for partition in partitions {
            let position = partition.position;
            let stood = before.get(&partition.name).filter(|stood| stood.position == position);
            let since = stood.filter(|_| partition.should_move).map_or(now, |stood| stood.since);
            self.since.insert(partition.name.clone(), StalledSince { position, since });
        }
        let is_stalled = |partition: &&PartitionState| {
            let since = self.since.get(&partition.name).map_or(now, |stood| stood.since);
            now.saturating_duration_since(since) >= self.limit
        };
        partitions.iter().filter(is_stalled).cloned().collect()
    }

    /// Where a partition stood when it was last seen.
    pub(super) fn stood_at(&self, name: &TopicPartition) -> Option<i64> {
        self.since.get(name).map(|stood| stood.position)
    }

    /// The clocks start anew: nobody could know.
    pub(super) fn forget(&mut self) {
        self.since.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    fn at(position: i64, should_move: bool) -> [PartitionState; 1] {
        [PartitionState { name: TopicPartition::new("in", 0), position, should_move }]
    }

    /// Whether the partition counts as stalled after these looks, half a minute apart.
    fn is_stalled(looks: &[(i64, bool)]) -> bool {
        let (mut stalls, start) = (Stalls::new(LIMIT), Instant::now());
        let looks = (0..).zip(looks);
        looks.fold(false, |_, (number, (position, should_move))| {
            !stalls.look(start + LIMIT / 2 * number, &at(*position, *should_move)).is_empty()
        })
    }

    #[test]
    fn standing_still_for_the_whole_limit_is_a_stall() {
        assert!(!is_stalled(&[(5, true), (5, true)]));
        assert!(is_stalled(&[(5, true), (5, true), (5, true)]));
    }

    #[test]
    fn moving_and_waiting_on_purpose_start_the_clock_anew() {
        assert!(!is_stalled(&[(5, true), (5, true), (6, true), (6, true)]));
        assert!(!is_stalled(&[(5, true), (5, false), (5, true), (5, true)][..3]));
        assert!(!is_stalled(&[(5, false), (5, false), (5, false), (5, false)]));
    }

    #[test]
    fn a_partition_that_was_away_starts_anew() {
        let (mut stalls, start) = (Stalls::new(LIMIT), Instant::now());
        stalls.look(start, &at(5, true));
        stalls.look(start + LIMIT / 2, &[]);
        assert!(stalls.look(start + LIMIT, &at(5, true)).is_empty());
    }
}
