//! What a file of properties may set of this producer, with the defaults of the other one.

use super::state::Limits;
use runtime::producer::ProducerOptions;
use std::collections::BTreeMap;
use std::time::Duration;

/// The properties that are numbers; the names are librdkafka's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    /// `batch.size` and `socket.timeout.ms`, with what is no property.
    pub(super) limits: Limits,
    /// `request.timeout.ms`: how long a broker waits for its replicas.
    pub(super) broker_timeout: Duration,
    /// `socket.connection.setup.timeout.ms`: for TCP, TLS and SASL together.
    pub(super) connects_within: Duration,
    /// `reconnect.backoff.ms` and `reconnect.backoff.max.ms`.
    pub(super) reconnect: (Duration, Duration),
    /// `topic.metadata.refresh.interval.ms`.
    pub(super) refresh_every: Duration,
}

impl Tuning {
    pub(super) fn of(properties: &BTreeMap<String, String>, options: &ProducerOptions) -> Self {
        let number = |name: &str, default: u64| {
            let set = properties.get(name).and_then(|text| text.parse().ok());
            set.unwrap_or(default)
        };
        let millis = |name: &str, default: u64| Duration::from_millis(number(name, default));
        let limits = Limits {
            queue_bytes: options.queue_bytes,
            queue_records: options.queue_records,
            batch_bytes: usize::try_from(number("batch.size", 1_000_000)).unwrap_or(usize::MAX),
            record_bytes: options.message_max_bytes,
            timeout: millis("socket.timeout.ms", 10_000),
        };
        Self {
            limits,
            broker_timeout: millis("request.timeout.ms", 5_000),
            connects_within: millis("socket.connection.setup.timeout.ms", 5_000),
            reconnect: (millis("reconnect.backoff.ms", 100), millis("reconnect.backoff.max.ms", 2_000)),
            refresh_every: millis("topic.metadata.refresh.interval.ms", 60_000),
        }
    }
}
