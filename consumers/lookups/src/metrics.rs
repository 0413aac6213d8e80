//! What a team watches of the lookups.

use crate::graph::{CallError, Outcome};
use prometheus::{Histogram, IntCounterVec, Registry};
use runtime::metrics;
use schemas::lookup::Status;
use std::time::Duration;

/// Counters of calls and of what came of them; labels are closed sets.
#[derive(Clone, Debug)]
pub struct LookupMetrics {
    calls: IntCounterVec,
    call_seconds: Histogram,
    enriched: IntCounterVec,
}

impl LookupMetrics {
    /// Registers them; each label starts at zero, so that its first increase is seen.
    pub fn new(registry: &Registry) -> Self {
        let calls = metrics::counters(
            registry,
            "weir_lookups_calls_total",
            "Calls to the Graph API by what came of them",
            &["class"],
        );
        let enriched = metrics::counters(
            registry,
            "weir_lookups_enriched_total",
            "Enriched events by how their lookup went; one that is handled again counts again",
            &["status"],
        );
        let call_seconds = metrics::histogram(
            registry,
            "weir_lookups_call_seconds",
            "How long calls to the Graph API took",
            metrics::SECONDS,
        );
        for class in ["found", "gone"].iter().chain(&CallError::CLASSES) {
            calls.with_label_values(&[class]);
        }
        for status in Status::ALL {
            enriched.with_label_values(&[status.as_str()]);
        }
        Self { calls, call_seconds, enriched }
    }

    /// A call has ended.
    pub(crate) fn called(&self, outcome: &Result<Outcome, CallError>, took: Duration) {
        let class = match outcome {
            Ok(Outcome::Found(_)) => "found",
            Ok(Outcome::Gone(_)) => "gone",
            Err(error) => error.class(),
        };
        self.calls.with_label_values(&[class]).inc();
        self.call_seconds.observe(took.as_secs_f64());
    }

    /// An event was enriched.
    pub(crate) fn enriched(&self, status: Status) {
        self.enriched.with_label_values(&[status.as_str()]).inc();
    }
}
