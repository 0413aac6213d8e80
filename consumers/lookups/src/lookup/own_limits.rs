//! How long a partition has waited for limits of calls that are a single account's.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use weir_graph::GraphId;

/// By account; forgotten with the answer to a call that was begun after the limit. One that was begun before it, ahead of
/// its record's turn, says nothing about it.
#[derive(Debug, Default)]
pub(crate) struct OwnLimits(Mutex<HashMap<GraphId, Waited>>);

#[derive(Debug)]
struct Waited {
    /// In sum.
    time: Duration,
    /// When the latest wait began.
    latest: Instant,
}

impl OwnLimits {
    pub(crate) fn waited(&self, account: &GraphId) -> Duration {
        self.lock().get(account).map(|waited| waited.time).unwrap_or_default()
    }

    /// A wait that began then took so long.
    pub(crate) fn add(&self, account: &GraphId, began: Instant, time: Duration) {
        let mut held = self.lock();
        let waited = held.entry(account.clone()).or_insert(Waited { time: Duration::ZERO, latest: began });
        waited.time += time;
        waited.latest = began;
    }

    /// A call that was begun then was answered.
    pub(crate) fn answered(&self, account: &GraphId, begun: Instant) {
        let mut held = self.lock();
        if held.get(account).is_some_and(|waited| begun > waited.latest) {
            held.remove(account);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GraphId, Waited>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
