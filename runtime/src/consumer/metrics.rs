//! What the loop counts.

use std::sync::Arc;

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::Wait;
use crate::kafka::quota::QuotaWatch;
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
    pub(super) pauses: IntCounter,
    pub(super) rebalances: IntCounter,
    pub(super) rebuilt: IntCounter,
    pub(super) stopped: IntGauge,
    pub(super) lag_records: IntGaugeVec,
    pub(super) lag_seconds: IntGaugeVec,
    pub(super) waiting: IntGaugeVec,
    pub(super) unknown: IntGaugeVec,
    pub(super) unreadable: IntGaugeVec,
    pub(super) missed: IntCounterVec,
    pub(super) reread: IntCounterVec,
    pub(super) fetch_errors: IntCounter,
    pub(super) client_errors: IntCounter,
    pub(super) quota: Arc<QuotaWatch>,
}

/// Reasons of dead letters that the loop itself gives.
pub(super) mod reason {
    pub(in crate::consumer) const RETRIES_EXHAUSTED: &str = "retries_exhausted";
    pub(in crate::consumer) const PANIC: &str = "panic";
    pub(in crate::consumer) const TOO_LARGE: &str = "too_large";
}

const OWN_REASONS: [&str; 3] = [reason::RETRIES_EXHAUSTED, reason::PANIC, reason::TOO_LARGE];
const FAILURES: [&str; 7] =
    ["reject", "reject_uncounted", "retry", "panic", "unavailable", "publish", "dead_letter"];

fn waiting(registry: &Registry) -> IntGaugeVec {
    let help = "Partitions with a lag whose next record waits for something, by what that is";
    metrics::gauges(registry, "weir_consumer_waiting_partitions", help, &["reason"])
}

fn unknown(registry: &Registry) -> IntGaugeVec {
    let help =
        "Partitions whose lag is not known, since no broker says where they end; it is shown as it was last";
    metrics::gauges(registry, "weir_consumer_unknown_partitions", help, &["topic"])
}

fn unreadable(registry: &Registry) -> IntGaugeVec {
    let help = "Partitions that stand still since what comes next can never be read, or nobody could or was allowed to read it for three minutes";
    metrics::gauges(registry, "weir_consumer_unreadable_partitions", help, &["topic"])
}

fn missed(registry: &Registry) -> IntCounterVec {
    let help = "Records that were deleted before this consumer had read them, or fewer: what transactions or compaction leave counts too";
    metrics::counters(registry, "weir_consumer_missed_records_total", help, &["topic"])
}

fn reread(registry: &Registry) -> IntCounterVec {
    let help = "Times that a partition was read again from its beginning, since its log ended before the next offset";
    metrics::counters(registry, "weir_consumer_reread_partitions_total", help, &["topic"])
}

fn rebuilt(registry: &Registry) -> IntCounter {
    let help = "Times that the Kafka client was replaced because it failed, a partition was stuck, or no broker answered it";
    metrics::counter(registry, "weir_consumer_rebuilt_total", help)
}

fn quota(registry: &Registry) -> Arc<QuotaWatch> {
    let help = "The longest that a broker had the client that reads wait for its quota, in the last minute";
    let gauge = metrics::gauge_of_parts(registry, "weir_consumer_throttle_seconds", help);
    Arc::new(QuotaWatch::new(gauge))
}

fn client_errors(registry: &Registry) -> IntCounter {
    let help =
        "Other errors that the Kafka client gave in the place of a record; it goes on by itself after most";
    metrics::counter(registry, "weir_consumer_client_errors_total", help)
}

impl ConsumerMetrics {
    pub(super) fn register(registry: &Registry) -> Self {
        let counter = |name, help| metrics::counter(registry, name, help);
        let counters = |name, help, labels| metrics::counters(registry, name, help, labels);
        let gauge = |name, help| metrics::gauge(registry, name, help);
        let by_topic = |name, help| metrics::gauges(registry, name, help, &["topic"]);
        Self {
            records: counters(
                "weir_consumer_records_total",
                "Records that are done: handled, or among the dead letters",
                &["topic"],
            ),
            failures: counters(
                "weir_consumer_failures_total",
                "Failed attempts by class: reject, reject_uncounted, retry, panic, unavailable, publish, dead_letter",
                &["class"],
            ),
            dead_letters: counters(
                "weir_consumer_dead_letters_total",
                "Records given to the dead letters, by the topic they came from",
                &["topic", "reason"],
            ),
            retries: counter("weir_consumer_retries_total", "Attempts beyond a record's first"),
            paused: gauge("weir_consumer_paused_partitions", "Partitions whose queue is full"),
            assigned: gauge("weir_consumer_assigned_partitions", "Partitions that this process reads"),
            handle_seconds: metrics::histogram(
                registry,
                "weir_consumer_handle_seconds",
                "Time of one attempt at a record",
                metrics::SECONDS,
            ),
            pauses: counter("weir_consumer_pauses_total", "Times that a partition's queue was full"),
            rebalances: counter(
                "weir_consumer_rebalances_total",
                "Times that partitions were given to this process or taken from it",
            ),
            rebuilt: rebuilt(registry),
            stopped: gauge(
                "weir_consumer_stopped",
                "1 after too many dead letters in a row: no work is taken until a restart",
            ),
            lag_records: by_topic(
                "weir_consumer_lag_records",
                "Records of the partitions that this process reads that are not done yet",
            ),
            lag_seconds: by_topic(
                "weir_consumer_lag_seconds",
                "Age of the record that was done last, while there are more; the oldest of all partitions",
            ),
            unknown: unknown(registry),
            unreadable: unreadable(registry),
            missed: missed(registry),
            reread: reread(registry),
            fetch_errors: counter(
                "weir_consumer_fetch_errors_total",
                "Fetches with something that can never be read: damaged, of an unknown codec or format",
            ),
            client_errors: client_errors(registry),
            waiting: waiting(registry),
            quota: quota(registry),
        }
    }

    /// Makes every counter there is, so that an increase from nothing to one can be seen.
    pub(super) fn begin(&self, topics: &[String], reasons: &[&str]) {
        for topic in topics {
            for by_topic in [&self.records, &self.missed, &self.reread] {
                by_topic.with_label_values(&[topic]);
            }
            for by_topic in [&self.lag_records, &self.lag_seconds, &self.unknown, &self.unreadable] {
                by_topic.with_label_values(&[topic]);
            }
            for reason in OWN_REASONS.iter().chain(reasons) {
                self.dead_letters.with_label_values(&[topic.as_str(), reason]);
            }
        }
        for wait in Wait::ALL {
            self.waiting.with_label_values(&[wait.as_str()]);
        }
        for class in FAILURES {
            self.failures.with_label_values(&[class]);
        }
    }
}
