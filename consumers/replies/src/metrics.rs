//! The metrics of the replies, `weir_replies_…`.

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, Registry};
use runtime::metrics;
use schemas::reply::{Action, Open, ResultStatus};

/// What stands for an action that is not known.
const OTHER: &str = "other";

/// Counters of commands and of what came of them; labels are closed sets.
#[derive(Clone, Debug)]
pub(crate) struct ReplyMetrics {
    results: IntCounterVec,
    pub(crate) duplicates: IntCounter,
    remembered: IntGauge,
    pub(crate) call_seconds: Histogram,
    pub(crate) results_rebuilt: IntCounter,
    pub(crate) results_unreadable: IntGauge,
    pub(crate) intents_rebuilt: IntCounter,
}

impl ReplyMetrics {
    /// Registers them; each label starts at zero, so that its first increase is seen. `most` commands may be remembered.
    pub(crate) fn new(registry: &Registry, most: usize) -> Self {
        let results = metrics::counters(
            registry,
            "weir_replies_results_total",
            "Results of commands by what was to be done and what became of it; intents too",
            &["action", "status"],
        );
        for action in Action::ALL.iter().map(|action| action.as_str()).chain([OTHER]) {
            for status in ResultStatus::ALL {
                results.with_label_values(&[action, status.as_str()]);
            }
        }
        let max_remembered = metrics::gauge(
            registry,
            "weir_replies_max_remembered_commands",
            "Commands that may be remembered, --remembered-commands; none is begun where as many were",
        );
        max_remembered.set(i64::try_from(most).unwrap_or(i64::MAX));
        // The clients of the consumer loop have metrics of their own.
        let rebuilt = metrics::counters(
            registry,
            "weir_replies_rebuilt_total",
            "Kafka clients that were replaced by a new one: what reads the results, and what writes the intents",
            &["client"],
        );
        Self {
            results,
            duplicates: metrics::counter(
                registry,
                "weir_replies_duplicates_total",
                "Commands that were not carried out since one of the same account and id was, or will be",
            ),
            remembered: metrics::gauge(
                registry,
                "weir_replies_remembered_commands",
                "Commands that are remembered",
            ),
            call_seconds: metrics::histogram(
                registry,
                "weir_replies_call_seconds",
                "How long calls to the Graph API took that carry out a command",
                metrics::SECONDS,
            ),
            results_rebuilt: rebuilt.with_label_values(&["results"]),
            results_unreadable: metrics::gauge(
                registry,
                "weir_replies_unreadable_partitions",
                "Partitions of the results topic that cannot or may not be read: until then no command is carried out",
            ),
            intents_rebuilt: rebuilt.with_label_values(&["intents"]),
        }
    }

    pub(crate) fn result(&self, action: &Open<Action>, status: ResultStatus) {
        let action = if let Open::Known(action) = action { action.as_str() } else { OTHER };
        self.results.with_label_values(&[action, status.as_str()]).inc();
    }

    pub(crate) fn remembered(&self, commands: usize) {
        self.remembered.set(i64::try_from(commands).unwrap_or(i64::MAX));
    }
}
