//! Slots for what is done at once: of those who wait, the one whose link dies first has the next, and of three slots the one who came
//! first has one; no host has more than half of them where others wait.

use runtime::mutex::lock;
use schemas::Millis;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// One slot of so many goes to who came first of the host that has the fewest. Links that die soon and that nobody answers are tried
/// again and again: were all slots theirs, no other would be followed, and without another that is answered they are never given up.
/// Those of a host that is silent came first, too, where they have had all slots for a while.
const FIRST_EVERY: u64 = 3;

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
    waiting: BTreeMap<Place, Turn>,
    /// How many have waited so far.
    came: u64,
    /// How many slots have come back so far.
    returned: u64,
}

/// When the link dies, and of those that die at once, the order in which they came.
type Place = (Millis, u64);

/// Whose the next slot may be.
#[derive(Debug)]
struct Turn {
    host: Arc<str>,
    slot: oneshot::Sender<Slot>,
}

/// A place among those who wait, left when dropped.
struct Waiting<'a> {
    slots: &'a Slots,
    place: Place,
}

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        let share = count.div_ceil(2);
        let (held, waiting) = (BTreeMap::new(), BTreeMap::new());
        Self(Arc::new(Mutex::new(Queue { free: count, share, held, waiting, came: 0, returned: 0 })))
    }

    /// A slot for a link at a host that dies then. Cancel safe: a slot that came too late is handed on.
    pub(super) async fn acquire(&self, dies: Millis, host: &str) -> Slot {
        let (place, given) = match self.enter(dies, host.into()) {
            Ok(slot) => return slot,
            Err(waits) => waits,
        };
        let _left_when_dropped = Waiting { slots: self, place };
        given.await.expect("whoever waits keeps their place")
    }

    /// A slot that is free, or a place and where its slot will come.
    fn enter(&self, dies: Millis, host: Arc<str>) -> Result<Slot, (Place, oneshot::Receiver<Slot>)> {
        let mut queue = lock(&self.0);
        if queue.free > 0 {
            queue.free -= 1;
            queue.hold(&host);
            return Ok(Slot { slots: self.clone(), host });
        }
        queue.came += 1;
        let (place, (slot, given)) = ((dies, queue.came), oneshot::channel());
        queue.waiting.insert(place, Turn { host, slot });
        Err((place, given))
    }

    /// The one who has the slot next that a host gives back; where nobody waits it is free.
    fn next(&self, host: &str) -> Option<Turn> {
        let mut queue = lock(&self.0);
        queue.release(host);
        let next = queue.next();
        match &next {
            Some(turn) => queue.hold(&turn.host),
            None => queue.free += 1,
        }
        next
    }
}

impl Queue {
    fn next(&mut self) -> Option<Turn> {
        self.returned += 1;
        let held = |turn: &Turn| self.held.get(&turn.host).copied().unwrap_or_default();
        let next = if self.returned.is_multiple_of(FIRST_EVERY) {
            self.waiting.iter().min_by_key(|((_, came), turn)| (held(turn), *came))
        } else {
            let within_share = self.waiting.iter().find(|(_, turn)| held(turn) < self.share);
            within_share.or_else(|| self.waiting.first_key_value())
        };
        let place = *next?.0;
        self.waiting.remove(&place)
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
        if let Some(Turn { host, slot }) = self.slots.next(&self.host) {
            // It comes back from whoever does not wait any more, and is handed on again.
            drop(slot.send(Self { slots: self.slots.clone(), host }));
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
