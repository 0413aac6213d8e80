//! What `weir connect keep` tells Prometheus.

use super::round::Item;
use crate::meta::tokens::look::{Ends, Looked};
use prometheus::{IntGauge, IntGaugeVec, Registry};
use runtime::metrics;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Of the last round.
pub(super) struct Gauges {
    round: IntGauge,
    healed: IntGauge,
    failing: IntGauge,
    expiry: IntGaugeVec,
    /// The accounts of `expiry`.
    ending: BTreeSet<String>,
}

impl Gauges {
    /// Nothing was found or done yet; rounds are to begin `every` so often.
    pub(super) fn new(registry: &Registry, every: Duration) -> Self {
        let gauge = |name, help| metrics::gauge(registry, name, help);
        let interval =
            gauge("weir_connect_interval_seconds", "How long after a round the next one begins: --every");
        interval.set(i64::try_from(every.as_secs()).unwrap_or(i64::MAX));
        let round = gauge(
            "weir_connect_round_timestamp_seconds",
            "When a round was last finished; before the first, when the process started",
        );
        round.set(seconds(SystemTime::now()));
        Self {
            round,
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
                "When an account's access token ends, as Meta said last; absent where it does not, or where nobody knows",
                &["account"],
            ),
            ending: BTreeSet::new(),
        }
    }

    /// Tells of a round.
    pub(super) fn tell(&mut self, items: &[Item], tokens: &[Looked]) {
        if items.iter().any(Item::was_healed) {
            self.healed.set(seconds(SystemTime::now()));
        }
        let failing = |item: &&Item| !item.is().as_ref().is_ok_and(|finding| !finding.loses_events());
        let is_of = |item: &Item, token: &Looked| item.desired.account() == Some(&token.account);
        let items = items.iter().filter(failing);
        // An account whose install failed is counted already.
        let unasked = tokens
            .iter()
            .filter(|token| token.facts.is_err() && !items.clone().any(|item| is_of(item, token)));
        self.failing.set(i64::try_from(items.clone().count() + unasked.count()).unwrap_or(i64::MAX));
        self.tell_ends(tokens);
        self.round.set(seconds(SystemTime::now()));
    }

    /// What Meta said of a token holds until it says something else, or nobody declares the account any more.
    fn tell_ends(&mut self, tokens: &[Looked]) {
        let mut ending = BTreeSet::new();
        for Looked { account, facts, .. } in tokens {
            match facts.as_ref().map(|facts| facts.ends) {
                Ok(Ends::At(end)) => self.expiry.with_label_values(&[account.as_str()]).set(seconds(end)),
                Err(_) if self.ending.contains(account.as_str()) => {}
                _ => continue,
            }
            ending.insert(account.to_string());
        }
        for gone in self.ending.difference(&ending) {
            // It is there: it was set before.
            self.expiry.remove_label_values(&[gone.as_str()]).unwrap_or_default();
        }
        self.ending = ending;
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
