//! How many bytes of bodies are held at once, all requests together.
//!
//! Anybody can send a body, and who signed it is known once all of it is here. So that nobody holds the whole budget by
//! sending slowly, the body that has waited longest for its next bytes makes room for others, unless its signature is
//! proven: an honest body keeps coming and is there within milliseconds. What counts is what has come, never what a
//! head declares: to push others out, one has to send as much as the whole budget in the time between two of their
//! packets.

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
    /// How many of them make room for nobody.
    proven: usize,
    next: u64,
    /// Bodies that are still read or checked, in the order of their latest bytes, oldest first.
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
    place: Place,
    bytes: usize,
    cut: Option<oneshot::Receiver<()>>,
}

/// Where a body stands.
#[derive(Debug)]
enum Place {
    /// Nothing of it has come, so it holds nothing that others could need.
    Outside(oneshot::Sender<()>),
    /// Among the unproven, under this number.
    Unproven(u64),
    /// It makes room for nobody any more.
    Proven,
    /// It had to make room.
    Gone,
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

    /// A share without bytes yet, for a body that is about to be read; refused when a body of the `declared` length
    /// cannot fit whoever makes room.
    pub(crate) fn open(self: &Arc<Self>, declared: usize) -> Result<Share, Short> {
        if self.lock().proven + declared > self.limit {
            self.refusals.count(Limit::BodyBytes);
            return Err(Short);
        }
        let (cut, is_cut) = oneshot::channel();
        let place = Place::Outside(cut);
        Ok(Share { budget: Arc::clone(self), place, bytes: 0, cut: Some(is_cut) })
    }

    /// Cuts off bodies, the longest waiting first, until there is room for `bytes`; none if that cannot be.
    fn make_room(&self, held: &mut Held, bytes: usize) -> Result<(), Short> {
        if held.proven + bytes > self.limit {
            self.refusals.count(Limit::BodyBytes);
            return Err(Short);
        }
        while held.bytes + bytes > self.limit {
            let Some((_, oldest)) = held.unproven.pop_first() else { break };
            held.bytes -= oldest.bytes;
            self.refusals.count(Limit::BodyBytes);
            // Who reads that body may just have ended, which is as good.
            let _told = oldest.cut.send(());
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
    /// Puts a body behind all others.
    fn insert(&mut self, body: Unproven) -> u64 {
        let id = self.next;
        self.next += 1;
        self.unproven.insert(id, body);
        id
    }
}

impl Share {
    /// Grows the share to `bytes`.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Short> {
        let mut held = self.budget.lock();
        // Not in the list meanwhile, so that it does not make room for itself.
        let mut own = match std::mem::replace(&mut self.place, Place::Gone) {
            Place::Outside(cut) => Unproven { bytes: 0, cut },
            Place::Unproven(id) => held.unproven.remove(&id).ok_or(Short)?,
            Place::Proven | Place::Gone => return Err(Short),
        };
        held.bytes -= own.bytes;
        self.budget.make_room(&mut held, bytes)?;
        own.bytes = bytes;
        held.bytes += bytes;
        self.budget.show(&held);
        self.place = Place::Unproven(held.insert(own));
        self.bytes = bytes;
        Ok(())
    }

    /// The body is signed: from now on it makes room for nobody. `Err` when it just has.
    pub(crate) fn prove(&mut self) -> Result<(), Short> {
        let mut held = self.budget.lock();
        match std::mem::replace(&mut self.place, Place::Gone) {
            Place::Unproven(id) => held.unproven.remove(&id).map(drop).ok_or(Short)?,
            Place::Outside(_) => {}
            Place::Proven | Place::Gone => return Err(Short),
        }
        held.proven += self.bytes;
        self.place = Place::Proven;
        Ok(())
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
        match self.place {
            Place::Proven => held.proven -= self.bytes,
            Place::Unproven(id) if held.unproven.remove(&id).is_some() => {}
            Place::Unproven(_) | Place::Outside(_) | Place::Gone => return,
        }
        held.bytes -= self.bytes;
        self.budget.show(&held);
    }
}

#[cfg(test)]
mod tests;
