//! The metrics of the lookups, `weir_lookups_…`.

use prometheus::{Counter, Histogram, IntCounter, IntCounterVec, IntGauge, Registry};
use runtime::metrics;
use schemas::lookup::Status;
use schemas::profile::ProfileStatus;
use std::time::Duration;
use weir_graph::{CallError, Outcome};

/// How often the time is counted in which lookups are held back.
const TICK: Duration = Duration::from_millis(250);

/// Counters of calls and of what came of them; labels are closed sets.
#[derive(Clone, Debug)]
pub(crate) struct LookupMetrics {
    calls: IntCounterVec,
    pub(crate) request_seconds: Histogram,
    pub(crate) failed_batches: IntCounterVec,
    pub(crate) enriched: IntCounterVec,
    pub(crate) from_cache: IntCounter,
    profiles: IntCounterVec,
    held: IntGauge,
    throttled_seconds: Counter,
}

/// Counts as held back while it lives.
#[derive(Debug)]
pub(crate) struct Held(IntGauge);

impl LookupMetrics {
    /// Registers them; each label starts at zero, so that its first increase is seen.
    pub(crate) fn new(registry: &Registry) -> Self {
        Self {
            calls: metrics::counters_of(
                registry,
                "weir_lookups_calls_total",
                "Lookups that were asked of the Graph API, alone or in a batch, by what came of them; one that is tried again counts again",
                "class",
                ["found", "gone"].into_iter().chain(CallError::CLASSES),
            ),
            request_seconds: metrics::histogram(
                registry,
                "weir_lookups_call_seconds",
                "How long HTTP requests to the Graph API took; a batch is one",
                metrics::SECONDS,
            ),
            failed_batches: metrics::counters(
                registry,
                "weir_lookups_failed_batches_total",
                "Batches that failed as a whole, whose lookups were sent again; for ever where the host takes no batches",
                &["class"],
            ),
            enriched: metrics::counters_of(
                registry,
                "weir_lookups_enriched_total",
                "Enriched events by how their lookup went; one that is handled again counts again",
                "status",
                Status::ALL.iter().map(|status| status.as_str()),
            ),
            from_cache: metrics::counter(
                registry,
                "weir_lookups_from_cache_total",
                "Lookups whose media was known from an earlier answer",
            ),
            profiles: metrics::counters_of(
                registry,
                "weir_lookups_profiles_total",
                "Messages of customers by what came of looking up who sent them; known: it was not asked again",
                "outcome",
                ProfileStatus::ALL.iter().map(|status| status.as_str()).chain(["known", "failed"]),
            ),
            held: metrics::gauge(
                registry,
                "weir_lookups_held",
                "Lookups that wait since calls are spread out or have stopped, below Meta's limits",
            ),
            throttled_seconds: metrics::counter_of_parts(
                registry,
                "weir_lookups_throttled_seconds_total",
                "Seconds in which lookups were held back to stay below Meta's limits",
            ),
        }
    }

    /// A lookup was asked, and this came of it.
    pub(crate) fn called(&self, result: &Result<Outcome, CallError>) {
        let class = match result {
            Ok(Outcome::Found(_)) => "found",
            Ok(Outcome::Gone(_)) => "gone",
            Err(error) => error.class(),
        };
        self.calls.with_label_values(&[class]).inc();
    }

    /// A customer wrote, and this came of looking up who it is.
    pub(crate) fn profile(&self, outcome: &str) {
        self.profiles.with_label_values(&[outcome]).inc();
    }

    /// A lookup is held back as long as what this gives lives.
    pub(crate) fn held(&self) -> Held {
        self.held.inc();
        Held(self.held.clone())
    }

    /// Counts, without end, the time in which any lookup is held back.
    pub(crate) async fn count_held_time(self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.held.get() > 0 {
                self.throttled_seconds.inc_by(TICK.as_secs_f64());
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}
