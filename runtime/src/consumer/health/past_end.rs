//! Remembers that a log was seen to end before where its partition stands: it is another log, of a topic that was made again or a cluster
//! that came back from an older copy, or was cut, and stays so when it has grown beyond that. What it has before is not read otherwise.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;

use super::partition_state::PartitionState;
use crate::consumer::error::ConsumerError;
use crate::consumer::wait::Activity;
use crate::consumer::worker_context::SharedContext;
use crate::kafka::TopicPartition;

/// Where partitions stood whose log ended before it.
#[derive(Debug)]
pub(super) struct PastEnds {
    /// How far two looks are apart that both count: the client's word that it was sent back has another one follow at once.
    apart: Duration,
    seen: HashMap<TopicPartition, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    position: i64,
    since: Instant,
    /// At two looks in a row, and nothing was done between them. Once may be the word of a broker that led the partition before, and of a log
    /// that was cut off from the others: while it tells its end, a client goes on with another one.
    is_certain: bool,
}

impl PastEnds {
    pub(super) fn new(apart: Duration) -> Self {
        Self { apart, seen: HashMap::new() }
    }

    /// Takes note of what was just seen, and marks the partitions of which it is certain. One whose client went back, and did a record
    /// there, goes on by itself.
    pub(super) fn look(&mut self, now: Instant, states: &mut [PartitionState]) {
        let before = std::mem::take(&mut self.seen);
        for state in states {
            let went_back = state.progress.has_gone_back();
            let before = before.get(&state.name).filter(|seen| !went_back && state.position >= seen.position);
            let seen = if state.is_past_end {
                let stands = before.filter(|seen| state.position == seen.position).copied();
                let first = Seen { position: state.position, since: now, is_certain: false };
                let mut seen = stands.unwrap_or(first);
                seen.is_certain |= state.progress.activity() == Activity::Idle
                    && stands.is_some_and(|seen| now.saturating_duration_since(seen.since) >= self.apart);
                seen
            } else if let Some(seen) = before.filter(|seen| seen.is_certain) {
                *seen
            } else {
                continue;
            };
            if seen.is_certain {
                state.note_past_end();
            }
            self.seen.insert(state.name.clone(), seen);
        }
    }

    /// A partition whose client has gone on behind where it stood, and so has not read what the other log has before.
    pub(super) fn skipped(&self, states: &[PartitionState]) -> Option<ConsumerError> {
        let has_skipped =
            |state: &&PartitionState| self.certain(state).is_some_and(|seen| state.position > seen.position);
        states.iter().find(has_skipped).map(past_end)
    }

    /// Has the group begin anew where a log certainly ended before where it stands, before another client takes over.
    pub(super) fn begin_anew(
        &self,
        client: &BaseConsumer,
        shared: &SharedContext,
        states: &[PartitionState],
    ) {
        let past_end = states.iter().filter(|state| self.certain(state).is_some());
        let partition =
            |state: &PartitionState| ((state.name.clone(), Arc::clone(&state.progress)), state.position);
        let past_end: Vec<_> = past_end.map(partition).collect();
        if past_end.is_empty() {
            return;
        }
        if let Err(error) = shared.resets.begin_anew(client, &shared.metrics, &past_end) {
            tracing::debug!(%error, "where logs begin that ended before where the group stands is not known");
        }
    }

    fn certain(&self, state: &PartitionState) -> Option<&Seen> {
        self.seen.get(&state.name).filter(|seen| seen.is_certain)
    }
}

/// What is to be said of a partition whose log is another.
pub(super) fn past_end(state: &PartitionState) -> ConsumerError {
    let TopicPartition { topic, partition } = &state.name;
    ConsumerError::PastEnd { topic: topic.to_string(), partition: *partition, offset: state.position }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::partition::offsets::PartitionProgress;

    const APART: Duration = Duration::from_secs(5);

    /// What is made of a partition whose log ends there, in the order of the looks, each after the records that are done before it.
    fn looks(looks: &[(&[i64], i64)]) -> Vec<(bool, bool, i64)> {
        looks_apart(APART, looks)
    }

    fn looks_apart(apart: Duration, looks: &[(&[i64], i64)]) -> Vec<(bool, bool, i64)> {
        let mut now = Instant::now();
        let (mut past_ends, progress) = (PastEnds::new(APART), Arc::new(PartitionProgress::new()));
        let look = |(done, end): &(&[i64], i64)| {
            now += apart;
            done.iter().for_each(|offset| progress.done(*offset, None));
            let (name, position) = (TopicPartition::new("in", 0), progress.position().unwrap());
            let mut states = [PartitionState::new(name, Arc::clone(&progress), position, *end, true)];
            past_ends.look(now, &mut states);
            (states[0].is_past_end, past_ends.skipped(&states).is_some(), states[0].lag)
        };
        looks.iter().map(look).collect()
    }

    #[test]
    fn a_log_that_ended_before_the_position_is_another_however_long_it_is_by_now() {
        assert_eq!(looks(&[(&[58], 59), (&[], 23)]), [(false, false, 0), (true, false, 23)]);
        let grown = looks(&[(&[58], 59), (&[], 23), (&[], 23), (&[], 59), (&[], 80)]);
        assert_eq!(grown[3..], [(true, false, 59), (true, false, 80)]);
    }

    #[test]
    fn a_client_that_goes_on_in_it_has_skipped_what_comes_before() {
        assert_eq!(looks(&[(&[58], 23), (&[], 23), (&[59], 80)])[2], (true, true, 80));
    }

    #[test]
    fn an_end_that_a_former_leader_tells_is_not_that_of_another_log() {
        assert_eq!(looks(&[(&[58], 23), (&[59], 80)])[1], (false, false, 20), "told once");
        let told_on = looks(&[(&[58], 23), (&[59], 23), (&[60], 23), (&[61], 80)]);
        assert_eq!(told_on[3], (false, false, 18), "the client goes on meanwhile");
        let told_to_the_idle = looks(&[(&[58], 23), (&[], 23), (&[59], 23), (&[60], 80)]);
        assert_eq!(told_to_the_idle[3], (false, false, 19), "it goes on in the end");
        let told_at_once = looks_apart(APART / 3, &[(&[58], 23), (&[], 23), (&[], 23), (&[59], 80)]);
        assert_eq!(told_at_once[3], (false, false, 20), "one look right after the other");
        let (mut past_ends, progress) = (PastEnds::new(APART), Arc::new(PartitionProgress::new()));
        progress.set_activity(Activity::Handling);
        let mut now = Instant::now();
        let in_work = [(59, 23), (59, 23), (60, 80)].map(|(position, end)| {
            now += APART;
            let name = TopicPartition::new("in", 0);
            let mut states = [PartitionState::new(name, Arc::clone(&progress), position, end, true)];
            past_ends.look(now, &mut states);
            past_ends.skipped(&states).is_some()
        });
        assert_eq!(in_work, [false; 3], "a record that takes its time says nothing");
    }

    #[test]
    fn a_client_that_went_back_goes_on_by_itself() {
        for done in [&[30][..], &[30, 58, 59]] {
            let last = looks(&[(&[58], 23), (&[], 23), (done, 80), (&[], 80)]);
            assert!(last[2..].iter().all(|(is_past_end, ..)| !is_past_end), "{last:?}");
        }
        assert_eq!(looks(&[(&[58], 23), (&[30], 31), (&[], 20)])[2], (true, false, 20), "once more");
    }

    #[test]
    fn a_partition_that_is_assigned_again_before_that_goes_on_by_itself() {
        let mut past_ends = PastEnds::new(APART);
        let mut now = Instant::now();
        let is_past_end = [(59, 23), (59, 23), (23, 80), (60, 80)].map(|(position, end)| {
            now += APART;
            let (name, progress) = (TopicPartition::new("in", 0), Arc::new(PartitionProgress::new()));
            let mut states = [PartitionState::new(name, progress, position, end, true)];
            past_ends.look(now, &mut states);
            states[0].is_past_end
        });
        assert_eq!(is_past_end, [true, true, false, false]);
    }
}
