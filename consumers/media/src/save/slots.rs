//! Slots for what is done at once. Of those who wait, the one whose link dies first gets the next slot; every third slot goes to the one
//! who has waited longest among those of the host that holds the fewest. A host holds at most half of the slots while others wait.

use runtime::mutex::lock;
use schemas::Millis;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// One slot of so many goes by the time waited, not by when the link dies. Links that die soon and that nobody answers are tried
/// again and again: were all slots theirs, no other would be followed, and without another that is answered they are never given up.
/// Those of a host that is silent came first, too, where they have had all slots for a while.
const LONGEST_EVERY: u64 = 3;

/// The slots; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Mutex<Queue>>);

/// One of them; dropping it hands it on.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    host: Arc<str>,
}

#[derive(Debug)]
struct Queue {
    free: usize,
    /// So many a host may have while others wait.
    share: usize,
    /// Of each host that has any.
    held: BTreeMap<Arc<str>, usize>,
    waiting: BTreeMap<Priority, Waiter>,
    /// How many have waited so far: the last one's number.
    arrivals: u64,
    /// How many slots have come back so far.
    releases: u64,
}

/// When the link dies, and of those that die at once, the order in which they came.
type Priority = (Millis, u64);

/// One who waits for a slot.
#[derive(Debug)]
struct Waiter {
    host: Arc<str>,
    slot: oneshot::Sender<Slot>,
}

/// A place among those who wait, left when dropped.
struct Waiting<'a> {
    slots: &'a Slots,
    priority: Priority,
}

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        let share = count.div_ceil(2);
        let (held, waiting) = (BTreeMap::new(), BTreeMap::new());
        Self(Arc::new(Mutex::new(Queue { free: count, share, held, waiting, arrivals: 0, releases: 0 })))
    }

    /// A slot for a link at a host that dies then. Cancel safe: a slot that came too late is handed on.
    pub(super) async fn acquire(&self, dies: Millis, host: &str) -> Slot {
        let (priority, given) = match self.enter(dies, host.into()) {
            Ok(slot) => return slot,
            Err(waits) => waits,
        };
        let _left_when_dropped = Waiting { slots: self, priority };
        given.await.expect("whoever waits keeps their place")
    }

    /// A slot that is free, or a place and where its slot will come.
    fn enter(&self, dies: Millis, host: Arc<str>) -> Result<Slot, (Priority, oneshot::Receiver<Slot>)> {
        let mut queue = lock(&self.0);
        if queue.free > 0 {
            queue.free -= 1;
            queue.hold(&host);
            return Ok(Slot { slots: self.clone(), host });
        }
        queue.arrivals += 1;
        let (priority, (slot, given)) = ((dies, queue.arrivals), oneshot::channel());
        queue.waiting.insert(priority, Waiter { host, slot });
        Err((priority, given))
    }

    /// The one who has the slot next that a host gives back; where nobody waits it is free.
    fn next(&self, host: &str) -> Option<Waiter> {
        let mut queue = lock(&self.0);
        queue.release(host);
        let next = queue.next();
        match &next {
            Some(waiter) => queue.hold(&waiter.host),
            None => queue.free += 1,
        }
        next
    }
}

impl Queue {
    fn next(&mut self) -> Option<Waiter> {
        self.releases += 1;
        let held = |waiter: &Waiter| self.held.get(&waiter.host).copied().unwrap_or_default();
        let next = if self.releases.is_multiple_of(LONGEST_EVERY) {
            self.waiting.iter().min_by_key(|((_, arrival), waiter)| (held(waiter), *arrival))
        } else {
            let within_share = self.waiting.iter().find(|(_, waiter)| held(waiter) < self.share);
            within_share.or_else(|| self.waiting.first_key_value())
        };
        let priority = *next?.0;
        self.waiting.remove(&priority)
    }

    fn hold(&mut self, host: &Arc<str>) {
        *self.held.entry(Arc::clone(host)).or_default() += 1;
    }

    fn release(&mut self, host: &str) {
        if let Some(held) = self.held.get_mut(host) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(host);
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(Waiter { host, slot }) = self.slots.next(&self.host) {
            // It comes back from whoever does not wait any more, and is handed on again.
            drop(slot.send(Self { slots: self.slots.clone(), host }));
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.slots.0).waiting.remove(&self.priority);
    }
}

#[cfg(test)]
mod tests;
