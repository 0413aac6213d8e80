//! What `weir connect keep` tells Prometheus.

use super::round::Item;
use crate::meta::tokens::look::{Ends, Looked};
use prometheus::{IntGauge, IntGaugeVec, Registry};
use runtime::metrics;
use std::time::{SystemTime, UNIX_EPOCH};

/// Of the last round.
pub(super) struct Gauges {
    healed: IntGauge,
    failing: IntGauge,
    expiry: IntGaugeVec,
}

impl Gauges {
    /// Nothing was found or done yet.
    pub(super) fn new(registry: &Registry) -> Self {
        let gauge = |name, help| metrics::gauge(registry, name, help);
        Self {
            // A time and no counter: who is scraped first after a restart has no increase to show.
            healed: gauge(
                "weir_connect_healed_timestamp_seconds",
                "When something that events need was last subscribed or installed again; 0 for never",
            ),
            failing: gauge(
                "weir_connect_failing",
                "What could not be read, or lacks something that events need, after the last round",
            ),
            expiry: metrics::gauges(
                registry,
                "weir_token_expiry_timestamp_seconds",
                "When an account's access token ends; absent where it does not, or where nobody knows",
                &["account"],
            ),
        }
    }

    /// Tells of a round.
    pub(super) fn tell(&self, items: &[Item], tokens: &[Looked]) {
        if items.iter().any(Item::was_healed) {
            self.healed.set(seconds(SystemTime::now()));
        }
        let failing = items
            .iter()
            .filter(|item| !item.is().as_ref().is_ok_and(|finding| !finding.loses_events()))
            .count();
        self.failing.set(i64::try_from(failing).unwrap_or(i64::MAX));
        self.expiry.reset();
        for token in tokens {
            if let Ok(Ends::At(end)) = token.facts.as_ref().map(|facts| facts.ends) {
                self.expiry.with_label_values(&[token.account.as_str()]).set(seconds(end));
            }
        }
    }

    /// Tells of a round that could not begin.
    pub(super) fn tell_of_none(&self) {
        self.failing.set(1);
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
