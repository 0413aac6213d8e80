//! For how long the lookups of a partition, which wait side by side, have waited for the limit of one account.

use runtime::mutex::lock;
use std::collections::HashMap;
use std::sync::Mutex;
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
        lock(&self.0).get(account).map(|waited| waited.time).unwrap_or_default()
    }

    /// A wait that began then took so long.
    pub(crate) fn add(&self, account: &GraphId, began: Instant, time: Duration) {
        let mut held = lock(&self.0);
        let waited = held.entry(account.clone()).or_insert(Waited { time: Duration::ZERO, latest: began });
        waited.time += time;
        waited.latest = began;
    }

    /// A call that was begun then was answered.
    pub(crate) fn answered(&self, account: &GraphId, begun: Instant) {
        let mut held = lock(&self.0);
        if held.get(account).is_some_and(|waited| begun > waited.latest) {
            held.remove(account);
        }
    }
}
