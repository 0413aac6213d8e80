//! How a producer queues, and how long it tries.

use std::time::Duration;

use rdkafka::ClientConfig;

use crate::kafka::statistics;
use crate::settings::KafkaSettings;

/// Settings of a producer beyond how to reach Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerOptions {
    /// Name for the brokers' quotas and logs.
    pub client_id: String,
    /// How long a record waits for others to be sent with (`linger.ms`); it is added to every acknowledgement.
    pub linger: Duration,
    /// After this long without an acknowledgement a record is given up and reported.
    pub delivery_timeout: Duration,
    /// Bytes of records that may be queued or on their way.
    pub queue_bytes: usize,
    /// Records that may be queued or on their way.
    pub queue_records: usize,
    /// Largest record in bytes; topics that carry more than 1 MB must allow as much.
    pub message_max_bytes: usize,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        Self {
            client_id: String::from("weir"),
            linger: Duration::from_micros(500),
            delivery_timeout: Duration::from_secs(30),
            queue_bytes: 128 << 20,
            queue_records: 100_000,
            message_max_bytes: 5 << 20,
        }
    }
}

/// Faster retries than librdkafka's defaults, and a broker that waits less long for its replicas than the client for it
/// (`request.timeout.ms` is the broker's, `socket.timeout.ms` the client's: librdkafka's CONFIGURATION.md).
const DEFAULTS: [(&str, &str); 4] = [
    ("request.timeout.ms", "5000"),
    ("retry.backoff.ms", "50"),
    ("retry.backoff.max.ms", "1000"),
    ("compression.type", "none"),
];

impl ProducerOptions {
    /// Defaults first, then the properties of the file, then what no file can change.
    pub(super) fn client_config(&self, kafka: &KafkaSettings) -> ClientConfig {
        let linger = format!("{}", self.linger.as_secs_f64() * 1000.0);
        let mut defaults = DEFAULTS.to_vec();
        defaults.push(("linger.ms", linger.as_str()));
        let mut config = kafka.client_config_with(&self.client_id, &defaults);
        let kibibytes = (self.queue_bytes >> 10).max(1);
        config
            .set("delivery.timeout.ms", self.delivery_timeout.as_millis().to_string())
            .set("queue.buffering.max.kbytes", kibibytes.to_string())
            .set("queue.buffering.max.messages", self.queue_records.to_string())
            .set("message.max.bytes", self.message_max_bytes.to_string())
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("statistics.interval.ms", statistics::EVERY_MS)
            .set("partitioner", "murmur2_random")
            .set("allow.auto.create.topics", "false");
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_protects_records_cannot_be_changed_by_a_file() {
        let mut kafka = KafkaSettings::plain("kafka:9092");
        for (name, value) in [("acks", "1"), ("linger.ms", "7"), ("compression.type", "gzip")] {
            kafka.properties.insert(name.to_owned(), value.to_owned());
        }
        let config = ProducerOptions::default().client_config(&kafka);
        assert_eq!(config.get("acks"), Some("all"));
        assert_eq!(config.get("enable.idempotence"), Some("true"));
        assert_eq!(config.get("linger.ms"), Some("7"));
        assert_eq!(config.get("compression.type"), Some("gzip"));
    }

    #[test]
    fn options_become_librdkafka_properties() {
        let config = ProducerOptions::default().client_config(&KafkaSettings::plain("kafka:9092"));
        assert_eq!(config.get("linger.ms"), Some("0.5"));
        assert_eq!(config.get("delivery.timeout.ms"), Some("30000"));
        assert_eq!(config.get("queue.buffering.max.kbytes"), Some("131072"));
        assert_eq!(config.get("message.max.bytes"), Some("5242880"));
    }
}
