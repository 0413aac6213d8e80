//! What an operator sees of the spool.

use prometheus::{Histogram, IntCounter, IntGauge, Registry};
use runtime::metrics::{SECONDS, counter, gauge, histogram};

/// The metrics of the spool; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct SpoolMetrics {
    pub(super) deliveries: IntGauge,
    pub(super) set_aside: IntGauge,
    pub(super) bytes: IntGauge,
    pub(super) max_bytes: IntGauge,
    pub(super) oldest_seconds: IntGauge,
    pub(super) healthy: IntGauge,
    pub(super) drained: IntCounter,
    pub(super) write_failures: IntCounter,
    pub(super) quarantined: IntCounter,
    pub(super) write_seconds: Histogram,
}

impl SpoolMetrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let gauge = |name, help| gauge(registry, name, help);
        let counter = |name, help| counter(registry, name, help);
        Self {
            deliveries: gauge("weir_spool_deliveries", "Deliveries on disk that wait for Kafka."),
            set_aside: gauge(
                "weir_spool_set_aside",
                "Deliveries on disk that Kafka refuses for good; `weir spool list` shows them.",
            ),
            bytes: gauge("weir_spool_bytes", "What the deliveries on disk cost, set aside or not."),
            max_bytes: gauge(
                "weir_spool_max_bytes",
                "--spool-max-bytes; beyond it deliveries are answered 503.",
            ),
            oldest_seconds: gauge(
                "weir_spool_oldest_seconds",
                "Since when the oldest delivery on disk has been waiting for Kafka; 0 when none waits.",
            ),
            healthy: gauge(
                "weir_spool_healthy",
                "1 while the spool takes deliveries, 0 while its disk is full or fails.",
            ),
            drained: counter("weir_spool_drained_total", "Deliveries that came from the disk to Kafka."),
            write_failures: counter(
                "weir_spool_write_failures_total",
                "Deliveries that the spool did not take, or not in time; they were answered 503.",
            ),
            quarantined: counter(
                "weir_spool_quarantined_total",
                "Damaged files that were put aside; what could be read of them went on.",
            ),
            write_seconds: histogram(
                registry,
                "weir_spool_write_seconds",
                "How long a transaction of the spool took, its fsync included.",
                SECONDS,
            ),
        }
    }
}
