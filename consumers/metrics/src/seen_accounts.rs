//! How many accounts events come of.

use prometheus::{IntGauge, Registry};
use runtime::metrics::gauge;
use runtime::mutex::lock;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// The accounts since the start of the process, up to a limit; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct SeenAccounts {
    gauge: IntGauge,
    seen: Arc<Mutex<HashSet<Box<str>>>>,
    most: usize,
}

impl SeenAccounts {
    /// Tells up to `most` accounts apart.
    pub(crate) fn new(registry: &Registry, most: usize) -> Self {
        let help = "Accounts that events came of since the start of the process, up to --seen-accounts.";
        Self { gauge: gauge(registry, "weir_metrics_accounts", help), seen: Arc::default(), most }
    }

    /// Takes note of an account.
    pub(crate) fn add(&self, account: &str) {
        let mut seen = lock(&self.seen);
        if seen.len() < self.most && !seen.contains(account) {
            seen.insert(account.into());
            self.gauge.set(i64::try_from(seen.len()).unwrap_or(i64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_accounts_are_told_apart_than_the_limit() {
        let accounts = SeenAccounts::new(&Registry::new(), 2);
        for account in ["1", "1", "2", "3"] {
            accounts.add(account);
        }
        assert_eq!(accounts.gauge.get(), 2);
    }
}
