//! What `weir connect keep` tells Prometheus.

use super::difference::Finding;
use super::round::{DesiredItem, Item};
use crate::meta::Login;
use crate::meta::tokens::look::{Expiry, Facts, Looked};
use prometheus::{IntGauge, IntGaugeVec, Registry};
use runtime::metrics;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_graph::GraphId;

/// Of the last round.
pub(super) struct Gauges {
    round: IntGauge,
    healed: IntGauge,
    failing: IntGauge,
    expiry: OfAccounts,
    end_unknown: OfAccounts,
}

/// A gauge that some accounts have.
struct OfAccounts {
    gauge: IntGaugeVec,
    accounts: BTreeSet<String>,
}

impl Gauges {
    /// Nothing was found or done yet; rounds are to begin `every` so often.
    pub(super) fn new(registry: &Registry, every: Duration) -> Self {
        let gauge = |name, help| metrics::gauge(registry, name, help);
        let of_accounts = |name, help| OfAccounts {
            gauge: metrics::gauges(registry, name, help, &["account"]),
            accounts: BTreeSet::new(),
        };
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
            expiry: of_accounts(
                "weir_token_expiry_timestamp_seconds",
                "When an account's access token ends, as Meta said last; absent where it does not, or where nobody knows",
            ),
            end_unknown: of_accounts(
                "weir_token_end_unknown",
                "1 for an account of Instagram Login whose token is valid and was never renewed here, so that nobody knows when it ends",
            ),
        }
    }

    /// Tells of a round.
    pub(super) fn tell(&mut self, items: &[Item<'_>], tokens: &[Looked<'_>]) {
        if items.iter().any(Item::was_healed) {
            self.healed.set(seconds(SystemTime::now()));
        }
        let items = items.iter().filter(|item| item.is().as_ref().map_or(true, Finding::loses_events));
        // An account whose install failed is counted already.
        let is_counted = |id: &GraphId| {
            items.clone().any(|item| matches!(item.what, DesiredItem::Account(account) if account.id == *id))
        };
        let unasked = tokens.iter().filter(|(account, facts)| facts.is_err() && !is_counted(&account.id));
        self.failing.set(i64::try_from(items.clone().count() + unasked.count()).unwrap_or(i64::MAX));
        self.expiry.tell(tokens, |_, facts| match facts.ends {
            Expiry::At(end) => Some(seconds(end)),
            Expiry::Never | Expiry::Unknown => None,
        });
        self.end_unknown.tell(tokens, |login, facts| {
            let is_unknown = login == Login::Instagram && facts.is_valid && facts.ends == Expiry::Unknown;
            is_unknown.then_some(1)
        });
        self.round.set(seconds(SystemTime::now()));
    }

    /// Tells of a round that could not begin.
    pub(super) fn tell_of_none(&self) {
        self.failing.set(1);
    }
}

impl OfAccounts {
    /// What was known of a token holds until something else is, or nobody declares the account any more. Two apps may declare
    /// an account, each with a token of its own: the one that ends first counts.
    fn tell(&mut self, tokens: &[Looked<'_>], value: impl Fn(Login, &Facts) -> Option<i64>) {
        let (mut accounts, mut lowest) = (BTreeSet::new(), BTreeMap::new());
        for (account, facts) in tokens {
            let id = account.id.as_str();
            match facts.as_ref().map(|facts| value(account.login, facts)) {
                Ok(Some(value)) => {
                    let lowest = lowest.entry(id).or_insert(value);
                    *lowest = value.min(*lowest);
                    self.gauge.with_label_values(&[id]).set(*lowest);
                }
                Err(_) if self.accounts.contains(id) => {}
                _ => continue,
            }
            accounts.insert(id.to_owned());
        }
        for gone in self.accounts.difference(&accounts) {
            // It is there: it was set before.
            self.gauge.remove_label_values(&[gone.as_str()]).unwrap_or_default();
        }
        self.accounts = accounts;
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::DeclaredAccount;

    #[test]
    fn of_the_tokens_that_an_account_has_for_two_apps_the_one_that_ends_first_counts() {
        let id = GraphId::parse("204").unwrap();
        let account = DeclaredAccount { id, login: Login::Facebook, token_file: None };
        let until = |seconds| {
            let ends = Expiry::At(UNIX_EPOCH + Duration::from_secs(seconds));
            Facts { kind: None, is_valid: true, ends, permissions: Vec::new(), lacks: Vec::new() }
        };
        let mut gauges = Gauges::new(&Registry::new(), Duration::from_hours(1));
        for ends in [[5, 60], [60, 5], [70, 80]] {
            let tokens = ends.map(|seconds| (&account, Ok(until(seconds))));
            gauges.tell(&[], &tokens);
            let told = gauges.expiry.gauge.with_label_values(&["204"]).get();
            assert_eq!(u64::try_from(told).ok(), ends.into_iter().min());
        }
    }
}
