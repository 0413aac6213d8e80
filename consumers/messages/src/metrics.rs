//! What this consumer counts, beside what every consumer does.

use prometheus::{Histogram, IntCounter, IntCounterVec, Registry};
use runtime::metrics::{SECONDS, counter, counters, counters_of, histogram};
use schemas::inbox::EventName;

/// Counters of what became of the events.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    events: IntCounterVec,
    skipped: IntCounterVec,
    pub(crate) duplicates: IntCounter,
    pub(crate) recent_full: IntCounter,
    pub(crate) rebuild_seconds: Histogram,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        Self {
            events: counters_of(
                registry,
                "weir_messages_events_total",
                "Inbox records made, by their event",
                "event",
                EventName::ALL.iter().map(|event| event.as_str()),
            ),
            skipped: counters(
                registry,
                "weir_messages_skipped_total",
                "Events that have no place in an inbox, by kind; `other` for kinds that this version does not know",
                &["kind"],
            ),
            duplicates: counter(
                registry,
                "weir_messages_duplicates_total",
                "Events that were left out because they had been published already",
            ),
            recent_full: counter(
                registry,
                "weir_messages_recent_full_total",
                "Events forgotten before --dedupe-window is over as there are more than --dedupe-events; a duplicate of \
                 one of them would be published",
            ),
            rebuild_seconds: histogram(
                registry,
                "weir_messages_rebuild_seconds",
                "Time of reading a partition's past back from the output topics, before its first record",
                SECONDS,
            ),
        }
    }

    pub(crate) fn published(&self, event: &str) {
        self.events.with_label_values(&[event]).inc();
    }

    pub(crate) fn skipped(&self, kind: &str) {
        self.skipped.with_label_values(&[kind]).inc();
    }
}
