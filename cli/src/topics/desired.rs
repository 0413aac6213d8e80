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
    let desired = |topic: Topic| {
        let (name, partitions) = (topic.name(&settings.topic_prefix), settings.partitions);
        // Those of a topic that is there stay, and its settings have to fit them: before Kafka 3.7 no record is acknowledged where
        // more replicas have to be in sync than there are (KAFKA-15583).
        let numbers = present.get(&name).map(|present| (present.partitions, present.replicas));
        let config = config(topic, settings, brokers, numbers.unwrap_or((partitions, replicas)));
        Desired { name, partitions, replicas, config }
    };
    Topic::ALL.into_iter().map(desired).collect()
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
pub(super) mod tests {
    use super::*;
    use runtime::settings::KafkaSettings;

    pub(in crate::topics) fn settings() -> TopicsSettings {
        TopicsSettings {
            kafka: KafkaSettings::plain("kafka:9092"),
            topic_prefix: "meta".to_owned(),
            partitions: 12,
            replication_factor: None,
            max_body: 4 << 20,
            broker_disk: None,
        }
    }

    fn of(settings: &TopicsSettings, brokers: u32, name: &str) -> Desired {
        topics(settings, brokers, &BTreeMap::new()).into_iter().find(|topic| topic.name == name).unwrap()
    }

    #[test]
    fn every_topic_of_the_table_is_desired() {
        let topics = topics(&settings(), 3, &BTreeMap::new()).into_iter();
        assert!(topics.map(|topic| topic.name).eq(Topic::ALL.map(|topic| topic.name("meta"))));
    }

    #[test]
    fn a_topic_has_the_retention_and_size_of_the_table() {
        let raw = of(&settings(), 3, "meta.webhooks.raw.v1");
        assert_eq!(raw.config[RETENTION], "2592000000");
        assert_eq!(raw.config["cleanup.policy"], "delete");
        assert_eq!(raw.config[MAX_BYTES], (5 << 20).to_string());
        let replies = of(&settings(), 3, "meta.replies.v1");
        assert!(!replies.config.contains_key(MAX_BYTES));
    }

    #[test]
    fn what_grows_unforeseen_is_bounded_where_the_disk_of_a_broker_is_told() {
        let told = TopicsSettings { broker_disk: Some(200 << 30), ..settings() };
        assert_eq!(of(&told, 3, "meta.webhooks.raw.v1").config[RETENTION_BYTES], "7158278826");
        assert!(!of(&told, 3, "meta.inbox.v1").config.contains_key(RETENTION_BYTES));
        assert!(!of(&settings(), 3, "meta.webhooks.raw.v1").config.contains_key(RETENTION_BYTES));
    }

    #[test]
    fn the_profiles_are_compacted_within_a_day_and_kept_for_ever() {
        let profiles = of(&settings(), 1, "meta.profiles.v1").config;
        let expected = [("cleanup.policy", "compact"), ("max.compaction.lag.ms", "86400000")];
        assert_eq!(profiles, BTreeMap::from(expected.map(|(name, value)| (name, value.to_owned()))));
    }

    #[test]
    fn there_are_three_replicas_or_as_many_as_brokers() {
        for (brokers, replicas) in [(0, 1), (1, 1), (2, 2), (3, 3), (9, 3)] {
            assert_eq!(of(&settings(), brokers, "meta.inbox.v1").replicas, replicas, "{brokers} brokers");
        }
        let five = TopicsSettings { replication_factor: Some(5), ..settings() };
        assert_eq!(of(&five, 1, "meta.inbox.v1").replicas, 5);
    }

    #[test]
    fn two_replicas_must_have_a_record_where_there_are_three() {
        assert_eq!(of(&settings(), 3, "meta.inbox.v1").config[MIN_INSYNC], "2");
        assert!(!of(&settings(), 2, "meta.inbox.v1").config.contains_key(MIN_INSYNC));
    }

    #[test]
    fn the_settings_of_a_topic_fit_the_partitions_and_replicas_that_it_has() {
        let told = TopicsSettings { broker_disk: Some(200 << 30), ..settings() };
        let raw = |partitions, replicas| {
            let present = Present { partitions, replicas, ..Present::default() };
            let present = BTreeMap::from([("meta.webhooks.raw.v1".to_owned(), present)]);
            let raw = topics(&told, 3, &present).into_iter().find(|topic| present.contains_key(&topic.name));
            let Desired { partitions, replicas, config, .. } = raw.unwrap();
            assert_eq!((partitions, replicas), (12, 3), "what they should be is the same");
            config
        };
        assert_eq!(raw(12, 3), of(&told, 3, "meta.webhooks.raw.v1").config);
        assert!(!raw(12, 2).contains_key(MIN_INSYNC) && !raw(12, 1).contains_key(MIN_INSYNC));
        assert_eq!(raw(24, 3)[RETENTION_BYTES], "3579139413");
    }
}
