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

/// Of partitions with the leader that a client sends to, those for which the brokers name another.
pub(super) fn led_elsewhere(brokers: &Metadata, sent_to: &[(TopicPartition, i32)]) -> Vec<TopicPartition> {
    let is_led_by = |name: &TopicPartition, leader| {
        let topic = brokers.topics().iter().find(|topic| *topic.name() == *name.topic);
        let partition = topic?.partitions().iter().find(|partition| partition.id() == name.partition)?;
        Some(partition.leader() < 0 || partition.leader() == leader)
    };
    let elsewhere = sent_to.iter().filter(|(name, leader)| is_led_by(name, *leader) == Some(false));
    elsewhere.map(|(name, _)| name.clone()).collect()
}

/// It logs as the client that it stands in for.
impl ConsumerContext for KafkaLog {}
