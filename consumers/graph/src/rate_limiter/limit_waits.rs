//! Per account: total time that the calls of a partition spent waiting for its rate limit: pure.

use crate::GraphId;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// By account; reset by an answer to a call that started after the latest wait. One that started before it, ahead of its record's
/// turn, says nothing about the limit.
#[derive(Debug, Default)]
pub struct LimitWaits(HashMap<GraphId, Waited>);

#[derive(Debug)]
struct Waited {
    /// Of all waits together.
    time: Duration,
    /// When the latest wait began.
    latest: Instant,
}

impl LimitWaits {
    /// Total time waited for the limit of this account since its last answer.
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
