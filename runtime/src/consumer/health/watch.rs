//! Watches how far behind the partitions are, and whether they move.
//!
//! It asks the brokers through a client of its own: a consumer that is stuck believes that there is nothing to read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::broker_offsets::{Partition, ends, gone, offset_of, offsets};
use super::fatal_panic::blocking;
use super::next_record::{ByTopic, NextRecordProbe};
use super::partition_state::PartitionState;
use super::past_end::PastEnds;
use super::shared_group::SharedGroup;
use super::stall::Stalls;
use crate::consumer::error::ConsumerError;
use crate::consumer::partition::assignment::PartitionRegistry;
use crate::consumer::wait::{Activity, Wait};
use crate::consumer::worker_context::SharedContext;
use crate::kafka::{TopicPartition, list};
use crate::process::health::Health;
use crate::throttle::Throttle;

/// How long the brokers may take to answer a question.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the client may have nothing more to say before that was all.
const SERVED_WITHIN: Duration = Duration::from_millis(1);
/// Looks without an answer after which another client is tried.
const RECONNECT_AFTER: u32 = 3;
/// How often to look at most, and at least.
const LOOK_EVERY: std::ops::RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_secs(10);

/// Looks at the partitions of one consumer.
pub(in crate::consumer) struct PartitionWatch {
    config: ClientConfig,
    client: BaseConsumer,
    /// Looks in a row that the brokers did not answer.
    unanswered: u32,
    next_record: NextRecordProbe,
    registry: Arc<PartitionRegistry>,
    shared: Arc<SharedContext>,
    /// Where each partition ended when that was known last.
    ends: HashMap<TopicPartition, i64>,
    unknown_log: Throttle,
    gone_log: Throttle,
    shared_group: SharedGroup,
    past_ends: PastEnds,
    stalls: Stalls,
}

impl PartitionWatch {
    /// `config` is that of the consumer; the client made of it joins no group.
    pub(in crate::consumer) fn new(
        config: ClientConfig,
        registry: Arc<PartitionRegistry>,
        shared: Arc<SharedContext>,
        health: Health,
    ) -> KafkaResult<Self> {
        let config = of_an_observer(config);
        let client = config.create()?;
        let next_record = NextRecordProbe::new(config.clone(), shared.options.unreadable_after);
        let stalls = Stalls::new(shared.options.bounds.stall_timeout);
        Ok(Self {
            config,
            client,
            unanswered: 0,
            next_record,
            registry,
            shared,
            ends: HashMap::new(),
            unknown_log: Throttle::default(),
            gone_log: Throttle::default(),
            shared_group: SharedGroup::new(health),
            past_ends: PastEnds::new(look_every(stalls.limit) / 2),
            stalls,
        })
    }

    /// Looks until `end`, or until a partition is stuck, which it gives.
    pub(in crate::consumer) async fn run(mut self, end: CancellationToken) -> Option<ConsumerError> {
        let every = look_every(self.stalls.limit);
        let mut stuck = None;
        while stuck.is_none()
            && end.run_until_cancelled(self.shared.resets.noted_within(every)).await.is_some()
        {
            let look = blocking(move || {
                let stuck = self.look();
                (self, stuck)
            });
            let (watch, found) = look.await?;
            self = watch;
            stuck = found;
        }
        // Its end can take a while.
        drop(tokio::task::spawn_blocking(move || drop(self)));
        stuck
    }

    /// Looks at all partitions, and gives one that is stuck.
    fn look(&mut self) -> Option<ConsumerError> {
        let (states, unreadable, is_left_out) = self.observe()?;
        self.show(&states, &unreadable);
        if self.registry.is_held_up() {
            // What is known of those that nobody can read stays: it has not passed.
            self.stalls.restart_clocks(Instant::now());
            return None;
        }
        if is_left_out {
            return Some(ConsumerError::LeftOut { group: self.shared.options.group.clone() });
        }
        let stuck = self.past_ends.skipped(&states).or_else(|| self.stalls.stuck(Instant::now(), &states));
        if stuck.is_some() {
            self.past_ends.begin_anew(&self.client, &self.shared, &states);
        }
        stuck
    }

    /// Where every partition stands, how many of each topic nobody can read, and whether the group shares out none of those that there are;
    /// nothing where the brokers do not answer.
    fn observe(&mut self) -> Option<(Vec<PartitionState>, ByTopic, bool)> {
        // Its errors and log lines are the consumer's too, which says them. Here they would only wait, for ever.
        while self.client.poll(SERVED_WITHIN).is_some() {}
        let mut states = match self.partition_states() {
            Ok(states) => states,
            Err(error) => {
                self.show_unknown(&self.registry.partitions(), &[], &error.to_string());
                self.stalls.forget();
                self.reconnect();
                return None;
            }
        };
        self.unanswered = 0;
        let partitions = self.registry.partitions();
        let is_left_out = self.shared_group.look(&self.client, &self.shared, !partitions.is_empty());
        if let Err(error) = self.shared.resets.explain(&self.client, &self.shared.metrics, &partitions) {
            tracing::debug!(%error, "what became of offsets that could not be read is not known yet");
        }
        let unreadable = self.next_record.look(&mut states, &self.stalls);
        Some((states, unreadable, is_left_out))
    }

    /// Replaces a client that the brokers do not answer by one that they do.
    fn reconnect(&mut self) {
        self.unanswered += 1;
        if self.unanswered < RECONNECT_AFTER {
            return;
        }
        let Ok(client) = self.config.create::<BaseConsumer>() else { return };
        // Where one leader hangs, it hangs for another client too.
        if ends(&client, &self.registry.partitions()).is_ok() {
            self.client = client;
            self.next_record.forget();
            self.unanswered = 0;
        }
    }

    /// Where every partition stands, and where it ends.
    fn partition_states(&mut self) -> KafkaResult<Vec<PartitionState>> {
        let partitions = self.registry.partitions();
        if !partitions.is_empty() {
            self.find_starts(&partitions)?;
        }
        // Before the ends are asked for, which go on: no position is past its end but for a reason.
        let positions: Vec<_> = partitions.iter().map(|(_, progress)| progress.position()).collect();
        let end_offsets =
            if partitions.is_empty() { TopicPartitionList::new() } else { ends(&self.client, &partitions)? };
        let gone = gone(&self.client, &self.shared.options.topics, &partitions);
        let before = std::mem::take(&mut self.ends);
        let (mut states, mut unknown) = (Vec::new(), Vec::new());
        for ((name, progress), position) in partitions.into_iter().zip(positions) {
            let now = offset_of(&end_offsets, &name);
            let end = now.or_else(|| before.get(&name).copied());
            self.ends.extend(end.map(|end| (name.clone(), end)));
            let has_end = now.is_some() && position.is_some();
            if !has_end {
                unknown.push((name.clone(), Arc::clone(&progress)));
            }
            if let (Some(end), Some(mut position)) = (end, position) {
                if has_end && end < position && progress.next().is_none() {
                    // The group committed more than there is: its client is told so, and begins with what there is.
                    progress.started(0);
                    position = 0;
                }
                states.push(PartitionState::new(name, progress, position, end, has_end));
            }
        }
        self.show_unknown(&unknown, &gone, "it has no leader, its topic is gone, or this user may not ask");
        self.past_ends.look(Instant::now(), &mut states);
        Ok(states)
    }

    /// Their lag stays what it was, as far as they have one. A topic that is gone counts as a partition.
    fn show_unknown(&self, unknown: &[Partition], gone: &[&str], reason: &str) {
        for topic in &self.shared.options.topics {
            let count = unknown.iter().filter(|(name, _)| *name.topic == **topic).count();
            let count = count.max(usize::from(gone.contains(&topic.as_str())));
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.shared.metrics.unknown.with_label_values(&[topic]).set(count);
        }
        if !gone.is_empty()
            && let Some(suppressed) = self.gone_log.pass(Instant::now())
        {
            let topics = gone.join(", ");
            tracing::error!(
                topics,
                suppressed,
                "topics are gone that were there at the start, or hidden by an access control list: `weir topics plan` shows \
                 what is missing, `weir topics apply` makes it"
            );
        }
        let Some((TopicPartition { topic, partition }, _)) = unknown.first() else { return };
        if let Some(suppressed) = self.unknown_log.pass(Instant::now()) {
            tracing::warn!(
                partitions = unknown.len(),
                suppressed,
                "the end offset of {topic} partition {partition} is not known, nor is its lag: {reason}"
            );
        }
    }

    /// Partitions of which nothing is done yet stand where the group committed last, or else at their beginning.
    fn find_starts(&self, partitions: &[Partition]) -> KafkaResult<()> {
        let fresh: Vec<_> = partitions.iter().filter(|(_, progress)| progress.position().is_none()).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let names = || fresh.iter().map(|(name, _)| name);
        let committed = self.client.committed_offsets(list(names(), Offset::Invalid)?, ANSWER_TIMEOUT)?;
        let beginnings = offsets(&self.client, &names(), Offset::Beginning)?;
        for (name, progress) in fresh {
            if let Some(start) = offset_of(&committed, name).or_else(|| offset_of(&beginnings, name)) {
                progress.started(start);
            }
        }
        Ok(())
    }

    fn show(&self, states: &[PartitionState], unreadable: &ByTopic) {
        let now = SystemTime::now();
        for topic in &self.shared.options.topics {
            let of_topic = || states.iter().filter(|state| *state.name.topic == **topic);
            let records: i64 = of_topic().map(|state| state.lag).sum();
            let behind = of_topic().filter(|state| state.lag > 0);
            let age = behind.filter_map(|state| state.progress.age(now)).max().unwrap_or_default();
            let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
            self.shared.metrics.lag_records.with_label_values(&[topic]).set(records);
            self.shared.metrics.lag_seconds.with_label_values(&[topic]).set(seconds);
            let count = unreadable.get(&**topic).copied().unwrap_or_default();
            self.shared.metrics.unreadable.with_label_values(&[topic]).set(count);
        }
        for wait in Wait::ALL {
            let is_waiting = |state: &&PartitionState| state.progress.activity() == Activity::Waiting(wait);
            let count = states.iter().filter(|state| state.lag > 0).filter(is_waiting).count();
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.shared.metrics.waiting.with_label_values(&[wait.as_str()]).set(count);
        }
    }
}

/// How often to look where a partition may stand still for so long.
fn look_every(stall_timeout: Duration) -> Duration {
    (stall_timeout / 6).clamp(*LOOK_EVERY.start(), *LOOK_EVERY.end())
}

/// The configuration of clients that look on: they commit nothing, and make no statistics, which nobody takes from them, so that each
/// would stay in memory for as long as the client lives.
fn of_an_observer(mut config: ClientConfig) -> ClientConfig {
    config.set("enable.auto.commit", "false").remove("statistics.interval.ms");
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::ConsumerOptions;
    use crate::settings::KafkaSettings;

    #[test]
    fn who_looks_on_commits_nothing_and_piles_up_no_statistics() {
        let options = ConsumerOptions::new("weir-test", Vec::new(), Vec::new(), String::from("dlq"));
        let config = of_an_observer(options.client_config(&KafkaSettings::plain("kafka:9092")));
        let of_observers = ["enable.auto.commit", "statistics.interval.ms"].map(|name| config.get(name));
        assert_eq!(of_observers, [Some("false"), None]);
    }
}
