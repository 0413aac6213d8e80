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
mod backlog;

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::pin::pin;

    fn dies(at: u64) -> Millis {
        Millis::since_epoch(at)
    }

    #[tokio::test]
    async fn no_more_have_one_at_once_than_there_are() {
        let slots = Slots::new(2);
        let [first, _second] = [slots.acquire(dies(1)).await, slots.acquire(dies(2)).await];
        assert!(slots.acquire(dies(0)).now_or_never().is_none());
        drop(first);
        assert!(slots.acquire(dies(3)).now_or_never().is_some());
        assert!(slots.acquire(dies(3)).now_or_never().is_some(), "it was given back");
    }

    #[tokio::test]
    async fn the_link_that_dies_first_has_the_next_and_of_equal_ones_the_one_that_came_first() {
        let slots = Slots::new(1);
        let slot = slots.acquire(dies(9)).await;
        let [mut late, mut early, mut equal] = [5, 3, 3].map(|at| Box::pin(slots.acquire(dies(at))));
        for waiting in [&mut late, &mut early, &mut equal] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        drop(slot);
        assert!(late.as_mut().now_or_never().is_none() && equal.as_mut().now_or_never().is_none());
        drop(early.await);
        assert!(late.as_mut().now_or_never().is_none());
        drop(equal.await);
        late.await;
    }

    #[tokio::test]
    async fn who_waits_longest_has_a_slot_although_others_that_die_sooner_come_again_and_again() {
        let slots = Slots::new(1);
        let mut slot = slots.acquire(dies(1)).await;
        let mut late = Box::pin(slots.acquire(dies(9)));
        assert!(late.as_mut().now_or_never().is_none());
        for _ in 1..FIRST_EVERY {
            let mut again = Box::pin(slots.acquire(dies(1)));
            assert!(again.as_mut().now_or_never().is_none());
            drop(slot);
            slot = again.await;
        }
        let mut again = Box::pin(slots.acquire(dies(1)));
        assert!(again.as_mut().now_or_never().is_none());
        drop(slot);
        assert!(late.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_slot_of_someone_who_gave_up_is_handed_on() {
        let slots = Slots::new(1);
        let slot = slots.acquire(dies(1)).await;
        let mut last = pin!(slots.acquire(dies(3)));
        assert!(last.as_mut().now_or_never().is_none());
        {
            let mut gave_up = Box::pin(slots.acquire(dies(1)));
            let mut given_too_late = Box::pin(slots.acquire(dies(2)));
            assert!(gave_up.as_mut().now_or_never().is_none());
            assert!(given_too_late.as_mut().now_or_never().is_none());
            drop(gave_up);
            drop(slot);
        }
        assert!(last.now_or_never().is_some());
        let queue = lock(&slots.0);
        assert_eq!((queue.waiting.len(), queue.free), (0, 1));
    }
}
