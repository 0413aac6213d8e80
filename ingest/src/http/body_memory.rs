//! Memory permits: how many bytes of bodies are held at once, all requests together.
//!
//! Anybody can send a body, and who signed it is known only once all of it is received. So that nobody holds the whole
//! limit by sending slowly or much, bodies that are not authenticated yet are evicted for others: the one that has waited
//! longest for its next bytes, of those that hold more than an equal share; where there is none, of those that hold half of
//! one or more; where there is none, of all.
//! An honest body is small, or keeps coming and is received within milliseconds. What counts is what was received, never
//! what a head declares: to evict others, one has to send as much as the whole limit between two of their packets.

use crate::http::body::BodyFault::{self, LimitReached};
use crate::metrics::{Limit, Metrics};
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// The bytes that all bodies together may take up.
pub(crate) struct BodyMemory {
    limit: usize,
    held: Mutex<MemoryUsage>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct MemoryUsage {
    bytes: usize,
    /// How many of them are of authenticated bodies, which are not evicted.
    authenticated: usize,
    next: u64,
    /// Bodies that are still being read or verified, in the order of their latest bytes, oldest first.
    unauthenticated: BTreeMap<u64, Unauthenticated>,
}

struct Unauthenticated {
    bytes: usize,
    evict: oneshot::Sender<()>,
}

/// The bytes that one body holds; released when it is dropped.
pub(crate) struct Permit {
    memory: Arc<BodyMemory>,
    state: State,
    bytes: usize,
    eviction: Option<oneshot::Receiver<()>>,
}

/// The state of a permit.
enum State {
    /// Nothing was received yet, so there is nothing to evict.
    Empty(oneshot::Sender<()>),
    /// Listed among the unauthenticated under this number.
    Unauthenticated(u64),
    /// It is not evicted any more.
    Authenticated,
    /// It was evicted, or is being changed.
    Evicted,
}

impl BodyMemory {
    pub(crate) fn new(limit: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { limit, held: Mutex::default(), metrics })
    }

    /// A permit without bytes yet, for a body that is about to be read; refused when a body of the `declared` length
    /// could not fit whatever is evicted.
    pub(crate) fn open(self: &Arc<Self>, declared: usize) -> Result<Permit, BodyFault> {
        if self.lock().authenticated + declared > self.limit {
            self.metrics.limits.count(Limit::BodyBytes);
            return Err(LimitReached);
        }
        let (evict, is_evicted) = oneshot::channel();
        let state = State::Empty(evict);
        Ok(Permit { memory: Arc::clone(self), state, bytes: 0, eviction: Some(is_evicted) })
    }

    /// Evicts bodies until `bytes` more fit; none where they cannot.
    fn evict_for(&self, held: &mut MemoryUsage, bytes: usize) -> Result<(), BodyFault> {
        if held.authenticated + bytes > self.limit {
            self.metrics.limits.count(Limit::BodyBytes);
            return Err(LimitReached);
        }
        while held.bytes + bytes > self.limit {
            let Some(evicted) = held.evict(self.limit) else { break };
            held.bytes -= evicted.bytes;
            self.metrics.limits.count(Limit::BodyBytes);
            // Whoever reads that body may just have finished, which is as good.
            let _sent = evicted.evict.send(());
        }
        Ok(())
    }

    fn update_gauge(&self, held: &MemoryUsage) {
        self.metrics.body_bytes_in_flight.set(i64::try_from(held.bytes).unwrap_or(i64::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, MemoryUsage> {
        runtime::mutex::lock(&self.held)
    }
}

impl MemoryUsage {
    /// The body to evict: the one that needs the space counts as one more that gets an equal share of what authenticated
    /// bodies leave of `limit`.
    fn evict(&mut self, limit: usize) -> Option<Unauthenticated> {
        let share = limit.saturating_sub(self.authenticated) / (self.unauthenticated.len() + 1);
        let longest_waiting =
            |least: usize| self.unauthenticated.iter().find(|(_, body)| body.bytes >= least);
        // Many who hold nearly a share each take all of it as well: whoever holds little is not evicted for them.
        let evicted = [share + 1, share / 2, 0].into_iter().find_map(longest_waiting);
        let id = *evicted?.0;
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
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), BodyFault> {
        let mut held = self.memory.lock();
        // Not in the list meanwhile, so that it does not evict itself.
        let mut own = match std::mem::replace(&mut self.state, State::Evicted) {
            State::Empty(evict) => Unauthenticated { bytes: 0, evict },
            State::Unauthenticated(id) => held.unauthenticated.remove(&id).ok_or(LimitReached)?,
            State::Authenticated | State::Evicted => return Err(LimitReached),
        };
        held.bytes -= own.bytes;
        self.memory.evict_for(&mut held, bytes)?;
        own.bytes = bytes;
        held.bytes += bytes;
        self.memory.update_gauge(&held);
        self.state = State::Unauthenticated(held.insert(own));
        self.bytes = bytes;
        Ok(())
    }

    /// The body is signed: it is not evicted from now on. `Err` where it just was.
    pub(crate) fn authenticate(&mut self) -> Result<(), BodyFault> {
        let mut held = self.memory.lock();
        match std::mem::replace(&mut self.state, State::Evicted) {
            State::Unauthenticated(id) => held.unauthenticated.remove(&id).map(drop).ok_or(LimitReached)?,
            State::Empty(_) => {}
            State::Authenticated | State::Evicted => return Err(LimitReached),
        }
        held.authenticated += self.bytes;
        self.state = State::Authenticated;
        Ok(())
    }

    /// Returns once the body is evicted.
    pub(crate) async fn is_evicted(&mut self) {
        if let Some(eviction) = &mut self.eviction
            && eviction.await.is_ok()
        {
            return;
        }
        // It cannot be evicted any more.
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
            State::Unauthenticated(_) | State::Empty(_) | State::Evicted => return,
        }
        held.bytes -= self.bytes;
        self.memory.update_gauge(&held);
    }
}

#[cfg(test)]
mod tests;
