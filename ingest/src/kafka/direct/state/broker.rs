//! A broker: what is in line for it, and what it has been asked.

use super::State;
use runtime::producer::{ProducerState, QuotaWait};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Requests without an answer that a broker may have: while it works on one, the next is on its way.
pub(super) const MAX_IN_FLIGHT_REQUESTS: usize = 2;
/// More round trips than these are not looked at in one window.
pub(super) const SAMPLES: usize = 4096;

#[derive(Debug)]
pub(super) struct Broker<T> {
    /// `None`: the brokers name it no more.
    pub(super) address: Option<String>,
    /// Whoever sends to it waits here.
    wake: Arc<Notify>,
    pub(super) is_connected: bool,
    /// Partitions that have something for it: topic and number.
    pub(super) ready: VecDeque<(usize, usize)>,
    /// The oldest first, as they are answered.
    pub(super) in_flight: VecDeque<InFlightRequest<T>>,
    pub(super) correlation: i32,
    pub(super) throttled_until: Option<Instant>,
    /// The longest wait that it has asked for since that was shown.
    pub(super) longest_throttle: Duration,
    pub(super) round_trips: Vec<Duration>,
}

/// A request without an answer.
#[derive(Debug)]
pub(super) struct InFlightRequest<T> {
    pub(super) correlation: i32,
    pub(super) since: Instant,
    pub(super) batches: Vec<InFlightBatch<T>>,
}

/// A batch of it.
#[derive(Debug)]
pub(super) struct InFlightBatch<T> {
    pub(super) topic: usize,
    pub(super) partition: usize,
    pub(super) tickets: Vec<T>,
    pub(super) bytes: usize,
}

impl<T> Broker<T> {
    pub(super) fn new() -> Self {
        Self {
            address: None,
            wake: Arc::default(),
            is_connected: false,
            ready: VecDeque::new(),
            in_flight: VecDeque::new(),
            correlation: 0,
            throttled_until: None,
            longest_throttle: Duration::ZERO,
            round_trips: Vec::new(),
        }
    }

    pub(super) fn takes_more(&self, now: Instant) -> bool {
        let is_throttled = self.throttled_until.is_some_and(|until| now < until);
        self.is_connected && self.in_flight.len() < MAX_IN_FLIGHT_REQUESTS && !is_throttled
    }
}

impl<T> State<T> {
    /// Where a broker is, and what wakes whoever sends to it; `None` where the cluster names it no more.
    pub(in super::super) fn address_and_wake(&self, id: i32) -> Option<(String, Arc<Notify>)> {
        let broker = self.brokers.get(&id)?;
        Some((broker.address.clone()?, Arc::clone(&broker.wake)))
    }

    /// Wakes those who send to brokers that something waits for and that would take it now.
    pub(in super::super) fn wake(&self, now: Instant) {
        let waited = |broker: &&Broker<T>| !broker.ready.is_empty() && broker.takes_more(now);
        self.brokers.values().filter(waited).for_each(|broker| broker.wake.notify_one());
    }

    /// What the metrics show, with the round trips where a window of them ends.
    pub(in super::super) fn snapshot(&mut self, is_window_over: bool) -> ProducerState {
        ProducerState {
            records: self.records,
            bytes: self.bytes,
            brokers_up: self.brokers.values().filter(|broker| broker.is_connected).count(),
            round_trip: is_window_over.then(|| self.round_trip()),
            quota_wait: self.quota_wait(),
        }
    }

    /// The longest wait that a broker has asked for since this was asked last.
    fn quota_wait(&mut self) -> Option<QuotaWait> {
        let asked = |(id, broker): (&i32, &mut Broker<T>)| {
            let wait = std::mem::take(&mut broker.longest_throttle);
            (wait, *id)
        };
        let (wait, id) = self.brokers.iter_mut().map(asked).max()?;
        let address = self.brokers.get(&id).and_then(|broker| broker.address.as_deref()).unwrap_or_default();
        (!wait.is_zero()).then(|| QuotaWait { broker: format!("{address}/{id}"), wait })
    }

    /// The 99th percentile of the round trips of the slowest broker since this was asked last.
    fn round_trip(&mut self) -> Duration {
        let slow = |broker: &mut Broker<T>| {
            let mut seen = std::mem::take(&mut broker.round_trips);
            seen.sort_unstable();
            seen.get(seen.len() * 99 / 100).copied()
        };
        self.brokers.values_mut().filter_map(slow).max().unwrap_or_default()
    }
}
