//! How many bytes of bodies are held at once, all requests together.
//!
//! Anybody can send a body, and who signed it is known once all of it is here. So that nobody holds all of it by sending
//! slowly or much, bodies that are not authenticated yet are evicted for others: of those that hold more than an equal
//! part, the one that has waited longest for its next bytes; only when there is none, one that holds less. An honest
//! body is small, or keeps coming and is there within milliseconds. What counts is what has come, never what a head
//! declares: to push others out, one has to send as much as the whole limit in the time between two of their packets.

use crate::limit_metrics::{Limit, LimitMetrics};
use prometheus::{IntGauge, Registry};
use runtime::metrics::gauge;
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The bytes that all bodies together may take up.
#[derive(Debug)]
pub(crate) struct BodyMemory {
    limit: usize,
    held: Mutex<Held>,
    in_flight: IntGauge,
    limit_metrics: LimitMetrics,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    /// How many of them make room for nobody.
    authenticated: usize,
    next: u64,
    /// Bodies that are still read or checked, in the order of their latest bytes, oldest first.
    unauthenticated: BTreeMap<u64, Unauthenticated>,
}

#[derive(Debug)]
struct Unauthenticated {
    bytes: usize,
    evict: oneshot::Sender<()>,
}

/// There is no room, and nobody to make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

/// What one body holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    memory: Arc<BodyMemory>,
    state: State,
    bytes: usize,
    eviction: Option<oneshot::Receiver<()>>,
}

/// Where a body stands.
#[derive(Debug)]
enum State {
    /// Nothing of it has come, so it holds nothing that others could need.
    Outside(oneshot::Sender<()>),
    /// Among the unauthenticated, under this number.
    Unauthenticated(u64),
    /// It makes room for nobody any more.
    Authenticated,
    /// It had to make room.
    Gone,
}

impl BodyMemory {
    pub(crate) fn new(limit: usize, registry: &Registry, limit_metrics: LimitMetrics) -> Arc<Self> {
        let in_flight = gauge(
            registry,
            "weir_ingest_body_bytes_in_flight",
            "Bytes of bodies that are read, checked or waited for now.",
        );
        Arc::new(Self { limit, held: Mutex::default(), in_flight, limit_metrics })
    }

    /// A permit without bytes yet, for a body that is about to be read; refused when a body of the `declared` length
    /// cannot fit whoever makes room.
    pub(crate) fn open(self: &Arc<Self>, declared: usize) -> Result<Permit, Short> {
        if self.lock().authenticated + declared > self.limit {
            self.limit_metrics.count(Limit::BodyBytes);
            return Err(Short);
        }
        let (evict, is_evicted) = oneshot::channel();
        let state = State::Outside(evict);
        Ok(Permit { memory: Arc::clone(self), state, bytes: 0, eviction: Some(is_evicted) })
    }

    /// Evicts bodies until there is room for `bytes`; none if that cannot be.
    fn make_room(&self, held: &mut Held, bytes: usize) -> Result<(), Short> {
        if held.authenticated + bytes > self.limit {
            self.limit_metrics.count(Limit::BodyBytes);
            return Err(Short);
        }
        while held.bytes + bytes > self.limit {
            let Some(evicted) = held.evict(self.limit) else { break };
            held.bytes -= evicted.bytes;
            self.limit_metrics.count(Limit::BodyBytes);
            // Who reads that body may just have ended, which is as good.
            let _told = evicted.evict.send(());
        }
        Ok(())
    }

    fn show(&self, held: &Held) {
        self.in_flight.set(i64::try_from(held.bytes).unwrap_or(i64::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The body that makes room: the one behind this call counts as one more that wants an equal part of `limit`.
    fn evict(&mut self, limit: usize) -> Option<Unauthenticated> {
        let part = limit / (self.unauthenticated.len() + 1);
        let greedy = self.unauthenticated.iter().find(|(_, body)| body.bytes > part);
        let (id, _) = greedy.or_else(|| self.unauthenticated.first_key_value())?;
        let id = *id;
        self.unauthenticated.remove(&id)
    }

    /// Puts a body behind all others.
    fn insert(&mut self, body: Unauthenticated) -> u64 {
        let id = self.next;
        self.next += 1;
        self.unauthenticated.insert(id, body);
        id
    }
}

impl Permit {
    /// Grows the permit to `bytes`.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Short> {
        let mut held = self.memory.lock();
        // Not in the list meanwhile, so that it does not make room for itself.
        let mut own = match std::mem::replace(&mut self.state, State::Gone) {
            State::Outside(evict) => Unauthenticated { bytes: 0, evict },
            State::Unauthenticated(id) => held.unauthenticated.remove(&id).ok_or(Short)?,
            State::Authenticated | State::Gone => return Err(Short),
        };
        held.bytes -= own.bytes;
        self.memory.make_room(&mut held, bytes)?;
        own.bytes = bytes;
        held.bytes += bytes;
        self.memory.show(&held);
        self.state = State::Unauthenticated(held.insert(own));
        self.bytes = bytes;
        Ok(())
    }

    /// The body is signed: from now on it makes room for nobody. `Err` when it just has.
    pub(crate) fn authenticate(&mut self) -> Result<(), Short> {
        let mut held = self.memory.lock();
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Unauthenticated(id) => held.unauthenticated.remove(&id).map(drop).ok_or(Short)?,
            State::Outside(_) => {}
            State::Authenticated | State::Gone => return Err(Short),
        }
        held.authenticated += self.bytes;
        self.state = State::Authenticated;
        Ok(())
    }

    /// Returns once the body has to make room.
    pub(crate) async fn is_evicted(&mut self) {
        if let Some(eviction) = &mut self.eviction
            && eviction.await.is_ok()
        {
            return;
        }
        // Nobody can cut it any more.
        self.eviction = None;
        pending::<()>().await;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.memory.lock();
        match self.state {
            State::Authenticated => held.authenticated -= self.bytes,
            State::Unauthenticated(id) if held.unauthenticated.remove(&id).is_some() => {}
            State::Unauthenticated(_) | State::Outside(_) | State::Gone => return,
        }
        held.bytes -= self.bytes;
        self.memory.show(&held);
    }
}

#[cfg(test)]
mod tests;
