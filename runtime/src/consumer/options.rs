//! Who a consumer is, and how much it takes on.

use std::time::Duration;

use rdkafka::ClientConfig;

use super::Output;
use crate::kafka::statistics;
use crate::producer::ProducerOptions;
use crate::settings::{ConsumerSettings, KafkaSettings};

/// Settings of a consumer beyond how to reach Kafka.
#[derive(Clone, Debug)]
pub struct ConsumerOptions {
    /// The consumer group, which is also the name of its clients, for the brokers' quotas and logs, and what dead letters name as
    /// their consumer.
    pub group: String,
    /// Topics to read.
    pub topics: Vec<String>,
    /// Topics that outputs go to; they must exist before the first record is read.
    pub output_topics: Vec<String>,
    /// Topic of the dead letters.
    pub dlq_topic: String,
    /// How much it takes on, and how long it waits for what.
    pub bounds: ConsumerSettings,
    /// Records that [`Handler::prefetch`](super::Handler::prefetch) may hear of while those before them are in work, per
    /// partition; they wait in memory beside those of the queue.
    pub look_ahead: usize,
    /// Attempts at a record that fails with `Retry` or panics, the first one included.
    pub max_attempts: u32,
    /// How long nobody may be able to read what comes next in a partition before it counts as unreadable.
    pub unreadable_after: Duration,
    /// How long the client may take to leave the group at the end, after which it is left alone.
    pub close_timeout: Duration,
    /// What is published instead of outputs that a broker or the producer refuses for their size; the record is a dead letter where there is
    /// nothing.
    pub shorten: fn(&[Output]) -> Option<Vec<Output>>,
    /// The producer of outputs and dead letters; its `client_id` is replaced by the name of the group.
    pub producer: ProducerOptions,
}

impl ConsumerOptions {
    /// A consumer of `topics` whose group and client carry one name.
    pub fn new(name: &str, topics: Vec<String>, output_topics: Vec<String>, dlq_topic: String) -> Self {
        Self {
            group: name.to_owned(),
            topics,
            output_topics,
            dlq_topic,
            bounds: ConsumerSettings::default(),
            look_ahead: 0,
            max_attempts: 5,
            unreadable_after: UNREADABLE_AFTER,
            close_timeout: Duration::from_secs(10),
            shorten: |_| None,
            producer: ProducerOptions { message_max_bytes: LARGEST_RECORD, ..ProducerOptions::default() },
        }
    }

    /// The same within the bounds of the settings.
    #[must_use]
    pub fn within(self, bounds: &ConsumerSettings) -> Self {
        Self { bounds: bounds.clone(), ..self }
    }

    /// Every topic that must exist.
    pub(super) fn all_topics(&self) -> Vec<String> {
        let outputs = self.output_topics.iter().chain([&self.dlq_topic]);
        self.topics.iter().chain(outputs).cloned().collect()
    }

    pub(super) fn producer_options(&self) -> ProducerOptions {
        ProducerOptions { client_id: self.group.clone(), ..self.producer.clone() }
    }

    /// Defaults first, then the properties of the file, then what no file can change.
    pub(super) fn client_config(&self, kafka: &KafkaSettings) -> ClientConfig {
        let mut config = kafka.client_config_with(&self.group, &DEFAULTS);
        for (name, value) in OWNED {
            config.set(name, value);
        }
        config.set("group.id", &self.group);
        config
    }
}

/// What a property of [`DEFAULTS`] is where no file sets it.
pub(super) fn default_property(name: &str) -> &'static str {
    DEFAULTS.iter().find(|(default, _)| *default == name).map_or("", |(_, value)| value)
}

/// The largest record that is sent on, in bytes: what a topic takes is the topic's to say, and a dead letter must not
/// fail here for being as large as its record.
const LARGEST_RECORD: usize = 66 << 20;

/// A broker that has just started may not have read its access control lists, for which ingest waits as long, and most
/// errors pass.
const UNREADABLE_AFTER: Duration = Duration::from_mins(3);

/// Less memory and a quicker first fetch than librdkafka's defaults, and checked sums.
///
/// A member that is killed is missed after 15 s, not 45: its partitions stand still until then.
const DEFAULTS: [(&str, &str); 8] = [
    ("session.timeout.ms", "15000"),
    ("heartbeat.interval.ms", "3000"),
    ("queued.min.messages", "100"),
    ("queued.max.messages.kbytes", "1024"),
    ("max.partition.fetch.bytes", "524288"),
    ("fetch.queue.backoff.ms", "10"),
    ("fetch.wait.max.ms", "50"),
    ("check.crcs", "true"),
];

/// What the promise of the loop rests on: offsets are stored by hand after the work and committed by the
/// client, a new group starts at the beginning, and a rebalance moves only what must move.
const OWNED: [(&str, &str); 6] = [
    ("enable.auto.commit", "true"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    // Whether it is connected to a broker.
    ("statistics.interval.ms", statistics::EVERY_MS),
    ("allow.auto.create.topics", "false"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ConsumerOptions {
        ConsumerOptions::new(
            "weir-test",
            vec![String::from("in")],
            vec![String::from("out")],
            String::from("dlq"),
        )
    }

    #[test]
    fn one_name_is_group_and_client() {
        let config = options().client_config(&KafkaSettings::plain("kafka:9092"));
        assert_eq!(config.get("group.id"), Some("weir-test"));
        assert_eq!(config.get("client.id"), Some("weir-test"));
        assert_eq!(options().producer_options().client_id, "weir-test");
    }

    #[test]
    fn what_the_promise_rests_on_cannot_be_changed_by_a_file() {
        let mut kafka = KafkaSettings::plain("kafka:9092");
        for (name, value) in [("enable.auto.offset.store", "true"), ("fetch.wait.max.ms", "7")] {
            kafka.properties.insert(name.to_owned(), value.to_owned());
        }
        let config = options().client_config(&kafka);
        assert_eq!(config.get("enable.auto.offset.store"), Some("false"));
        assert_eq!(config.get("auto.offset.reset"), Some("earliest"));
        assert_eq!(config.get("fetch.wait.max.ms"), Some("7"));
    }

    #[test]
    fn inputs_outputs_and_dead_letters_must_exist() {
        assert_eq!(options().all_topics(), ["in", "out", "dlq"]);
    }
}
