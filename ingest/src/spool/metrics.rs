//! What an operator sees of the spool.
//!
//! What is not known, since a file cannot be read at the moment, is `NaN`: no number that could be taken for "nothing".

use prometheus::{Gauge, Histogram, IntCounter, IntGauge, Registry};
use runtime::metrics::{SECONDS, counter, gauge, gauge_of_parts, histogram};

/// The metrics of the spool; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct SpoolMetrics {
    pub(super) deliveries: Gauge,
    pub(super) set_aside: Gauge,
    pub(super) bytes: Gauge,
    pub(super) max_bytes: IntGauge,
    pub(super) oldest_seconds: Gauge,
    pub(super) healthy: IntGauge,
    pub(super) retired_files: Gauge,
    pub(super) drained: IntCounter,
    pub(super) write_failures: IntCounter,
    pub(super) quarantined: IntCounter,
    pub(super) lost: IntCounter,
    pub(super) panics: IntCounter,
    pub(super) write_seconds: Histogram,
}

impl SpoolMetrics {
    /// Nothing is known before the first file has been read.
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
                "Deliveries on disk that wait for Kafka, in every file; NaN while that is not known.",
            ),
            set_aside: unknown(
                "weir_spool_set_aside",
                "Deliveries on disk that Kafka refuses for good; `weir spool list` shows them. NaN while not known.",
            ),
            bytes: unknown(
                "weir_spool_bytes",
                "Bytes of the deliveries on disk, set aside or not; NaN while that is not known.",
            ),
            max_bytes: gauge(
                "weir_spool_max_bytes",
                "--spool-max-bytes; beyond it deliveries are answered 503.",
            ),
            oldest_seconds: unknown(
                "weir_spool_oldest_seconds",
                "Age in seconds of the oldest delivery that waits in the file that is written; 0 when none waits.",
            ),
            healthy: gauge(
                "weir_spool_healthy",
                "1 while the spool takes deliveries, 0 while its disk is full or fails.",
            ),
            retired_files: unknown(
                "weir_spool_retired_files",
                "Files that are not written any more and still hold deliveries, drained where they lie.",
            ),
            drained: counter("weir_spool_drained_total", "Deliveries that came from the disk to Kafka."),
            write_failures: counter(
                "weir_spool_write_failures_total",
                "Deliveries that the spool did not take, or not in time; they were answered 503.",
            ),
            quarantined: counter(
                "weir_spool_quarantined_total",
                "Files that were retired, since they are damaged or their fsync failed; they are drained where they lie.",
            ),
            lost: counter(
                "weir_spool_lost_total",
                "Deliveries whose bytes on disk are gone or not what was written; the log names them.",
            ),
            panics: counter(
                "weir_spool_panics_total",
                "Panics of the thread that writes the spool; it went on with the file opened anew.",
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
