//! Slots for what is done at once: of those who wait, the one whose link dies first has the next, and of three slots the one who came
//! first has one.

use runtime::mutex::lock;
use schemas::Millis;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// One slot of so many goes to who came first. Links that die soon and that nobody answers are tried again and again: were all slots
/// theirs, no other would be followed, and without another that is answered they are never given up.
const FIRST_EVERY: u64 = 3;

/// The slots; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Mutex<Queue>>);

/// One of them; dropping it hands it on.
#[derive(Debug)]
pub(super) struct Slot(Slots);

#[derive(Debug)]
struct Queue {
    free: usize,
    waiting: BTreeMap<Place, oneshot::Sender<Slot>>,
    /// How many have waited so far.
    came: u64,
    /// How many slots have come back so far.
    returned: u64,
}

/// When the link dies, and of those that die at once, the order in which they came.
type Place = (Millis, u64);

/// A place among those who wait, left when dropped.
struct Waiting<'a> {
    slots: &'a Slots,
    place: Place,
}

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue { free: count, waiting: BTreeMap::new(), came: 0, returned: 0 })))
    }

    /// A slot for a link that dies then. Cancel safe: a slot that came too late is handed on.
    pub(super) async fn acquire(&self, dies: Millis) -> Slot {
        let (place, given) = match self.enter(dies) {
            Ok(slot) => return slot,
            Err(waits) => waits,
        };
        let _left_when_dropped = Waiting { slots: self, place };
        given.await.expect("whoever waits keeps their place")
    }

    /// A slot that is free, or a place and where its slot will come.
    fn enter(&self, dies: Millis) -> Result<Slot, (Place, oneshot::Receiver<Slot>)> {
        let mut queue = lock(&self.0);
        if queue.free > 0 {
            queue.free -= 1;
            return Ok(Slot(self.clone()));
        }
        queue.came += 1;
        let (place, (turn, given)) = ((dies, queue.came), oneshot::channel());
        queue.waiting.insert(place, turn);
        Err((place, given))
    }

    /// The one who has the next slot; where nobody waits it is free.
    fn next(&self) -> Option<oneshot::Sender<Slot>> {
        let mut queue = lock(&self.0);
        let next = queue.next();
        if next.is_none() {
            queue.free += 1;
        }
        next
    }
}

impl Queue {
    fn next(&mut self) -> Option<oneshot::Sender<Slot>> {
        self.returned += 1;
        if !self.returned.is_multiple_of(FIRST_EVERY) {
            return self.waiting.pop_first().map(|(_, turn)| turn);
        }
        let first = self.waiting.keys().min_by_key(|(_, came)| *came).copied()?;
        self.waiting.remove(&first)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(turn) = self.0.next() {
            // It comes back from whoever does not wait any more, and is handed on again.
            drop(turn.send(Self(self.0.clone())));
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.slots.0).waiting.remove(&self.place);
    }
}

#[cfg(test)]
mod tests;
