//! A broker: what is in line for it, and what it has been asked.

use super::{REQUESTS, State};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// More round trips than these are not looked at in one window.
const SAMPLES: usize = 4096;

#[derive(Debug)]
pub(super) struct Broker<T> {
    /// `None`: the brokers name it no more.
    pub(super) address: Option<String>,
    /// Whether somebody connects to it.
    pub(super) is_served: bool,
    pub(super) is_connected: bool,
    /// Partitions that have something for it: topic and number.
    pub(super) ready: VecDeque<(usize, usize)>,
    /// The oldest first, as they are answered.
    pub(super) in_flight: VecDeque<InFlight<T>>,
    pub(super) correlation: i32,
    pub(super) throttled_until: Option<Instant>,
    round_trips: Vec<Duration>,
}

/// A request without an answer.
#[derive(Debug)]
pub(super) struct InFlight<T> {
    pub(super) correlation: i32,
    pub(super) since: Instant,
    pub(super) parts: Vec<Flying<T>>,
}

/// A batch of it.
#[derive(Debug)]
pub(super) struct Flying<T> {
    pub(super) topic: usize,
    pub(super) partition: usize,
    pub(super) tickets: Vec<T>,
    pub(super) bytes: usize,
}

impl<T> Broker<T> {
    pub(super) const fn new() -> Self {
        Self {
            address: None,
            is_served: false,
            is_connected: false,
            ready: VecDeque::new(),
            in_flight: VecDeque::new(),
            correlation: 0,
            throttled_until: None,
            round_trips: Vec::new(),
        }
    }

    pub(super) fn takes_more(&self, now: Instant) -> bool {
        let is_throttled = self.throttled_until.is_some_and(|until| now < until);
        self.is_connected && self.in_flight.len() < REQUESTS && !is_throttled
    }

    pub(super) fn answered(&mut self, round_trip: Duration, throttled_until: Instant) {
        self.throttled_until = Some(throttled_until);
        if self.round_trips.len() < SAMPLES {
            self.round_trips.push(round_trip);
        }
    }
}

impl<T> State<T> {
    /// Where a broker is; `None` where it is no more, and then nobody serves it.
    pub(in super::super) fn serve(&mut self, id: i32) -> Option<String> {
        let broker = self.brokers.get_mut(&id)?;
        broker.is_served = broker.address.is_some();
        broker.address.clone()
    }

    /// Where every broker is that the cluster names.
    pub(in super::super) fn addresses(&self) -> Vec<String> {
        self.brokers.values().filter_map(|broker| broker.address.clone()).collect()
    }

    /// Brokers with a connection.
    pub(in super::super) fn brokers_up(&self) -> usize {
        self.brokers.values().filter(|broker| broker.is_connected).count()
    }

    /// The 99th percentile of the round trips of the slowest broker since this was asked last.
    pub(in super::super) fn round_trip(&mut self) -> Option<Duration> {
        let slow = |broker: &mut Broker<T>| {
            let mut seen = std::mem::take(&mut broker.round_trips);
            seen.sort_unstable();
            seen.get(seen.len() * 99 / 100).copied()
        };
        self.brokers.values_mut().filter_map(slow).max()
    }
}
