//! Looks at what nobody works on although there are offsets left, as anybody else would read it: at the end of a partition
//! these are markers of transactions, or were compacted away, and count as done.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;

use super::partition_state::PartitionState;
use super::stall::Stalls;
use crate::consumer::reader::{ReadError, TopicReader};
use crate::consumer::wait::Activity;
use crate::kafka::TopicPartition;
use crate::throttle::Throttle;

/// How long the brokers may take to answer, for all partitions of a look together.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The same for each, however many they are: as many as fit are looked at, the others the next time.
const EACH_AT_LEAST: Duration = Duration::from_secs(1);

/// How many partitions of each topic.
pub(super) type ByTopic = BTreeMap<Arc<str>, i64>;

/// Readers of the topics of which a partition was looked at, and what they found.
pub(super) struct NextRecordProbe {
    config: ClientConfig,
    /// With the time when each was made.
    readers: BTreeMap<Arc<str>, (TopicReader, Instant)>,
    unreadable: Unreadable,
    /// How long nobody may be able to read a partition before it counts.
    unreadable_after: Duration,
    /// The partition that was looked at last; those behind it are next.
    last: Option<TopicPartition>,
    log: Throttle,
}

/// The partitions that nobody could read when they were looked at, and from when each of them counts.
#[derive(Debug, Default)]
struct Unreadable(HashMap<TopicPartition, Instant>);

impl NextRecordProbe {
    pub(super) fn new(mut config: ClientConfig, unreadable_after: Duration) -> Self {
        // Whatever a file says: the end must be told within the share of a look that one partition has.
        config.set("fetch.wait.max.ms", "100").set("fetch.min.bytes", "1");
        let (readers, unreadable) = (BTreeMap::new(), Unreadable::default());
        Self { config, readers, unreadable, unreadable_after, last: None, log: Throttle::default() }
    }

    /// Its clients are made anew.
    pub(super) fn forget(&mut self) {
        self.readers.clear();
    }

    /// Takes note of what lies ahead, and tells how many partitions of each topic stand still since nobody can read it.
    pub(super) fn look(&mut self, states: &mut [PartitionState], stalls: &Stalls) -> ByTopic {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let stands_still = |state: &PartitionState| {
            state.lag > 0
                && state.has_end
                && !state.is_past_end
                && stalls.stood_at(&state.name) == Some(state.position)
                && state.progress.activity() == Activity::Idle
        };
        self.unreadable
            .0
            .retain(|name, _| states.iter().any(|state| state.name == *name && stands_still(state)));
        let standing = states.iter().filter(|state| stands_still(state)).count();
        let share = ANSWER_TIMEOUT / u32::try_from(standing).unwrap_or(u32::MAX).max(1);
        let within = share.max(EACH_AT_LEAST);
        for state in in_turn(states, self.last.as_ref()).filter(|state| stands_still(state)) {
            if Instant::now() >= deadline {
                break;
            }
            self.last = Some(state.name.clone());
            match self.has_record(&state.name, state.position, within) {
                Ok(true) => state.is_readable = self.unreadable.is_read(&state.name),
                Ok(false) => {
                    state.progress.passed(state.position, state.position + state.lag);
                    (state.position, state.lag) = (state.position + state.lag, 0);
                    self.unreadable.0.remove(&state.name);
                }
                Err(error) => self.cannot_read(&state.name, &error, Instant::now()),
            }
        }
        self.unreadable.by_topic(Instant::now())
    }

    /// Takes note of a partition that could not be read. A client can forget its brokers, which looks like their silence: once that
    /// counts, the next look has a new one.
    fn cannot_read(&mut self, name: &TopicPartition, error: &ReadError, now: Instant) {
        let unreadable_after = if matches!(error, ReadError::Unreadable { .. }) {
            Duration::ZERO
        } else {
            self.unreadable_after
        };
        if !self.unreadable.counts(name, unreadable_after, now) {
            return;
        }
        if let Some(suppressed) = self.log.pass(now) {
            tracing::error!(suppressed, "a partition is stalled: {error}");
        }
        let is_old =
            |(_, made): &(TopicReader, Instant)| now.saturating_duration_since(*made) >= unreadable_after;
        if matches!(error, ReadError::Kafka { .. }) && self.readers.get(&name.topic).is_some_and(is_old) {
            self.readers.remove(&name.topic);
        }
    }

    fn has_record(
        &mut self,
        TopicPartition { topic, partition }: &TopicPartition,
        from: i64,
        within: Duration,
    ) -> Result<bool, ReadError> {
        let (reader, _) = match self.readers.entry(Arc::clone(topic)) {
            Entry::Occupied(reader) => reader.into_mut(),
            Entry::Vacant(place) => {
                place.insert((TopicReader::of(self.config.clone(), topic)?, Instant::now()))
            }
        };
        reader.has_record(*partition, from, within)
    }
}

/// All of them, first those behind the last one: one that takes up all the time keeps none from its turn.
fn in_turn<'a>(
    states: &'a mut [PartitionState],
    last: Option<&TopicPartition>,
) -> impl Iterator<Item = &'a mut PartitionState> + use<'a> {
    let next = states.iter().position(|state| Some(&state.name) == last).map_or(0, |last| last + 1);
    let (before, behind) = states.split_at_mut(next);
    behind.iter_mut().chain(before)
}

impl Unreadable {
    /// Whether a partition that nobody could read now counts, when it does so after `unreadable_after` at the latest.
    fn counts(&mut self, name: &TopicPartition, unreadable_after: Duration, now: Instant) -> bool {
        let from = self.0.entry(name.clone()).or_insert(now + unreadable_after);
        *from = (*from).min(now + unreadable_after);
        *from <= now
    }

    /// Takes note that a partition can be read. Returns whether it could when it was looked at last: a client that asks again after
    /// each refusal, as this one did, has until the next look to find out too.
    fn is_read(&mut self, name: &TopicPartition) -> bool {
        self.0.remove(name).is_none()
    }

    fn by_topic(&self, now: Instant) -> ByTopic {
        let mut counts = ByTopic::new();
        for (name, _) in self.0.iter().filter(|(_, from)| **from <= now) {
            *counts.entry(Arc::clone(&name.topic)).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::partition::offsets::PartitionProgress;

    const UNREADABLE_AFTER: Duration = Duration::from_mins(3);

    fn at(partition: i32) -> TopicPartition {
        TopicPartition::new("in", partition)
    }

    #[test]
    fn what_nobody_gives_counts_after_three_minutes_and_what_can_never_be_read_at_once() {
        let (mut unread, start) = (Unreadable::default(), Instant::now());
        let seconds = |seconds| start + Duration::from_secs(seconds);
        let counts = [0, 1, 179, 180, 181].map(|now| unread.counts(&at(0), UNREADABLE_AFTER, seconds(now)));
        assert_eq!(counts, [false, false, false, true, true]);
        assert!(!unread.counts(&at(1), UNREADABLE_AFTER, seconds(181)));
        assert!(unread.counts(&at(2), Duration::ZERO, seconds(181)));
        assert!(unread.counts(&at(2), UNREADABLE_AFTER, seconds(182)), "it was for good");
        let by_topic = |now| unread.by_topic(seconds(now)).into_values().sum::<i64>();
        assert_eq!([182, 361].map(by_topic), [2, 3], "also where no look comes to them");
    }

    #[test]
    fn what_may_be_read_again_is_held_against_no_client_before_the_next_look() {
        let mut unread = Unreadable::default();
        assert!(unread.is_read(&at(0)), "it was never refused");
        unread.counts(&at(0), UNREADABLE_AFTER, Instant::now());
        assert!(unread.is_read(&at(1)));
        assert_eq!([(); 2].map(|()| unread.is_read(&at(0))), [false, true]);
    }

    #[test]
    fn a_client_under_which_nothing_came_for_as_long_as_may_be_is_replaced() {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", "127.0.0.1:1").set("group.id", "test");
        let mut probe = NextRecordProbe::new(config, UNREADABLE_AFTER);
        let error = probe.has_record(&at(0), 0, Duration::ZERO).expect_err("nobody is there");
        let start = Instant::now();
        probe.cannot_read(&at(0), &error, start);
        assert_eq!(probe.readers.len(), 1, "it may pass");
        probe.cannot_read(&at(0), &error, start + UNREADABLE_AFTER);
        assert!(probe.readers.is_empty());
    }

    #[test]
    fn no_property_holds_back_what_is_asked_within_a_second() {
        let mut config = ClientConfig::new();
        config.set("fetch.wait.max.ms", "5000").set("fetch.min.bytes", "100000");
        let probe = NextRecordProbe::new(config, UNREADABLE_AFTER);
        let of_readers = ["fetch.wait.max.ms", "fetch.min.bytes"].map(|name| probe.config.get(name));
        assert_eq!(of_readers, [Some("100"), Some("1")]);
    }

    #[test]
    fn each_look_begins_behind_the_partition_that_was_looked_at_last() {
        let progress = || Arc::new(PartitionProgress::new());
        let state = |partition| PartitionState::new(at(partition), progress(), 0, 1, true);
        let mut all = [0, 1, 2].map(state);
        let mut order = |last: Option<i32>| {
            let turns = in_turn(&mut all, last.map(at).as_ref());
            turns.map(|state| state.name.partition).collect::<Vec<_>>()
        };
        assert_eq!(order(None), [0, 1, 2]);
        assert_eq!(order(Some(0)), [1, 2, 0]);
        assert_eq!(order(Some(2)), [0, 1, 2]);
        assert_eq!(order(Some(7)), [0, 1, 2], "it was taken away");
    }
}
