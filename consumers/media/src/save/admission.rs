//! Which links are followed now: so many at once; while the circuit breaker of the store is open, one that probes it.

use super::BACKOFF;
use super::slots::{Slot, Slots};
use runtime::backoff::{self, Backoff};
use schemas::Millis;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

/// The next one may probe when this one has, or after so long.
const PROBE_WITHIN: Duration = Duration::from_secs(30);

/// The limit and the circuit breaker that all links go through.
#[derive(Debug)]
pub(super) struct Admission {
    slots: Slots,
    /// Those that wait for the store stand in a line, of which the first watches it.
    line: Mutex<()>,
    store: watch::Sender<Option<OpenState>>,
}

/// The store refuses what it is given, for all that is known.
#[derive(Debug)]
struct OpenState {
    backoff: Backoff,
    /// When the next one may probe it.
    next_probe: Instant,
}

impl Admission {
    /// For so many links at once.
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: Slots::new(slots), line: Mutex::default(), store: watch::Sender::new(None) }
    }

    /// A slot for a link at a host that dies then, and whether it is to probe if the store takes things again.
    pub(super) async fn admit(&self, dies: Millis, host: &str) -> (bool, Slot) {
        loop {
            let is_probe = self.wait_while_open().await;
            let slot = self.slots.acquire(dies, host).await;
            // The store may have refused something while a slot was waited for.
            if is_probe || !self.is_open() {
                return (is_probe, slot);
            }
        }
    }

    /// The store took something.
    pub(super) fn record_success(&self) {
        self.store.send_if_modified(|store| store.take().is_some());
    }

    /// The store refused something of a link that was to probe it, or of another.
    pub(super) fn record_failure(&self, is_probe: bool) {
        self.store.send_if_modified(|store| {
            // Of many that are under way at once, the first counts.
            if store.is_some() && !is_probe {
                return false;
            }
            let ([base, max], now) = (BACKOFF, Instant::now());
            let begin = || OpenState { backoff: Backoff::new(base, max), next_probe: now };
            let open = store.get_or_insert_with(begin);
            open.next_probe = now + open.backoff.next_delay(backoff::random());
            true
        });
    }

    /// A link that was to probe the store came to an end without anything to save.
    pub(super) fn probe_undecided(&self) {
        self.store
            .send_if_modified(|store| store.as_mut().map(|open| open.next_probe = Instant::now()).is_some());
    }

    /// Waits while the store refuses; whether this one is to probe if it still does.
    async fn wait_while_open(&self) -> bool {
        if !self.is_open() {
            return false;
        }
        let _first = self.line.lock().await;
        let mut changes = self.store.subscribe();
        loop {
            let next_probe = changes.borrow_and_update().as_ref().map(|open| open.next_probe);
            let Some(next_probe) = next_probe else { return false };
            if self.claim_probe() {
                return true;
            }
            tokio::select! {
                () = sleep_until(next_probe) => {}
                _ = changes.changed() => {}
            }
        }
    }

    fn claim_probe(&self) -> bool {
        let now = Instant::now();
        self.store.send_if_modified(|store| {
            let due = store.as_mut().filter(|open| open.next_probe <= now);
            due.map(|open| open.next_probe = now + PROBE_WITHIN).is_some()
        })
    }

    fn is_open(&self) -> bool {
        self.store.borrow().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    async fn admit(admission: &Admission) -> (bool, Slot) {
        admission.admit(Millis::since_epoch(0), "a.fbcdn.net").await
    }

    /// When the next one may probe it.
    fn next_probe(admission: &Admission) -> Option<Instant> {
        admission.store.borrow().as_ref().map(|open| open.next_probe)
    }

    #[tokio::test]
    async fn no_more_pass_at_once_than_there_are_slots() {
        let admission = Admission::new(2);
        let (first, _slot) = admit(&admission).await;
        let (second, slot) = admit(&admission).await;
        assert!(!first && !second, "the store refuses nothing");
        assert!(admit(&admission).now_or_never().is_none());
        drop(slot);
        assert!(admit(&admission).now_or_never().is_some());
    }

    #[tokio::test]
    async fn while_the_store_refuses_one_probes_it_and_all_pass_once_it_takes_something() {
        let admission = Admission::new(5);
        admission.record_failure(false);
        let (is_probe, _slot) = admit(&admission).await;
        assert!(is_probe);
        assert!(admit(&admission).now_or_never().is_none(), "one is enough");
        admission.record_success();
        for _ in 0..2 {
            assert!(!admit(&admission).await.0);
        }
    }

    #[tokio::test]
    async fn where_one_probe_decides_nothing_the_next_one_does() {
        let admission = Admission::new(5);
        admission.record_failure(false);
        let (_, _slot) = admit(&admission).await;
        admission.probe_undecided();
        assert!(admit(&admission).await.0);
    }

    #[tokio::test]
    async fn many_that_are_refused_at_once_count_once() {
        let admission = Admission::new(5);
        admission.record_failure(false);
        let first = next_probe(&admission);
        admission.record_failure(false);
        assert_eq!(next_probe(&admission), first);
        admission.record_success();
        assert_eq!(next_probe(&admission), None);
    }
}
