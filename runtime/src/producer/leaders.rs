//! Who leads partitions, and whether a leader answers a client that is made for the question.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::metadata::Metadata;

use crate::kafka::TopicPartition;
use crate::kafka::log::KafkaLog;

/// So many are asked at most, one after the other.
const ASKED: usize = 4;

/// Blocks up to `limit` for each that is asked. A leader is asked where its partition ends: that needs no right beyond
/// those of a producer and leaves nothing behind.
pub(super) fn is_any_answering(
    config: &ClientConfig,
    log: &KafkaLog,
    partitions: &[TopicPartition],
    limit: Duration,
) -> bool {
    let Ok(client) = config.create_with_context::<_, BaseConsumer<KafkaLog>>(log.clone()) else {
        return false;
    };
    let answers = |TopicPartition { topic, partition }: &TopicPartition| {
        client.fetch_watermarks(topic, (*partition).max(0), limit).is_ok()
    };
    partitions.iter().take(ASKED).any(answers)
}

/// The word of a broker that a partition is led by another one than its records are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LedElsewhere {
    partition: TopicPartition,
    sent_to: i32,
    /// Who says so; negative where that is not known.
    by: i32,
}

impl LedElsewhere {
    /// Whether this bears out what was said before: another broker says it too, or the one itself that the records are sent to. One that
    /// is cut off from the others names those that led partitions before, as often as it is asked.
    pub(super) fn bears_out(&self, before: &Self) -> bool {
        let is_by_another = self.by != before.by && self.by.min(before.by) >= 0;
        self.partition == before.partition && (is_by_another || self.by == self.sent_to)
    }
}

/// Of partitions with the leader that a client sends to, those for which the broker that answered names another.
pub(super) fn led_elsewhere(brokers: &Metadata, sent_to: &[(TopicPartition, i32)]) -> Vec<LedElsewhere> {
    let is_led_by = |name: &TopicPartition, leader| {
        let topic = brokers.topics().iter().find(|topic| *topic.name() == *name.topic);
        let partition = topic?.partitions().iter().find(|partition| partition.id() == name.partition)?;
        Some(partition.leader() < 0 || partition.leader() == leader)
    };
    let elsewhere = sent_to.iter().filter(|(name, leader)| is_led_by(name, *leader) == Some(false));
    let by = brokers.orig_broker_id();
    elsewhere.map(|(name, sent_to)| LedElsewhere { partition: name.clone(), sent_to: *sent_to, by }).collect()
}

/// It logs as the client that it stands in for.
impl ConsumerContext for KafkaLog {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_partition_is_led_elsewhere_is_so_by_the_word_of_two_or_of_who_is_sent_its_records() {
        let said = |by| LedElsewhere { partition: TopicPartition::new("raw", 1), sent_to: 7, by };
        assert!(said(2).bears_out(&said(1)) && said(7).bears_out(&said(7)) && said(7).bears_out(&said(1)));
        assert!(!said(1).bears_out(&said(1)), "it may be cut off");
        assert!(!said(2).bears_out(&said(-1)) && !said(-1).bears_out(&said(2)), "it may be the same");
        let other = LedElsewhere { partition: TopicPartition::new("raw", 2), ..said(1) };
        assert!(!said(2).bears_out(&other));
    }
}
