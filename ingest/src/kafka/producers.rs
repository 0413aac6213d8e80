//! Two producers: one for large deliveries and one for all others, so that nobody waits behind some megabytes.
//!
//! A broker answers the requests of a connection one after the other (<https://kafka.apache.org/protocol.html#protocol_network>),
//! so each has connections of its own. A large delivery is the only one of its account that is on its way
//! ([`super::AccountLimit`]), so no delivery of an account overtakes another. One of several accounts counts as its first one's: those
//! of the others may overtake it, as while it waits. Probes, and what is late beyond all patience, have no such order either.

use super::RECORD_BYTES;
use crate::settings::Settings;
use runtime::process::Process;
use runtime::producer::{Batch, Producer, ProducerError, ProducerOptions, watchdog};
use runtime::settings::KafkaSettings;
use schemas::TopicSpec;
use std::time::Duration;

/// The part of what may be queued that is for large deliveries: a quarter.
const PART_OF_LARGE: usize = 4;

/// The producers of ingest.
#[derive(Clone, Debug)]
pub(crate) struct Producers {
    usual: Producer,
    large: Producer,
    /// Bytes on Kafka beyond which a delivery is large.
    large_beyond: usize,
}

impl Producers {
    pub(crate) fn new(
        kafka: &KafkaSettings,
        settings: &Settings,
        client_id: &str,
    ) -> Result<Self, ProducerError> {
        let [usual, large] = options(settings, client_id);
        Ok(Self {
            usual: Producer::new(kafka, &usual)?,
            large: Producer::new(kafka, &large)?,
            large_beyond: settings.account_bytes_in_flight,
        })
    }

    /// Opens a batch for a delivery of so many bytes on Kafka.
    pub(crate) fn batch(&self, bytes: usize) -> Batch<'_> {
        if bytes > self.large_beyond { self.large.batch() } else { self.usual.batch() }
    }

    /// Both of them.
    pub(crate) fn all(&self) -> [&Producer; 2] {
        [&self.usual, &self.large]
    }

    /// Watches both until the process is asked to end.
    pub(crate) fn watch(&self, process: &Process) {
        process.shutdown.spawn(watchdog::watch(self.usual.clone(), process));
        process.shutdown.spawn(watchdog::watch_second(self.large.clone(), process));
    }

    /// Bytes that may be queued in both, and records.
    pub(crate) fn queues(settings: &Settings) -> (usize, usize) {
        let [usual, large] = options(settings, "");
        (usual.queue_bytes + large.queue_bytes, usual.queue_records + large.queue_records)
    }

    /// Waits until every record has been reported; how many have not been after `limit`.
    pub(crate) async fn flush(&self, limit: Duration) -> usize {
        let flushed = tokio::join!(self.usual.flush(limit), self.large.flush(limit));
        let in_flight =
            |(is_flushed, producer): (bool, &Producer)| if is_flushed { 0 } else { producer.in_flight() };
        in_flight((flushed.0, &self.usual)) + in_flight((flushed.1, &self.large))
    }
}

/// What may be queued is divided among them; whatever is set, there is room for the largest delivery, or it would never go.
fn options(settings: &Settings, client_id: &str) -> [ProducerOptions; 2] {
    let envelope = usize::try_from(TopicSpec::ENVELOPE_BYTES).unwrap_or(usize::MAX);
    let all = ProducerOptions {
        client_id: client_id.to_owned(),
        linger: settings.linger,
        queue_bytes: settings.queue_bytes,
        message_max_bytes: settings.max_body + envelope,
        ..ProducerOptions::default()
    };
    let part = |of: usize| of / PART_OF_LARGE;
    // The body, its events and a dead letter.
    let most_records = settings.max_events + 2;
    let large = ProducerOptions {
        queue_bytes: part(all.queue_bytes).max(2 * all.message_max_bytes + RECORD_BYTES * most_records),
        queue_records: part(all.queue_records).max(most_records),
        ..all.clone()
    };
    let usual = ProducerOptions {
        queue_bytes: all.queue_bytes - part(all.queue_bytes),
        queue_records: all.queue_records - part(all.queue_records),
        ..all
    };
    [usual, large]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_together_queue_what_is_set() {
        let settings = Settings::local("secret", "token");
        assert_eq!(
            Producers::queues(&settings),
            (settings.queue_bytes, ProducerOptions::default().queue_records)
        );
        let small = Settings { queue_bytes: 1 << 20, max_events: 50_000, ..settings };
        let [usual, large] = options(&small, "weir-ingest");
        assert_eq!(usual.queue_bytes, 768 << 10);
        assert!(large.queue_records > small.max_events && large.queue_bytes > 40 << 20, "it fits: {large:?}");
    }
}
