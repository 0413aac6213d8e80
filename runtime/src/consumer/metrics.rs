//! What the loop counts.

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, Registry};

use crate::metrics;

/// Metrics of one consumer.
#[derive(Clone, Debug)]
pub(super) struct ConsumerMetrics {
    pub(super) records: IntCounterVec,
    pub(super) failures: IntCounterVec,
    pub(super) dead_letters: IntCounterVec,
    pub(super) retries: IntCounter,
    pub(super) paused: IntGauge,
    pub(super) assigned: IntGauge,
    pub(super) handle_seconds: Histogram,
}

impl ConsumerMetrics {
    pub(super) fn register(registry: &Registry) -> Self {
        Self {
            records: metrics::counters(
                registry,
                "weir_consumer_records_total",
                "Records that are done: handled, or among the dead letters",
                &["topic"],
            ),
            failures: metrics::counters(
                registry,
                "weir_consumer_failures_total",
                "Failed attempts by class: reject, retry, unavailable, publish",
                &["class"],
            ),
            dead_letters: metrics::counters(
                registry,
                "weir_consumer_dead_letters_total",
                "Records given to the dead letters, by the topic they came from",
                &["topic", "reason"],
            ),
            retries: metrics::counter(
                registry,
                "weir_consumer_retries_total",
                "Attempts beyond a record's first",
            ),
            paused: metrics::gauge(
                registry,
                "weir_consumer_paused_partitions",
                "Partitions whose queue is full",
            ),
            assigned: metrics::gauge(
                registry,
                "weir_consumer_assigned_partitions",
                "Partitions that this process reads",
            ),
            handle_seconds: metrics::histogram(
                registry,
                "weir_consumer_handle_seconds",
                "Time of one attempt at a record",
                metrics::SECONDS,
            ),
        }
    }
}
