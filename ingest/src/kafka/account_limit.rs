//! Limits the bytes that one account has on one way, to Kafka or to the spool, so that other accounts do not wait behind it.
//!
//! librdkafka sends records in the order in which it gets them. So only so many bytes of one account are given to it at
//! once; its further deliveries wait here, up to a second limit, and those of other accounts pass.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// The limits, and what each account has in flight and waiting.
#[derive(Debug)]
pub(crate) struct AccountLimit {
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
    admit: oneshot::Sender<AccountPermit>,
}

/// Bytes that an account has in flight; dropping it admits the next of its deliveries.
#[derive(Debug)]
pub(crate) struct AccountPermit {
    account_limit: Arc<AccountLimit>,
    account: u64,
    bytes: usize,
}

/// When a delivery may go.
#[derive(Debug)]
pub(crate) enum AccountAdmission {
    Now(AccountPermit),
    /// Once this resolves.
    Later(oneshot::Receiver<AccountPermit>),
}

/// This account has as much waiting as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccountBusy;

impl AccountLimit {
    pub(crate) fn new(in_flight_bytes: usize, waiting_bytes: usize) -> Arc<Self> {
        let (hasher, accounts) = (RandomState::new(), Mutex::default());
        Arc::new(Self { in_flight_bytes, waiting_bytes, hasher, accounts })
    }

    /// The turn of this many bytes of the account. A delivery larger than the limit is sent alone.
    pub(crate) fn admit(
        self: &Arc<Self>,
        account: impl Hash,
        bytes: usize,
    ) -> Result<AccountAdmission, AccountBusy> {
        self.turn(account, bytes, self.waiting_bytes)
    }

    /// The same for a delivery of the spool, where it waits already: it takes its turn however many wait. Without `waits`,
    /// `None` where it is not its turn.
    pub(crate) async fn admit_spooled(
        self: &Arc<Self>,
        account: impl Hash,
        bytes: usize,
        waits: bool,
    ) -> Option<AccountPermit> {
        match self.turn(account, bytes, if waits { usize::MAX } else { 0 }).ok()? {
            AccountAdmission::Now(permit) => Some(permit),
            AccountAdmission::Later(admitted) => admitted.await.ok(),
        }
    }

    /// The turn of this many bytes, where no more than `most_waiting` of the account wait then.
    fn turn(
        self: &Arc<Self>,
        account: impl Hash,
        bytes: usize,
        most_waiting: usize,
    ) -> Result<AccountAdmission, AccountBusy> {
        // Accounts with the same hash share a limit; the hash is seeded, so nobody outside can find such a pair.
        let key = self.hasher.hash_one(account);
        let mut accounts = self.lock();
        let account = accounts.entry(key).or_default();
        if account.queue.is_empty() && account.fits(bytes, self.in_flight_bytes) {
            account.in_flight += bytes;
            return Ok(AccountAdmission::Now(self.in_flight(key, bytes)));
        }
        if account.waiting + bytes > most_waiting {
            return Err(AccountBusy);
        }
        let (admit, admitted) = oneshot::channel();
        account.waiting += bytes;
        account.queue.push_back(Waiter { bytes, admit });
        Ok(AccountAdmission::Later(admitted))
    }

    fn release(self: &Arc<Self>, key: u64, bytes: usize) {
        let mut admitted = Vec::new();
        let mut accounts = self.lock();
        if let Entry::Occupied(mut entry) = accounts.entry(key) {
            let account = entry.get_mut();
            account.in_flight -= bytes;
            while let Some(waiter) = account.next(self.in_flight_bytes) {
                admitted.push((waiter.admit, self.in_flight(key, waiter.bytes)));
            }
            if account.in_flight == 0 {
                entry.remove();
            }
        }
        drop(accounts);
        for (admit, in_flight) in admitted {
            // A waiter that has gone releases the bytes at once.
            drop(admit.send(in_flight));
        }
    }

    fn in_flight(self: &Arc<Self>, account: u64, bytes: usize) -> AccountPermit {
        AccountPermit { account_limit: Arc::clone(self), account, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Account>> {
        runtime::mutex::lock(&self.accounts)
    }
}

impl Account {
    const fn fits(&self, bytes: usize, limit: usize) -> bool {
        self.in_flight == 0 || self.in_flight + bytes <= limit
    }

    /// The next delivery, if it may be sent now; waiters that have gone are skipped.
    fn next(&mut self, limit: usize) -> Option<Waiter> {
        while let Some(waiter) = self.queue.front() {
            let is_gone = waiter.admit.is_closed();
            if !is_gone && !self.fits(waiter.bytes, limit) {
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

impl Drop for AccountPermit {
    fn drop(&mut self) {
        self.account_limit.release(self.account, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    async fn admitted(
        account_limit: &Arc<AccountLimit>,
        account: &str,
        bytes: usize,
    ) -> Result<AccountPermit, AccountBusy> {
        match account_limit.admit(account, bytes)? {
            AccountAdmission::Now(permit) => Ok(permit),
            AccountAdmission::Later(admitted) => admitted.await.map_err(|_| AccountBusy),
        }
    }

    fn admit(
        account_limit: &Arc<AccountLimit>,
        account: &str,
        bytes: usize,
    ) -> Option<Result<AccountPermit, AccountBusy>> {
        admitted(account_limit, account, bytes).now_or_never()
    }

    #[tokio::test]
    async fn an_account_waits_for_itself_alone() {
        let account_limit = AccountLimit::new(100, 1_000);
        let one = admit(&account_limit, "busy", 60).unwrap().unwrap();
        let mut second = Box::pin(admitted(&account_limit, "busy", 60));
        let mut third = Box::pin(admitted(&account_limit, "busy", 10));
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none(), "in their order");
        assert!(admit(&account_limit, "calm", 100).unwrap().is_ok());
        drop(one);
        let (second, third) = (second.await.unwrap(), third.await.unwrap());
        drop((second, third));
        assert!(account_limit.lock().is_empty(), "nothing is kept of an account with nothing in flight");
    }

    #[tokio::test]
    async fn what_was_spooled_takes_its_turn_however_many_wait() {
        let account_limit = AccountLimit::new(100, 100);
        let one = admit(&account_limit, "busy", 100).unwrap().unwrap();
        let mut other = Box::pin(admitted(&account_limit, "busy", 100));
        assert!((&mut other).now_or_never().is_none());
        assert!(account_limit.admit_spooled("busy", 60, false).now_or_never().unwrap().is_none());
        assert!(account_limit.admit_spooled("calm", 60, false).now_or_never().unwrap().is_some());
        let mut spooled = Box::pin(account_limit.admit_spooled("busy", 60, true));
        assert!((&mut spooled).now_or_never().is_none());
        drop(one);
        let other = other.await.unwrap();
        assert!((&mut spooled).now_or_never().is_none(), "behind what came before");
        drop(other);
        drop(spooled.await.unwrap());
        assert!(account_limit.lock().is_empty());
    }

    #[tokio::test]
    async fn a_delivery_larger_than_the_limit_is_sent_alone() {
        let account_limit = AccountLimit::new(100, 1_000);
        let large = admit(&account_limit, "busy", 500).unwrap().unwrap();
        let mut small = Box::pin(admitted(&account_limit, "busy", 1));
        assert!((&mut small).now_or_never().is_none());
        drop(large);
        assert!(small.await.is_ok());
    }

    #[tokio::test]
    async fn only_so_much_waits_and_a_waiter_that_has_left_is_skipped() {
        let account_limit = AccountLimit::new(100, 100);
        let one = admit(&account_limit, "busy", 100).unwrap().unwrap();
        let mut left = Box::pin(admitted(&account_limit, "busy", 60));
        assert!((&mut left).now_or_never().is_none());
        assert_eq!(admit(&account_limit, "busy", 60).unwrap().err(), Some(AccountBusy));
        let mut last = Box::pin(admitted(&account_limit, "busy", 40));
        assert!((&mut last).now_or_never().is_none());
        drop(left);
        drop(one);
        drop(last.await.unwrap());
        assert!(account_limit.lock().is_empty());
    }
}
