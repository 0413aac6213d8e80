//! How long a partition has waited for limits of calls that are a single account's.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_graph::GraphId;

/// By account, since its limit was reached; forgotten with its next answer.
#[derive(Debug, Default)]
pub(crate) struct OwnLimits(Mutex<HashMap<GraphId, Duration>>);

impl OwnLimits {
    pub(crate) fn waited(&self, account: &GraphId) -> Duration {
        self.lock().get(account).copied().unwrap_or_default()
    }

    pub(crate) fn add(&self, account: &GraphId, waited: Duration) {
        *self.lock().entry(account.clone()).or_default() += waited;
    }

    pub(crate) fn answered(&self, account: &GraphId) {
        self.lock().remove(account);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GraphId, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
