//! What the topics should be: the table of `schemas`, for one cluster. Pure.

use super::difference::Present;
use super::settings::TopicsSettings;
use schemas::{Topic, TopicSpec};
use std::collections::BTreeMap;

pub(super) const RETENTION: &str = "retention.ms";
pub(super) const RETENTION_BYTES: &str = "retention.bytes";
pub(super) const MAX_BYTES: &str = "max.message.bytes";
pub(super) const MIN_INSYNC: &str = "min.insync.replicas";

/// From this many replicas on, two of them must have a record before it is acknowledged: one broker can be lost, and
/// another be restarted, without losing a record or the topic.
const REPLICAS_FOR_INSYNC: u32 = 3;
const INSYNC: u32 = 2;

/// What a topic should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Desired {
    /// Its full name.
    pub(super) name: String,
    /// How many partitions.
    pub(super) partitions: u32,
    /// How many replicas of each.
    pub(super) replicas: u32,
    /// The settings that Weir owns, by Kafka's names.
    pub(super) config: BTreeMap<&'static str, String>,
}

/// Every topic, for a cluster of `brokers` with these topics.
pub(super) fn topics(
    settings: &TopicsSettings,
    brokers: u32,
    present: &BTreeMap<String, Present>,
) -> Vec<Desired> {
    let default = TopicSpec::DEFAULT_REPLICATION.min(brokers.max(1));
    let replicas = settings.replication_factor.unwrap_or(default);
    let new = partitions_of_a_new_one(settings, present);
    let desired = |topic: Topic| {
        let name = topic.name(&settings.topic_prefix);
        // Those of a topic that is there stay, and its settings have to fit them: before Kafka 3.7 no record is acknowledged where
        // more replicas have to be in sync than there are (KAFKA-15583).
        let numbers = present.get(&name).map(|present| (present.partitions, present.replicas));
        // Who raised some, and says nothing of it, is told so, and finds nothing amiss for good.
        let is_raised = |(partitions, _): (u32, _)| partitions.max(TopicSpec::DEFAULT_PARTITIONS);
        let default = || numbers.map_or(new, is_raised);
        let partitions = settings.partitions.unwrap_or_else(default);
        let config = config(topic, settings, brokers, numbers.unwrap_or((partitions, replicas)));
        Desired { name, partitions, replicas, config }
    };
    Topic::ALL.into_iter().map(desired).collect()
}

/// How many a missing topic has, as one that a new version brings: as many as all others, where most are there and somebody raised them.
fn partitions_of_a_new_one(settings: &TopicsSettings, present: &BTreeMap<String, Present>) -> u32 {
    let others = Topic::ALL.into_iter().filter_map(|topic| present.get(&topic.name(&settings.topic_prefix)));
    let others: Vec<u32> = others.map(|topic| topic.partitions).collect();
    let are_most = others.len() * 2 > Topic::ALL.len();
    let same = others.first().filter(|first| are_most && others.iter().all(|other| other == *first));
    same.copied().unwrap_or_default().max(TopicSpec::DEFAULT_PARTITIONS)
}

/// The settings of a topic of so many partitions with so many replicas each.
fn config(
    topic: Topic,
    settings: &TopicsSettings,
    brokers: u32,
    (partitions, replicas): (u32, u32),
) -> BTreeMap<&'static str, String> {
    let spec = topic.spec();
    let mut config = BTreeMap::from(spec.cleanup());
    if let Some(bytes) = spec.max_message_bytes(settings.max_body) {
        config.insert(MAX_BYTES, bytes.to_string());
    }
    let of_disk = |disk| topic.retention_bytes(disk, brokers, partitions, replicas);
    if let Some(bytes) = settings.broker_disk.and_then(of_disk) {
        config.insert(RETENTION_BYTES, bytes.to_string());
    }
    if replicas >= REPLICAS_FOR_INSYNC {
        config.insert(MIN_INSYNC, INSYNC.to_string());
    }
    config
}

#[cfg(test)]
pub(super) mod tests;
