//! What is desired of the topics of a cluster.

use super::*;
use runtime::settings::KafkaSettings;

pub(in crate::topics) fn settings() -> TopicsSettings {
    TopicsSettings {
        kafka: KafkaSettings::plain("kafka:9092"),
        topic_prefix: "meta".to_owned(),
        partitions: None,
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
        let Desired { partitions: desired, replicas, config, .. } = raw.unwrap();
        assert_eq!(
            (desired, replicas),
            (partitions.max(12), 3),
            "but for more partitions, what they should be is the same"
        );
        config
    };
    assert_eq!(raw(12, 3), of(&told, 3, "meta.webhooks.raw.v1").config);
    assert!(!raw(12, 2).contains_key(MIN_INSYNC) && !raw(12, 1).contains_key(MIN_INSYNC));
    assert_eq!(raw(24, 3)[RETENTION_BYTES], "3579139413");
}

#[test]
fn more_partitions_are_as_desired_where_no_number_was_given() {
    let inbox = |settings: &TopicsSettings, partitions| {
        let present = Present { partitions, replicas: 3, ..Present::default() };
        let present = BTreeMap::from([("meta.inbox.v1".to_owned(), present)]);
        topics(settings, 3, &present)
            .into_iter()
            .find(|topic| topic.name == "meta.inbox.v1")
            .unwrap()
            .partitions
    };
    assert_eq!([6, 12, 17].map(|is| inbox(&settings(), is)), [12, 12, 17]);
    let given = TopicsSettings { partitions: Some(12), ..settings() };
    assert_eq!([6, 12, 17].map(|is| inbox(&given, is)), [12, 12, 12]);
}

#[test]
fn a_missing_topic_has_the_partitions_that_all_others_were_raised_to() {
    let missing = |settings: &TopicsSettings, (there, partitions): (usize, &[u32])| {
        let others = Topic::ALL
            .into_iter()
            .filter(|topic| *topic != Topic::Inbox)
            .take(there)
            .zip(partitions.iter().cycle());
        let present =
            |partitions: &u32| Present { partitions: *partitions, replicas: 3, ..Present::default() };
        let others = others.map(|(topic, partitions)| (topic.name("meta"), present(partitions))).collect();
        topics(settings, 3, &others)
            .into_iter()
            .find(|topic| topic.name == "meta.inbox.v1")
            .unwrap()
            .partitions
    };
    let others = [(99, &[17][..]), (99, &[12, 17]), (99, &[6]), (99, &[12]), (1, &[17]), (0, &[17])];
    assert_eq!(others.map(|others| missing(&settings(), others)), [17, 12, 12, 12, 12, 12]);
    assert_eq!(missing(&TopicsSettings { partitions: Some(20), ..settings() }, (99, &[17])), 20);
}
