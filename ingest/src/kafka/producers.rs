//! Two producers: one for large deliveries and one for all others, so that nobody waits behind some megabytes.
//!
//! A broker answers the requests of a connection one after the other (<https://kafka.apache.org/protocol.html#protocol_network>),
//! so each has connections of its own. A large delivery is the only one of its account that is on its way
//! ([`super::AccountLimit`]), so no delivery of an account overtakes another. One of several accounts counts as its first one's: those
//! of the others may overtake it, as while it waits. Probes, and what is late beyond all patience, have no such order either.

use super::writer::{OpenBatch, Writer};
use super::{RECORD_BYTES, large_metrics};
use crate::settings::{ProducerKind, Settings};
use prometheus::Registry;
use runtime::process::Process;
use runtime::producer::{ProducerError, ProducerOptions};
use runtime::settings::KafkaSettings;
use schemas::TopicSpec;
use std::time::{Duration, Instant};

/// The part of what may be queued that is for large deliveries: a quarter.
const PART_OF_LARGE: usize = 4;

/// The producers of ingest.
#[derive(Debug)]
pub(crate) struct Producers {
    pub(super) usual: Writer,
    pub(super) large: Writer,
    /// Bytes on Kafka that one account may have in flight; a delivery of more is large.
    pub(crate) account_bytes_in_flight: usize,
}

impl Producers {
    /// Makes both, and watches them until the process is asked to end.
    pub(crate) fn start(
        kafka: &KafkaSettings,
        settings: &Settings,
        topics: &[String],
        process: &Process,
    ) -> Result<Self, ProducerError> {
        let [usual, large] = options(settings, process.name);
        let account_bytes_in_flight = account_bytes_in_flight(settings, &usual);
        let start = |options: &ProducerOptions, registry: &Registry| {
            Writer::start(settings.producer, kafka, options, topics, process, registry)
        };
        let of_large = Registry::new();
        let (usual, large) = (start(&usual, &process.registry)?, start(&large, &of_large)?);
        large_metrics::show(&process.registry, of_large);
        Ok(Self { usual, large, account_bytes_in_flight })
    }

    /// Why a connection or request to Kafka failed last, if that was of late.
    pub(super) fn last_reason(&self) -> Option<String> {
        let now = Instant::now();
        self.usual.last_reason(now).or_else(|| self.large.last_reason(now))
    }

    /// Opens a batch for a delivery of so many bytes on Kafka.
    pub(crate) fn batch(&self, bytes: usize) -> OpenBatch<'_> {
        if bytes > self.account_bytes_in_flight { self.large.batch() } else { self.usual.batch() }
    }

    /// Bytes that may be queued in both, and records.
    pub(crate) fn queues(settings: &Settings) -> (usize, usize) {
        let [usual, large] = options(settings, "");
        (usual.queue_bytes + large.queue_bytes, usual.queue_records + large.queue_records)
    }

    /// Waits until every record has been reported; how many have not been after `limit`.
    pub(crate) async fn end(&self, limit: Duration) -> usize {
        let (usual, large) = tokio::join!(self.usual.end(limit), self.large.end(limit));
        usual + large
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
    let largest = 2 * all.message_max_bytes + RECORD_BYTES * most_records;
    // A batch of the direct producer takes up to twice the memory that is written of it.
    let room = if settings.producer == ProducerKind::Direct { 2 * largest } else { largest };
    let large = ProducerOptions {
        queue_bytes: part(all.queue_bytes).max(room),
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

/// As set, and no more than half of what the usual producer takes, or a delivery that it can never take would be tried for ever.
fn account_bytes_in_flight(settings: &Settings, usual: &ProducerOptions) -> usize {
    let fitting = usual.queue_bytes.min(usual.queue_records * RECORD_BYTES) / 2;
    settings.account_bytes_in_flight.min(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_usual_producer_can_never_take_is_large_whatever_is_set() {
        let settings = Settings::local("secret", "token");
        let beyond =
            |settings: &Settings| account_bytes_in_flight(settings, &options(settings, "weir-ingest")[0]);
        assert_eq!(beyond(&settings), settings.account_bytes_in_flight);
        let small = Settings { account_bytes_in_flight: 1 << 30, queue_bytes: 1 << 20, ..settings };
        assert_eq!(beyond(&small), 384 << 10);
        let large = Settings { queue_bytes: 2 << 30, ..small };
        let most_records = options(&large, "weir-ingest")[0].queue_records;
        assert!(beyond(&large) < most_records * RECORD_BYTES);
    }

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
        let direct = Settings { producer: ProducerKind::Direct, ..small };
        assert_eq!(options(&direct, "weir-ingest")[1].queue_bytes, 2 * large.queue_bytes);
    }
}
