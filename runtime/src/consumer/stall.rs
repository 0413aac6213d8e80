//! Decides when a partition has stood still for too long.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A partition's name.
pub(super) type Place = (Arc<str>, i32);

/// Where each partition stood, and since when.
#[derive(Debug)]
pub(super) struct Stalls {
    limit: Duration,
    since: HashMap<Place, (i64, Instant)>,
}

/// A partition as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) place: Place,
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
    pub(super) fn look(&mut self, now: Instant, partitions: &[Standing]) -> Vec<Standing> {
        let before = std::mem::take(&mut self.since);
        for partition in partitions {
            let stood = before.get(&partition.place).filter(|(position, _)| *position == partition.position);
            let since = stood.filter(|_| partition.should_move).map_or(now, |(_, since)| *since);
            self.since.insert(partition.place.clone(), (partition.position, since));
        }
        let is_stalled = |partition: &&Standing| {
            let since = self.since.get(&partition.place).map_or(now, |(_, since)| *since);
            now.saturating_duration_since(since) >= self.limit
        };
        partitions.iter().filter(is_stalled).cloned().collect()
    }

    /// Where a partition stood when it was last seen.
    pub(super) fn stood_at(&self, place: &Place) -> Option<i64> {
        self.since.get(place).map(|(position, _)| *position)
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

    fn at(position: i64, should_move: bool) -> [Standing; 1] {
        [Standing { place: (Arc::from("in"), 0), position, should_move }]
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
