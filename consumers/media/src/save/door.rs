//! Which links are followed now: so many at once, and while the store takes nothing, one that finds out whether it does.

use super::BACKOFF;
use runtime::backoff::{self, Backoff};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

/// The next one finds out when this one has, or after so long.
const FINDS_OUT_WITHIN: Duration = Duration::from_secs(30);

/// What all links go through.
#[derive(Debug)]
pub(super) struct Door {
    slots: Semaphore,
    /// Those that wait for the store stand in a line, of which the first watches it.
    line: Semaphore,
    store: watch::Sender<Option<Refusing>>,
}

/// A store that takes nothing, for all that is known.
#[derive(Debug)]
struct Refusing {
    backoff: Backoff,
    /// When the next one may find out.
    again: Instant,
}

impl Door {
    /// For so many links at once.
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: Semaphore::new(slots), line: Semaphore::new(1), store: watch::Sender::new(None) }
    }

    /// A slot, and whether its link is to find out if the store takes things again.
    pub(super) async fn admit(&self) -> (bool, SemaphorePermit<'_>) {
        loop {
            let finds_out = self.pass().await;
            let slot = self.slots.acquire().await.expect("nobody closes it");
            // The store may have refused something while a slot was waited for.
            if finds_out || !self.is_refusing() {
                return (finds_out, slot);
            }
        }
    }

    /// The store took something.
    pub(super) fn taken(&self) {
        self.store.send_if_modified(|store| store.take().is_some());
    }

    /// The store refused something of a link that was to find out, or of another.
    pub(super) fn refused(&self, finds_out: bool) {
        self.store.send_if_modified(|store| {
            // Of many that are under way at once, the first counts.
            if store.is_some() && !finds_out {
                return false;
            }
            let ([base, max], now) = (BACKOFF, Instant::now());
            let begin = || Refusing { backoff: Backoff::new(base, max), again: now };
            let refusing = store.get_or_insert_with(begin);
            refusing.again = now + refusing.backoff.next_delay(backoff::random());
            true
        });
    }

    /// A link that was to find out came to an end without anything to save.
    pub(super) fn not_found_out(&self) {
        self.store.send_if_modified(|store| {
            store.as_mut().map(|refusing| refusing.again = Instant::now()).is_some()
        });
    }

    /// Waits while the store refuses; whether this one is to find out if it still does.
    async fn pass(&self) -> bool {
        if !self.is_refusing() {
            return false;
        }
        let _first = self.line.acquire().await.expect("nobody closes it");
        let mut changes = self.store.subscribe();
        loop {
            let again = changes.borrow_and_update().as_ref().map(|refusing| refusing.again);
            let Some(again) = again else { return false };
            if self.claim() {
                return true;
            }
            tokio::select! {
                () = sleep_until(again) => {}
                _ = changes.changed() => {}
            }
        }
    }

    fn claim(&self) -> bool {
        let now = Instant::now();
        self.store.send_if_modified(|store| {
            let due = store.as_mut().filter(|refusing| refusing.again <= now);
            due.map(|refusing| refusing.again = now + FINDS_OUT_WITHIN).is_some()
        })
    }

    fn is_refusing(&self) -> bool {
        self.store.borrow().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    /// When the next one may find out.
    fn again(door: &Door) -> Option<Instant> {
        door.store.borrow().as_ref().map(|refusing| refusing.again)
    }

    #[tokio::test]
    async fn no_more_pass_at_once_than_there_are_slots() {
        let door = Door::new(2);
        let (first, _slot) = door.admit().await;
        let (second, slot) = door.admit().await;
        assert!(!first && !second, "the store refuses nothing");
        assert!(door.admit().now_or_never().is_none());
        drop(slot);
        assert!(door.admit().now_or_never().is_some());
    }

    #[tokio::test]
    async fn while_the_store_refuses_one_finds_out_and_all_pass_once_it_takes_something() {
        let door = Door::new(5);
        door.refused(false);
        let (finds_out, _slot) = door.admit().await;
        assert!(finds_out);
        assert!(door.admit().now_or_never().is_none(), "one is enough");
        door.taken();
        for _ in 0..2 {
            assert!(!door.admit().await.0);
        }
    }

    #[tokio::test]
    async fn where_one_finds_nothing_out_the_next_one_does() {
        let door = Door::new(5);
        door.refused(false);
        let (_, _slot) = door.admit().await;
        door.not_found_out();
        assert!(door.admit().await.0);
    }

    #[tokio::test]
    async fn many_that_are_refused_at_once_count_once() {
        let door = Door::new(5);
        door.refused(false);
        let first = again(&door);
        door.refused(false);
        assert_eq!(again(&door), first);
        door.taken();
        assert_eq!(again(&door), None);
    }
}
