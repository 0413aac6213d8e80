//! Decides when a partition has stood still for too long: pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::partition_state::PartitionState;
use super::past_end::past_end;
use crate::consumer::error::ConsumerError;
use crate::consumer::wait::Activity;
use crate::kafka::TopicPartition;

/// Where each partition stood, and since when although it should move.
#[derive(Debug)]
pub(super) struct Stalls {
    pub(super) limit: Duration,
    since: HashMap<TopicPartition, (i64, Option<Instant>)>,
}

impl Stalls {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: HashMap::new() }
    }

    /// Takes note of all partitions, and gives the first that does not move, if a new client may help.
    pub(super) fn stuck(&mut self, now: Instant, partitions: &[PartitionState]) -> Option<ConsumerError> {
        self.look(now, partitions).into_iter().find_map(|state| error(state, self.limit))
    }

    /// Takes note of all partitions, and returns those that should have moved for the whole of the limit. Where there was nothing to do
    /// at the look before, the clock starts now: a process that was suspended in between has only just been given its work.
    fn look<'a>(&mut self, now: Instant, partitions: &'a [PartitionState]) -> Vec<&'a PartitionState> {
        let before = std::mem::take(&mut self.since);
        let mut stalled = Vec::new();
        for state in partitions {
            let stood = before.get(&state.name).filter(|(position, _)| *position == state.position);
            let since = state.should_move().then(|| stood.and_then(|(_, since)| *since).unwrap_or(now));
            self.since.insert(state.name.clone(), (state.position, since));
            if since.is_some_and(|since| now.saturating_duration_since(since) >= self.limit) {
                stalled.push(state);
            }
        }
        stalled
    }

    /// Where a partition stood at the look before although it should have moved.
    pub(super) fn stood_at(&self, name: &TopicPartition) -> Option<i64> {
        self.since.get(name).filter(|(_, since)| since.is_some()).map(|(position, _)| *position)
    }

    /// Restarts the clock of every partition that stands still: the polling thread gave it nothing meanwhile.
    pub(super) fn restart_clocks(&mut self, now: Instant) {
        for (_, since) in self.since.values_mut() {
            *since = since.map(|_| now);
        }
    }

    /// Forgets all partitions, after a look that the brokers did not answer.
    pub(super) fn forget(&mut self) {
        self.since.clear();
    }
}

/// What is to be said of a partition that has not moved for so long, if a new client may help: what nobody can read it cannot read either.
fn error(state: &PartitionState, after: Duration) -> Option<ConsumerError> {
    let what = match state.progress.activity() {
        Activity::Handling => "a record is still in work",
        _ if state.is_past_end => return Some(past_end(state)),
        _ if state.is_readable => "nothing comes, though there are records",
        _ => return None,
    };
    let TopicPartition { topic, partition } = &state.name;
    Some(ConsumerError::Stuck {
        topic: topic.to_string(),
        partition: *partition,
        offset: state.position,
        after,
        what,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::consumer::partition::offsets::PartitionProgress;

    const LIMIT: Duration = Duration::from_mins(1);

    fn at(position: i64, should_move: bool) -> [PartitionState; 1] {
        let (name, progress) = (TopicPartition::new("in", 0), Arc::new(PartitionProgress::new()));
        [PartitionState::new(name, progress, position, position + 1, should_move)]
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
        assert!(!is_stalled(&[(5, true), (5, false), (5, true), (5, true)]));
        assert!(!is_stalled(&[(5, false), (5, false), (5, false), (5, false)]));
    }

    #[test]
    fn who_had_nothing_to_do_before_the_process_was_suspended_is_not_late() {
        let (mut stalls, start) = (Stalls::new(LIMIT), Instant::now());
        stalls.look(start, &at(5, false));
        assert!(stalls.look(start + 10 * LIMIT, &at(5, true)).is_empty());
        assert!(!stalls.look(start + 11 * LIMIT, &at(5, true)).is_empty());
    }

    #[test]
    fn a_partition_stands_from_the_first_look_at_which_there_is_work() {
        let (mut stalls, start) = (Stalls::new(LIMIT), Instant::now());
        let stood = [false, true].map(|should_move| {
            stalls.look(start, &at(5, should_move));
            stalls.stood_at(&TopicPartition::new("in", 0))
        });
        assert_eq!(stood, [None, Some(5)]);
    }

    #[test]
    fn what_got_nothing_stands_where_it_did_and_is_not_late() {
        let (mut stalls, start) = (Stalls::new(LIMIT), Instant::now());
        stalls.look(start, &at(5, true));
        stalls.restart_clocks(start + LIMIT);
        assert_eq!(stalls.stood_at(&TopicPartition::new("in", 0)), Some(5));
        assert!(stalls.look(start + LIMIT, &at(5, true)).is_empty());
        assert!(!stalls.look(start + 2 * LIMIT, &at(5, true)).is_empty());
    }

    #[test]
    fn a_partition_that_was_away_starts_anew() {
        let (mut stalls, start) = (Stalls::new(LIMIT), Instant::now());
        stalls.look(start, &at(5, true));
        stalls.look(start + LIMIT / 2, &[]);
        assert!(stalls.look(start + LIMIT, &at(5, true)).is_empty());
    }

    #[test]
    fn what_is_in_work_or_may_be_read_is_stuck_and_what_nobody_can_read_is_not() {
        let said = |end, is_readable, activity| {
            let (name, progress) = (TopicPartition::new("in", 0), Arc::new(PartitionProgress::new()));
            progress.set_activity(activity);
            let state = PartitionState { is_readable, ..PartitionState::new(name, progress, 5, end, true) };
            error(&state, LIMIT)
        };
        let stuck = |said| matches!(said, Some(ConsumerError::Stuck { offset: 5, after: LIMIT, .. }));
        assert!(stuck(said(9, false, Activity::Handling)) && stuck(said(2, false, Activity::Handling)));
        assert!(stuck(said(9, true, Activity::Idle)));
        assert!(said(9, false, Activity::Idle).is_none());
        assert!(matches!(said(2, false, Activity::Idle), Some(ConsumerError::PastEnd { offset: 5, .. })));
    }
}
