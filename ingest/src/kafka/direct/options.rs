//! The numbers of this producer: its bounds, and what a file of properties may set, with the defaults of the other one.

use super::compression::Compression;
use runtime::producer::ProducerOptions;
use std::collections::BTreeMap;
use std::time::Duration;

/// The names of properties are librdkafka's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    /// Memory, and records, that wait or are on their way; these, and the size of a record, are no properties.
    pub(super) queue_bytes: usize,
    pub(super) queue_records: usize,
    /// No record is larger.
    pub(super) record_bytes: usize,
    /// `batch.size`: a batch with more gets no further record.
    pub(super) batch_bytes: usize,
    /// `compression.type`.
    pub(super) compression: Compression,
    /// `socket.timeout.ms`: how long records wait for their turn, and then a request for its answer. No more than half of the time after
    /// which the other producer gives a record up: the spool sends it again some time later.
    pub(super) timeout: Duration,
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
        let number = |name: &str| properties.get(name)?.parse::<u64>().ok();
        let millis = |name: &str, default| Duration::from_millis(number(name).unwrap_or(default));
        Self {
            queue_bytes: options.queue_bytes,
            queue_records: options.queue_records,
            record_bytes: options.message_max_bytes,
            batch_bytes: usize::try_from(number("batch.size").unwrap_or(1_000_000)).unwrap_or(usize::MAX),
            compression: Compression::of(properties.get("compression.type")),
            timeout: millis("socket.timeout.ms", 10_000).min(options.delivery_timeout / 2),
            broker_timeout: millis("request.timeout.ms", 5_000),
            connects_within: millis("socket.connection.setup.timeout.ms", 5_000),
            reconnect: (millis("reconnect.backoff.ms", 100), millis("reconnect.backoff.max.ms", 2_000)),
            refresh_every: millis("topic.metadata.refresh.interval.ms", 60_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_reported_before_the_spool_sends_it_again() {
        let options = ProducerOptions::default();
        for (property, expected) in
            [("300", Duration::from_millis(300)), ("300000", options.delivery_timeout / 2)]
        {
            let properties = BTreeMap::from([("socket.timeout.ms".to_owned(), property.to_owned())]);
            assert_eq!(Tuning::of(&properties, &options).timeout, expected);
        }
        assert!(options.delivery_timeout < crate::spool::Spool::in_flight_timeout());
    }
}
