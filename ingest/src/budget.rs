//! How many bytes of bodies are held at once, all requests together.
//!
//! Anybody can send a body, and who signed it is known once all of it is here. So that nobody holds the whole budget by
//! sending slowly, the oldest body whose signature is not proven yet makes room for a new one: an honest body is there
//! within milliseconds and is never the oldest for long.

use crate::refusals::{Limit, Refusals};
use prometheus::{IntGauge, Registry};
use runtime::metrics::gauge;
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The bytes that all bodies together may take up.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    held: Mutex<Held>,
    in_flight: IntGauge,
    refusals: Refusals,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    next: u64,
    /// Bodies that are still read or checked, oldest first.
    unproven: BTreeMap<u64, Unproven>,
}

#[derive(Debug)]
struct Unproven {
    bytes: usize,
    cut: oneshot::Sender<()>,
}

/// There is no room, and nobody to make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

/// What one body holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    id: u64,
    bytes: usize,
    is_proven: bool,
    cut: Option<oneshot::Receiver<()>>,
}

impl Budget {
    pub(crate) fn new(limit: usize, registry: &Registry, refusals: Refusals) -> Arc<Self> {
        let in_flight = gauge(
            registry,
            "weir_ingest_body_bytes_in_flight",
            "Bytes of bodies that are read, checked or waited for now.",
        );
        Arc::new(Self { limit, held: Mutex::default(), in_flight, refusals })
    }

    /// A share of `bytes`, for a body that is about to be read.
    pub(crate) fn share(self: &Arc<Self>, bytes: usize) -> Result<Share, Short> {
        let mut held = self.lock();
        let id = held.next;
        held.next += 1;
        self.make_room(&mut held, id, bytes)?;
        let (cut, is_cut) = oneshot::channel();
        held.unproven.insert(id, Unproven { bytes, cut });
        Ok(Share { budget: Arc::clone(self), id, bytes, is_proven: false, cut: Some(is_cut) })
    }

    /// Takes `bytes` more, for the body `id`; cuts off bodies that are older than it and unproven where it must.
    fn make_room(&self, held: &mut Held, id: u64, bytes: usize) -> Result<(), Short> {
        if held.bytes + bytes > self.limit {
            let older: usize = held.unproven.range(..id).map(|(_, body)| body.bytes).sum();
            if held.bytes - older + bytes > self.limit {
                self.refusals.count(Limit::BodyBytes);
                return Err(Short);
            }
        }
        while held.bytes + bytes > self.limit {
            let Some((_, oldest)) = held.unproven.pop_first() else { break };
            held.bytes -= oldest.bytes;
            self.refusals.count(Limit::BodyBytes);
            // Who reads that body may just have ended, which is as good.
            let _told = oldest.cut.send(());
        }
        held.bytes += bytes;
        self.show(held);
        Ok(())
    }

    fn show(&self, held: &Held) {
        self.in_flight.set(i64::try_from(held.bytes).unwrap_or(i64::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Grows the share to `bytes`.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Short> {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            return Ok(());
        }
        let mut held = self.budget.lock();
        if !held.unproven.contains_key(&self.id) {
            return Err(Short);
        }
        self.budget.make_room(&mut held, self.id, more)?;
        if let Some(own) = held.unproven.get_mut(&self.id) {
            own.bytes = bytes;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// The body is signed: from now on it makes room for nobody. `Err` when it just has.
    pub(crate) fn prove(&mut self) -> Result<(), Short> {
        self.is_proven = self.budget.lock().unproven.remove(&self.id).is_some();
        if self.is_proven { Ok(()) } else { Err(Short) }
    }

    /// Returns once the body has to make room.
    pub(crate) async fn is_cut(&mut self) {
        if let Some(cut) = &mut self.cut
            && cut.await.is_ok()
        {
            return;
        }
        // Nobody can cut it any more.
        self.cut = None;
        pending::<()>().await;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.budget.lock();
        if self.is_proven || held.unproven.remove(&self.id).is_some() {
            held.bytes -= self.bytes;
            self.budget.show(&held);
        }
    }
}

#[cfg(test)]
mod tests;
