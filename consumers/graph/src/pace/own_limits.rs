//! For how long the calls of a partition, one after the other, have waited for the limit of one account: pure.

use crate::GraphId;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// By account; forgotten with the answer to a call that was begun after the limit. One that was begun before it, ahead of
/// its record's turn, says nothing about it.
#[derive(Debug, Default)]
pub struct OwnLimits(HashMap<GraphId, Waited>);

#[derive(Debug)]
struct Waited {
    /// In sum.
    time: Duration,
    /// When the latest wait began.
    latest: Instant,
}

impl OwnLimits {
    /// How long it was, in sum.
    pub fn waited(&self, account: &GraphId) -> Duration {
        self.0.get(account).map(|waited| waited.time).unwrap_or_default()
    }

    /// A wait that began then took so long.
    pub fn add(&mut self, account: &GraphId, began: Instant, time: Duration) {
        let waited = self.0.entry(account.clone()).or_insert(Waited { time: Duration::ZERO, latest: began });
        waited.time += time;
        waited.latest = began;
    }

    /// A call that was begun then was answered.
    pub fn answered(&mut self, account: &GraphId, begun: Instant) {
        if self.0.get(account).is_some_and(|waited| begun > waited.latest) {
            self.0.remove(account);
        }
    }
}
