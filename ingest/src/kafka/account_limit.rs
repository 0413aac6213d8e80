//! Limits the bytes that one account has on one way, to Kafka or to the spool, so that other accounts do not wait behind it.
//!
//! A producer sends records in the order in which it gets them, and the spool writes them so. Only so many bytes of one account are
//! therefore in flight, given to it, at once; its further deliveries wait here, up to a second limit, and those of other accounts pass.
//! On the way to Kafka the account is that of the split body; on that to the spool it is guessed from the beginning of the bytes.

use super::Producers;
use crate::settings::Settings;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use tokio::sync::Semaphore;

/// The part of `--max-body-bytes-in-flight` that one account may have waiting, for Kafka or for the disk: an eighth.
const WAITING_PART: usize = 8;

/// The limits, and the accounts that have something in flight or waiting.
#[derive(Debug)]
pub(crate) struct AccountLimit {
    in_flight_bytes: usize,
    waiting_bytes: usize,
    hasher: RandomState,
    accounts: Mutex<HashMap<u64, Weak<Account>>>,
}

/// What one account may have in flight and waiting beside what it has; forgotten once nobody holds it.
#[derive(Debug)]
pub(crate) struct Account {
    limit: Arc<AccountLimit>,
    key: u64,
    in_flight: Semaphore,
    waiting: Semaphore,
}

/// Bytes that an account has in flight; dropping it admits the next of its deliveries.
#[derive(Debug)]
pub(crate) struct AccountPermit {
    account: Arc<Account>,
    bytes: u32,
}

impl AccountLimit {
    /// In bytes on Kafka: what the usual producer takes of one account in flight, and [`WAITING_PART`] waiting.
    pub(crate) fn for_kafka(producers: &Producers, settings: &Settings) -> Arc<Self> {
        Self::new(producers.account_bytes_in_flight, settings.limits.max_body_bytes_in_flight / WAITING_PART)
    }

    /// In bytes of bodies: [`WAITING_PART`] for the disk, and nothing that waits for these: what is beyond is refused at once.
    pub(crate) fn for_spool(settings: &Settings) -> Arc<Self> {
        Self::new(settings.limits.max_body_bytes_in_flight / WAITING_PART, 0)
    }

    pub(crate) fn new(in_flight_bytes: usize, waiting_bytes: usize) -> Arc<Self> {
        let (hasher, accounts) = (RandomState::new(), Mutex::default());
        Arc::new(Self { in_flight_bytes, waiting_bytes, hasher, accounts })
    }

    /// The account of this name. Those with the same hash share a limit; it is seeded, so nobody outside can find such a pair.
    pub(crate) fn account(self: &Arc<Self>, name: impl Hash) -> Arc<Account> {
        let key = self.hasher.hash_one(name);
        let mut accounts = self.lock();
        accounts.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
            let in_flight = Semaphore::new(self.in_flight_bytes);
            let waiting = Semaphore::new(self.waiting_bytes);
            let account = Arc::new(Account { limit: Arc::clone(self), key, in_flight, waiting });
            accounts.insert(key, Arc::downgrade(&account));
            account
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Weak<Account>>> {
        runtime::mutex::lock(&self.accounts)
    }
}

impl Account {
    /// So many bytes, where nothing waits and they fit.
    pub(crate) fn admit_now(self: &Arc<Self>, bytes: usize) -> Option<AccountPermit> {
        let bytes = within(bytes, self.limit.in_flight_bytes);
        self.in_flight.try_acquire_many(bytes).ok()?.forget();
        Some(AccountPermit { account: Arc::clone(self), bytes })
    }

    /// So many bytes, once it is their turn; `None`, at once, where too many wait.
    pub(crate) async fn admit(self: &Arc<Self>, bytes: usize) -> Option<AccountPermit> {
        let _waiting = self.waiting.try_acquire_many(within(bytes, self.limit.waiting_bytes)).ok()?;
        self.wait_for_turn(bytes).await
    }

    /// So many bytes, once it is their turn, however many wait: alone for a delivery of the spool, which waits there already.
    pub(crate) async fn wait_for_turn(self: &Arc<Self>, bytes: usize) -> Option<AccountPermit> {
        let bytes = within(bytes, self.limit.in_flight_bytes);
        self.in_flight.acquire_many(bytes).await.ok()?.forget();
        Some(AccountPermit { account: Arc::clone(self), bytes })
    }
}

/// A delivery larger than a limit takes all of it, and so waits alone and goes alone.
fn within(bytes: usize, limit: usize) -> u32 {
    u32::try_from(bytes.min(limit)).unwrap_or(u32::MAX)
}

impl Drop for AccountPermit {
    fn drop(&mut self) {
        self.account.in_flight.add_permits(self.bytes as usize);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let mut accounts = self.limit.lock();
        // It may be there anew.
        if accounts.get(&self.key).is_some_and(|account| account.strong_count() == 0) {
            accounts.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    async fn admitted(limit: &Arc<AccountLimit>, account: &str, bytes: usize) -> Option<AccountPermit> {
        limit.account(account).admit(bytes).await
    }

    #[tokio::test]
    async fn an_account_waits_for_itself_alone() {
        let account_limit = AccountLimit::new(100, 1_000);
        let one = account_limit.account("busy").admit_now(60).unwrap();
        let mut second = Box::pin(admitted(&account_limit, "busy", 60));
        let mut third = Box::pin(admitted(&account_limit, "busy", 10));
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none(), "in their order");
        assert!(account_limit.account("busy").admit_now(1).is_none(), "behind those that wait");
        assert!(account_limit.account("calm").admit_now(100).is_some());
        drop(one);
        let permits = (second.await.unwrap(), third.await.unwrap());
        drop(permits);
        assert!(account_limit.lock().is_empty(), "nothing is kept of an account with nothing in flight");
    }

    #[tokio::test]
    async fn what_was_spooled_takes_its_turn_however_many_wait() {
        let account_limit = AccountLimit::new(100, 100);
        let one = account_limit.account("busy").admit_now(100).unwrap();
        let mut other = Box::pin(admitted(&account_limit, "busy", 100));
        assert!((&mut other).now_or_never().is_none());
        assert!(account_limit.account("busy").admit_now(60).is_none());
        assert!(account_limit.account("calm").admit_now(60).is_some());
        let busy = account_limit.account("busy");
        let mut spooled = Box::pin(busy.wait_for_turn(60));
        assert!((&mut spooled).now_or_never().is_none());
        drop(one);
        let other = other.await.unwrap();
        assert!((&mut spooled).now_or_never().is_none(), "behind what came before");
        drop(other);
        drop(spooled.await.unwrap());
        drop(busy);
        assert!(account_limit.lock().is_empty());
    }

    #[tokio::test]
    async fn a_delivery_larger_than_the_limit_is_sent_alone() {
        let account_limit = AccountLimit::new(100, 1_000);
        let large = account_limit.account("busy").admit_now(500).unwrap();
        let mut small = Box::pin(admitted(&account_limit, "busy", 1));
        assert!((&mut small).now_or_never().is_none());
        let mut next = Box::pin(admitted(&account_limit, "busy", 500));
        drop(large);
        let small = small.await.unwrap();
        assert!((&mut next).now_or_never().is_none(), "not beside a small one either");
        drop(small);
        assert!(next.await.is_some());
    }

    #[tokio::test]
    async fn a_delivery_larger_than_all_that_may_wait_waits_where_nothing_else_does() {
        let account_limit = AccountLimit::new(100, 1_000);
        let one = account_limit.account("busy").admit_now(1).unwrap();
        let mut large = Box::pin(admitted(&account_limit, "busy", 1_001));
        assert!((&mut large).now_or_never().is_none());
        let other = admitted(&account_limit, "busy", 1).now_or_never();
        assert!(other.is_some_and(|permit| permit.is_none()), "nothing waits beside it");
        drop(one);
        assert!(large.await.is_some());
    }

    #[tokio::test]
    async fn only_so_much_waits_and_a_waiter_that_has_left_is_skipped() {
        let account_limit = AccountLimit::new(100, 100);
        let one = account_limit.account("busy").admit_now(100).unwrap();
        let mut left = Box::pin(admitted(&account_limit, "busy", 60));
        assert!((&mut left).now_or_never().is_none());
        let too_much = admitted(&account_limit, "busy", 60).now_or_never();
        assert!(too_much.is_some_and(|permit| permit.is_none()), "it does not wait");
        let mut last = Box::pin(admitted(&account_limit, "busy", 40));
        assert!((&mut last).now_or_never().is_none());
        drop(left);
        drop(one);
        drop(last.await.unwrap());
        assert!(account_limit.lock().is_empty());
    }
}
