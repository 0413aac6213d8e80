//! Memory permits: how many bytes of bodies are held at once, all requests together.
//!
//! Anybody can send a body, and who signed it is known only once all of it is received. So that nobody holds the whole
//! limit by sending slowly or much, bodies that are not authenticated yet are evicted for others: the one that has waited
//! longest for its next bytes, of those that hold more than an equal share; where there is none, of those that hold half of
//! one or more; where there is none, of all.
//! An honest body is small, or keeps coming and is received within milliseconds. What counts is what was received, never
//! what a head declares: to evict others, one has to send as much as the whole limit between two of their packets.

use crate::http::response::Unavailable;
use crate::metrics::{Limit, Metrics};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

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
    evicted: Arc<Notify>,
}

/// The bytes that one body holds; released when it is dropped.
pub(crate) struct Permit {
    memory: Arc<BodyMemory>,
    state: State,
    bytes: usize,
    evicted: Arc<Notify>,
}

/// The state of a permit.
enum State {
    /// Nothing was received yet, so there is nothing to evict.
    Empty,
    /// Listed among the unauthenticated under this number; where it is not, it was evicted.
    Unauthenticated(u64),
    /// It is not evicted any more.
    Authenticated,
}

impl BodyMemory {
    pub(crate) fn new(limit: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { limit, held: Mutex::default(), metrics })
    }

    /// A permit without bytes yet, for a body that is about to be read; refused when a body of the `declared` length
    /// could not fit whatever is evicted.
    pub(crate) fn open(self: &Arc<Self>, declared: usize) -> Result<Permit, Unavailable> {
        self.could_fit(&self.lock(), declared)?;
        Ok(Permit { memory: Arc::clone(self), state: State::Empty, bytes: 0, evicted: Arc::default() })
    }

    /// Whether so many bytes fit beside those that are not evicted.
    fn could_fit(&self, held: &MemoryUsage, bytes: usize) -> Result<(), Unavailable> {
        if held.authenticated + bytes > self.limit {
            self.metrics.limits.count(Limit::BodyBytes);
            return Err(Unavailable::BodyBytes);
        }
        Ok(())
    }

    /// Evicts bodies until `bytes` more fit; none where they cannot.
    fn evict_for(&self, held: &mut MemoryUsage, bytes: usize) -> Result<(), Unavailable> {
        self.could_fit(held, bytes)?;
        while held.bytes + bytes > self.limit {
            let Some(evicted) = held.evict(self.limit) else { break };
            held.bytes -= evicted.bytes;
            self.metrics.limits.count(Limit::BodyBytes);
            evicted.evicted.notify_one();
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
}

impl Permit {
    /// Grows the permit to `bytes`, and puts the body behind all others. `Err` where it was evicted, or has to be.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Unavailable> {
        let mut held = self.memory.lock();
        // Not in the list meanwhile, so that it does not evict itself.
        self.unlist(&mut held)?;
        held.bytes -= self.bytes;
        self.memory.evict_for(&mut held, bytes)?;
        held.bytes += bytes;
        self.bytes = bytes;
        let id = held.next;
        held.next += 1;
        held.unauthenticated.insert(id, Unauthenticated { bytes, evicted: Arc::clone(&self.evicted) });
        self.state = State::Unauthenticated(id);
        self.memory.update_gauge(&held);
        Ok(())
    }

    /// The body is signed: it is not evicted from now on. `Err` where it just was.
    pub(crate) fn authenticate(&mut self) -> Result<(), Unavailable> {
        let mut held = self.memory.lock();
        self.unlist(&mut held)?;
        held.authenticated += self.bytes;
        self.state = State::Authenticated;
        Ok(())
    }

    /// Takes it from the list, where it is if anything was received and it was not evicted.
    fn unlist(&self, held: &mut MemoryUsage) -> Result<(), Unavailable> {
        if let State::Unauthenticated(id) = self.state {
            held.unauthenticated.remove(&id).ok_or(Unavailable::BodyBytes)?;
        }
        Ok(())
    }

    /// Returns once the body is evicted.
    pub(crate) async fn is_evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.memory.lock();
        if matches!(self.state, State::Authenticated) {
            held.authenticated -= self.bytes;
        }
        // What was evicted is held no more.
        if self.unlist(&mut held).is_ok() {
            held.bytes -= self.bytes;
        }
        self.memory.update_gauge(&held);
    }
}

#[cfg(test)]
mod tests;
