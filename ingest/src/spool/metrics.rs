//! The metrics of the spool.
//!
//! What is unknown because a file cannot be read at the moment is `NaN`, which nobody takes for "nothing".

use prometheus::{Gauge, Histogram, IntCounter, IntGauge, Registry};
use runtime::metrics::{SECONDS, counter, gauge, gauge_of_parts, histogram};

/// The metrics of the spool; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct SpoolMetrics {
    pub(super) deliveries: Gauge,
    pub(super) parked: Gauge,
    pub(super) bytes: Gauge,
    pub(super) max_bytes: IntGauge,
    pub(super) oldest_seconds: Gauge,
    pub(super) healthy: IntGauge,
    pub(super) retired_files: Gauge,
    pub(super) drained: IntCounter,
    pub(super) write_failures: IntCounter,
    pub(super) retirements: IntCounter,
    pub(super) lost: IntCounter,
    pub(super) panics: IntCounter,
    pub(super) write_seconds: Histogram,
}

impl SpoolMetrics {
    /// Gauges are unknown before the first file has been read.
    pub(crate) fn new(registry: &Registry) -> Self {
        let gauge = |name, help| gauge(registry, name, help);
        let unknown = |name, help| {
            let gauge = gauge_of_parts(registry, name, help);
            gauge.set(f64::NAN);
            gauge
        };
        let counter = |name, help| counter(registry, name, help);
        Self {
            deliveries: unknown(
                "weir_spool_deliveries",
                "Spooled deliveries that wait for Kafka, in all files; NaN while unknown.",
            ),
            parked: unknown(
                "weir_spool_set_aside",
                "Parked (formerly: set aside) deliveries: refused by Kafka, corrupt, or ingest panicked over them; `weir spool list` says why. NaN while unknown.",
            ),
            bytes: unknown(
                "weir_spool_bytes",
                "What is taken of --spool-max-bytes: by parked deliveries and retired files too; NaN while unknown.",
            ),
            max_bytes: gauge(
                "weir_spool_max_bytes",
                "--spool-max-bytes, or what fits on the disk where that is less; beyond it, what Kafka does not acknowledge is answered 503.",
            ),
            oldest_seconds: unknown(
                "weir_spool_oldest_seconds",
                "Age in seconds of the oldest spooled delivery that waits for Kafka; 0 when none waits, NaN while unknown.",
            ),
            healthy: gauge(
                "weir_spool_healthy",
                "1 while the spool accepts deliveries, 0 while it or its disk is full, or the disk fails, does not respond or misses --spool-timeout for most.",
            ),
            retired_files: unknown(
                "weir_spool_retired_files",
                "Retired files, which are not written any more and not drained yet.",
            ),
            drained: counter("weir_spool_drained_total", "Deliveries drained from the spool to Kafka."),
            write_failures: counter(
                "weir_spool_write_failures_total",
                "Deliveries that could not be spooled, answered 503: it is full, fails or is too slow.",
            ),
            retirements: counter(
                "weir_spool_quarantined_total",
                "Files retired (formerly: quarantined) because they were damaged, an fsync failed, or they failed for half a minute; they are drained in place.",
            ),
            lost: counter(
                "weir_spool_lost_total",
                "Spooled deliveries lost because their bytes are gone or changed; the log names those whose ids are left.",
            ),
            panics: counter(
                "weir_spool_panics_total",
                "Panics of the writer thread, of tasks like the drain, and over single deliveries that it publishes; all of it went on.",
            ),
            write_seconds: histogram(
                registry,
                "weir_spool_write_seconds",
                "Seconds that a transaction of the spool took, its fsync included.",
                SECONDS,
            ),
        }
    }
}
