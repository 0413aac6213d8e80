//! What every producer shows of itself, librdkafka's or another.

use std::time::Duration;

use prometheus::{IntGauge, Registry};

use crate::kafka::statistics::StatisticsMetrics;
use crate::metrics;

/// The metrics of a producer. One that is not librdkafka's never sends a request again, and is never replaced.
#[derive(Debug)]
pub struct ProducerMetrics {
    pub(super) in_flight: IntGauge,
    pub(super) statistics: StatisticsMetrics,
}

/// What a producer does at a moment.
#[derive(Clone, Copy, Debug)]
pub struct ProducerState {
    /// Records that wait or are on their way.
    pub records: usize,
    /// The bytes of memory that they take.
    pub bytes: usize,
    /// Brokers with a connection.
    pub brokers_up: usize,
    /// Of the slowest broker that was asked since the last time, 99th percentile; `None` leaves what is shown.
    pub round_trip: Option<Duration>,
}

impl ProducerMetrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        let help = "Records that are queued or on their way to Kafka and not yet acknowledged.";
        let in_flight = metrics::gauge(registry, "weir_producer_in_flight", help);
        Self { in_flight, statistics: StatisticsMetrics::new(registry) }
    }

    /// Shows what a producer that is not librdkafka's does now.
    pub fn show(&self, state: &ProducerState) {
        self.in_flight.set(i64::try_from(state.records).unwrap_or(i64::MAX));
        self.statistics.show_state(state);
    }
}
