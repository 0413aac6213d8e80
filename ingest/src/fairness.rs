//! How much one account may have on its way to Kafka, so that the others do not wait behind it.
//!
//! Whatever is handed to librdkafka goes out in its order. So of one account only so many bytes are handed over at once;
//! what comes beyond waits here, and of that only so much too. The deliveries of other accounts pass by.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// What each account may have on its way, and waiting for that.
#[derive(Debug)]
pub(crate) struct Fairness {
    in_flight_bytes: usize,
    waiting_bytes: usize,
    hasher: RandomState,
    accounts: Mutex<HashMap<u64, Account>>,
}

#[derive(Debug, Default)]
struct Account {
    in_flight: usize,
    waiting: usize,
    queue: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    bytes: usize,
    admit: oneshot::Sender<InFlight>,
}

/// Bytes of an account that are on their way; the next of its deliveries follow once this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    fairness: Arc<Fairness>,
    account: u64,
    bytes: usize,
}

/// As much of this account waits as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl Fairness {
    pub(crate) fn new(in_flight_bytes: usize, waiting_bytes: usize) -> Arc<Self> {
        let (hasher, accounts) = (RandomState::new(), Mutex::default());
        Arc::new(Self { in_flight_bytes, waiting_bytes, hasher, accounts })
    }

    /// Returns once this many bytes of the account may go. What is larger than the bound goes alone.
    pub(crate) async fn admit(self: &Arc<Self>, account: &str, bytes: usize) -> Result<InFlight, Crowded> {
        // Two accounts with one hash share a bound; nobody outside can find such a pair.
        let key = self.hasher.hash_one(account);
        let admitted = {
            let mut accounts = self.lock();
            let account = accounts.entry(key).or_default();
            if account.queue.is_empty() && account.has_room(bytes, self.in_flight_bytes) {
                account.in_flight += bytes;
                return Ok(self.in_flight(key, bytes));
            }
            if account.waiting + bytes > self.waiting_bytes {
                return Err(Crowded);
            }
            let (admit, admitted) = oneshot::channel();
            account.waiting += bytes;
            account.queue.push_back(Waiter { bytes, admit });
            admitted
        };
        admitted.await.map_err(|_| Crowded)
    }

    fn release(self: &Arc<Self>, key: u64, bytes: usize) {
        let mut admitted = Vec::new();
        let mut accounts = self.lock();
        if let Some(account) = accounts.get_mut(&key) {
            account.in_flight -= bytes;
            while let Some(waiter) = account.next(self.in_flight_bytes) {
                admitted.push((waiter.admit, self.in_flight(key, waiter.bytes)));
            }
            if account.in_flight == 0 {
                accounts.remove(&key);
            }
        }
        drop(accounts);
        for (admit, in_flight) in admitted {
            // Who does not wait any more gives the bytes back at once.
            drop(admit.send(in_flight));
        }
    }

    fn in_flight(self: &Arc<Self>, account: u64, bytes: usize) -> InFlight {
        InFlight { fairness: Arc::clone(self), account, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    const fn has_room(&self, bytes: usize, bound: usize) -> bool {
        self.in_flight == 0 || self.in_flight + bytes <= bound
    }

    /// The next delivery, if it may go now; who does not wait for it any more is passed over.
    fn next(&mut self, bound: usize) -> Option<Waiter> {
        while let Some(waiter) = self.queue.front() {
            let is_gone = waiter.admit.is_closed();
            if !is_gone && !self.has_room(waiter.bytes, bound) {
                return None;
            }
            let waiter = self.queue.pop_front()?;
            self.waiting -= waiter.bytes;
            if !is_gone {
                self.in_flight += waiter.bytes;
                return Some(waiter);
            }
        }
        None
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let fairness = Arc::clone(&self.fairness);
        fairness.release(self.account, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn admit(fairness: &Arc<Fairness>, account: &str, bytes: usize) -> Option<Result<InFlight, Crowded>> {
        fairness.admit(account, bytes).now_or_never()
    }

    #[tokio::test]
    async fn an_account_waits_for_itself_alone() {
        let fairness = Fairness::new(100, 1_000);
        let one = admit(&fairness, "busy", 60).unwrap().unwrap();
        let mut second = Box::pin(fairness.admit("busy", 60));
        let mut third = Box::pin(fairness.admit("busy", 10));
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none(), "in their order");
        assert!(admit(&fairness, "calm", 100).unwrap().is_ok());
        drop(one);
        let (second, third) = (second.await.unwrap(), third.await.unwrap());
        drop((second, third));
        assert!(fairness.lock().is_empty(), "nothing is kept of who has nothing on the way");
    }

    #[tokio::test]
    async fn what_is_larger_than_the_bound_goes_alone() {
        let fairness = Fairness::new(100, 1_000);
        let large = admit(&fairness, "busy", 500).unwrap().unwrap();
        let mut small = Box::pin(fairness.admit("busy", 1));
        assert!((&mut small).now_or_never().is_none());
        drop(large);
        assert!(small.await.is_ok());
    }

    #[tokio::test]
    async fn only_so_much_waits_and_who_has_left_is_passed_over() {
        let fairness = Fairness::new(100, 100);
        let one = admit(&fairness, "busy", 100).unwrap().unwrap();
        let mut left = Box::pin(fairness.admit("busy", 60));
        assert!((&mut left).now_or_never().is_none());
        assert_eq!(admit(&fairness, "busy", 60).unwrap().err(), Some(Crowded));
        let mut last = Box::pin(fairness.admit("busy", 40));
        assert!((&mut last).now_or_never().is_none());
        drop(left);
        drop(one);
        drop(last.await.unwrap());
        assert!(fairness.lock().is_empty());
    }
}
