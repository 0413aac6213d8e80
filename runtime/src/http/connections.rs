//! Slots for connections, and which of them is evicted for a new one.
//!
//! Anybody can open connections and hold them for as long as the timeouts allow. So when all slots are taken, the oldest
//! connection that has authenticated nothing is evicted: an honest client has done so within milliseconds. What was
//! authenticated counts for as long as its request is under way, and for a while after: who has captured one signed
//! request and replays it cannot hold more than half of the slots idle.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::mutex::lock;

/// The slots, and who holds them.
#[derive(Debug)]
pub struct Connections {
    slots: usize,
    /// For how many milliseconds after an authenticated request a connection counts as younger than a new one.
    authenticated_for: u64,
    opened: Instant,
    held: Mutex<SlotTable>,
}

#[derive(Debug, Default)]
struct SlotTable {
    next: u64,
    /// Those without an authenticated request, oldest first.
    unauthenticated: BTreeMap<Key, Holder>,
    /// Those with one, ordered by a lower bound of when their latest request ended.
    authenticated: BTreeMap<Key, Holder>,
    /// How often one of those was given a place.
    #[cfg(test)]
    placed: usize,
}

/// Milliseconds since the opening, and a number of the connection's own.
type Key = (u64, u64);

#[derive(Debug)]
struct Holder {
    activity: Arc<Activity>,
    evict: oneshot::Sender<()>,
}

/// What a connection does with its slot, without a lock.
#[derive(Debug)]
struct Activity {
    number: u64,
    /// The other half of its key.
    held_at: AtomicU64,
    is_authenticated: AtomicBool,
    is_busy: AtomicBool,
    /// When its latest authenticated request ended.
    latest: AtomicU64,
}

/// A connection's slot; free again when the last clone of its `Arc` is dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Arc<Connections>,
    activity: Arc<Activity>,
}

/// A slot for a new connection.
#[derive(Debug)]
pub struct Admitted {
    /// To be held for as long as the connection is open.
    pub slot: Arc<Slot>,
    /// Tells that it was given to another one.
    pub eviction: Eviction,
    /// Whether another one was evicted for it.
    pub evicts_another: bool,
}

/// Resolves when the connection is evicted.
#[derive(Debug)]
pub struct Eviction(oneshot::Receiver<()>);

/// An authenticated request under way; its connection is not evicted meanwhile.
#[derive(Debug)]
pub struct Authenticated(Arc<Slot>);

impl Connections {
    /// Slots for this many.
    pub fn new(slots: usize, authenticated_for: Duration) -> Arc<Self> {
        let authenticated_for = u64::try_from(authenticated_for.as_millis()).unwrap_or(u64::MAX);
        Arc::new(Self { slots, authenticated_for, opened: Instant::now(), held: Mutex::default() })
    }

    /// A slot for a new connection, another's if need be; `None` when each has an authenticated request under way.
    pub fn admit(self: &Arc<Self>) -> Option<Admitted> {
        let mut held = lock(&self.held);
        let evicts_another = held.len() >= self.slots;
        if evicts_another && !self.evict_one(&mut held) {
            return None;
        }
        let (evict, is_evicted) = oneshot::channel();
        held.next += 1;
        let activity = Arc::new(Activity {
            number: held.next,
            held_at: AtomicU64::new(self.now()),
            is_authenticated: AtomicBool::new(false),
            is_busy: AtomicBool::new(false),
            latest: AtomicU64::new(0),
        });
        let holder = Holder { activity: Arc::clone(&activity), evict };
        held.unauthenticated.insert(activity.key(), holder);
        let slot = Arc::new(Slot { connections: Arc::clone(self), activity });
        Some(Admitted { slot, eviction: Eviction(is_evicted), evicts_another })
    }

    /// Evicts up to `most` connections for nobody, so that the system has descriptors again; how many there were.
    pub fn evict(&self, most: usize) -> usize {
        let mut held = lock(&self.held);
        (0..most).take_while(|_| self.evict_one(&mut held)).count()
    }

    fn evict_one(&self, held: &mut SlotTable) -> bool {
        let idle = self.longest_idle(held);
        let oldest = held.unauthenticated.first_key_value().map(|(key, _)| *key);
        let takes_idle = match (idle, oldest) {
            (Some((latest, _)), Some((opened, _))) => {
                held.authenticated.len() > self.slots / 2
                    || latest.saturating_add(self.authenticated_for) < opened
            }
            (idle, _) => idle.is_some(),
        };
        let evicted = if takes_idle {
            idle.and_then(|key| held.authenticated.remove(&key))
        } else {
            oldest.and_then(|key| held.unauthenticated.remove(&key))
        };
        let Some(evicted) = evicted else { return false };
        // It may just have ended, which is as good.
        let _told = evicted.evict.send(());
        true
    }

    /// The authenticated connection whose latest request ended first. What has had another one since it was looked at
    /// finds its new place now, so that a request does not have to.
    fn longest_idle(&self, held: &mut SlotTable) -> Option<Key> {
        let begun = self.now();
        loop {
            let (key, holder) = held.authenticated.first_key_value()?;
            let (key, activity) = (*key, &holder.activity);
            let is_busy = activity.is_busy.load(Ordering::Relaxed);
            let latest = if is_busy { begun + 1 } else { activity.latest.load(Ordering::Relaxed) };
            if !is_busy && latest <= key.0 {
                return Some(key);
            }
            // A busy one's place is behind all that were idle when this began: where one is there already, none is left.
            if is_busy && key.0 > begun {
                return None;
            }
            let holder = held.authenticated.remove(&key)?;
            held.authenticate(holder, latest);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl SlotTable {
    fn len(&self) -> usize {
        self.unauthenticated.len() + self.authenticated.len()
    }

    fn authenticate(&mut self, holder: Holder, latest: u64) {
        #[cfg(test)]
        {
            self.placed += 1;
        }
        holder.activity.held_at.store(latest, Ordering::Relaxed);
        self.authenticated.insert(holder.activity.key(), holder);
    }
}

impl Activity {
    fn key(&self) -> Key {
        (self.held_at.load(Ordering::Relaxed), self.number)
    }
}

impl Slot {
    /// A request of this connection was authenticated; it is under way until what this returns is dropped.
    pub fn authenticate(self: &Arc<Self>) -> Authenticated {
        self.activity.is_busy.store(true, Ordering::Relaxed);
        if !self.activity.is_authenticated.swap(true, Ordering::Relaxed) {
            let mut held = lock(&self.connections.held);
            if let Some(holder) = held.unauthenticated.remove(&self.activity.key()) {
                held.authenticate(holder, self.connections.now());
            }
        }
        Authenticated(Arc::clone(self))
    }
}

impl Drop for Authenticated {
    fn drop(&mut self) {
        let Slot { connections, activity } = &*self.0;
        activity.latest.store(connections.now(), Ordering::Relaxed);
        activity.is_busy.store(false, Ordering::Relaxed);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = lock(&self.connections.held);
        let key = self.activity.key();
        if held.unauthenticated.remove(&key).is_none() {
            held.authenticated.remove(&key);
        }
    }
}

impl Eviction {
    /// Returns once the connection is evicted; if it never is, never.
    pub async fn come(self) {
        if self.0.await.is_err() {
            pending::<()>().await;
        }
    }
}

/// Whether a connection could not be accepted for want of descriptors or memory, which evicting others gives back.
pub fn is_exhausted(error: &io::Error) -> bool {
    // The process's descriptors, the system's, buffers, memory.
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

#[cfg(test)]
mod tests;
