//! Slots for connections, and which of them is evicted for a new one.
//!
//! Anybody can open connections and hold them for as long as the timeouts allow. So when all slots are taken, the oldest
//! connection that has authenticated nothing is evicted: an honest client has done so within milliseconds. What was
//! authenticated counts for as long as its request is under way, and for a while after: who has captured one signed
//! request and replays it cannot hold more than half of the slots idle.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::mutex::lock;

/// The slots, and who holds them.
#[derive(Debug)]
pub struct Connections {
    slots: usize,
    /// For how long after an authenticated request a connection counts as younger than a new one.
    authenticated_for: Duration,
    held: Mutex<SlotTable>,
}

#[derive(Debug, Default)]
struct SlotTable {
    /// The latest place that was given; a later one is of a later time.
    latest: u64,
    /// Those without an authenticated request, by when they were opened.
    unauthenticated: BTreeMap<u64, Holder>,
    /// Those whose latest authenticated request has ended, by when it did.
    idle: BTreeMap<u64, Holder>,
    /// How many have one under way, which is when they have no place.
    busy: usize,
}

#[derive(Debug)]
struct Holder {
    since: Instant,
    evicted: Arc<Notify>,
}

/// A connection's slot; free again when the last clone of its `Arc` is dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Arc<Connections>,
    /// Written with the table locked.
    place: AtomicU64,
    evicted: Arc<Notify>,
}

/// A slot for a new connection.
#[derive(Debug)]
pub struct Admitted {
    /// To be held for as long as the connection is open.
    pub slot: Arc<Slot>,
    /// Whether another one was evicted for it.
    pub evicts_another: bool,
}

/// An authenticated request under way; its connection is not evicted meanwhile.
#[derive(Debug)]
pub struct Authenticated {
    slot: Arc<Slot>,
    /// Not where the connection was evicted before.
    is_busy: bool,
}

impl Connections {
    /// Slots for this many.
    pub fn new(slots: usize, authenticated_for: Duration) -> Arc<Self> {
        Arc::new(Self { slots, authenticated_for, held: Mutex::default() })
    }

    /// A slot for a new connection, another's if need be; `None` when each has an authenticated request under way.
    pub fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let mut held = lock(&self.held);
        let evicts_another = held.len() >= self.slots;
        if evicts_another && !self.evict_one(&mut held) {
            return None;
        }
        let (place, holder) = held.place(Arc::default());
        let evicted = Arc::clone(&holder.evicted);
        held.unauthenticated.insert(place, holder);
        let slot = Slot { connections: Arc::clone(self), place: AtomicU64::new(place), evicted };
        Some(Admitted { slot: Arc::new(slot), evicts_another })
    }

    /// Evicts up to `most` connections for nobody, so that the system has descriptors again; how many there were.
    pub fn evict(&self, most: usize) -> usize {
        let mut held = lock(&self.held);
        (0..most).take_while(|_| self.evict_one(&mut held)).count()
    }

    fn evict_one(&self, held: &mut SlotTable) -> bool {
        let oldest =
            |holders: &BTreeMap<_, Holder>| holders.first_key_value().map(|(_, holder)| holder.since);
        let takes_idle = match (oldest(&held.idle), oldest(&held.unauthenticated)) {
            (Some(ended), Some(opened)) => {
                held.idle.len() + held.busy > self.slots / 2 || ended + self.authenticated_for < opened
            }
            (idle, _) => idle.is_some(),
        };
        let holders = if takes_idle { &mut held.idle } else { &mut held.unauthenticated };
        let Some((_, evicted)) = holders.pop_first() else { return false };
        evicted.evicted.notify_one();
        true
    }
}

impl SlotTable {
    fn len(&self) -> usize {
        self.unauthenticated.len() + self.idle.len() + self.busy
    }

    /// The next place, behind all others.
    fn place(&mut self, evicted: Arc<Notify>) -> (u64, Holder) {
        self.latest += 1;
        (self.latest, Holder { since: Instant::now(), evicted })
    }

    /// Whether there was somebody: who was evicted has no place any more.
    fn remove(&mut self, place: u64) -> bool {
        self.idle.remove(&place).or_else(|| self.unauthenticated.remove(&place)).is_some()
    }
}

impl Slot {
    /// A request of this connection was authenticated; it is under way until what this returns is dropped.
    pub fn authenticate(self: &Arc<Self>) -> Authenticated {
        let mut held = lock(&self.connections.held);
        let is_busy = held.remove(self.place.load(Ordering::Relaxed));
        held.busy += usize::from(is_busy);
        Authenticated { slot: Arc::clone(self), is_busy }
    }

    /// Returns once the connection is evicted; if it never is, never.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Authenticated {
    fn drop(&mut self) {
        if self.is_busy {
            let mut held = lock(&self.slot.connections.held);
            held.busy -= 1;
            let (place, holder) = held.place(Arc::clone(&self.slot.evicted));
            held.idle.insert(place, holder);
            self.slot.place.store(place, Ordering::Relaxed);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.connections.held).remove(*self.place.get_mut());
    }
}

/// Whether a connection could not be accepted for want of descriptors or memory, which evicting others gives back.
pub fn is_exhausted(error: &io::Error) -> bool {
    // The process's descriptors, the system's, buffers, memory.
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

#[cfg(test)]
mod tests;
