//! The app secrets, tried in the order of their latest success, so that the common case is a single HMAC; before any success the
//! last of the list is first.

use super::secrets::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::Semaphore;

/// Up to this size, times the number of secrets, a body is hashed without yielding; nearly all are smaller.
const AT_ONCE: usize = 256 << 10;
/// How much of a larger one is hashed before other tasks run.
const SLICE: usize = 128 << 10;
/// How many times as long as a slice took to sleep after it: unauthenticated work takes a quarter of a core at most.
const SLEEP_FACTOR: u32 = 3;

/// Several apps, or the old and the new secret of one during a rotation.
#[derive(Debug)]
pub(crate) struct Keyring {
    keys: Vec<Key>,
    /// Counts changes of the key that matches; a key's latest success is a reading of this counter.
    clock: AtomicU64,
}

struct Key {
    app: Arc<str>,
    /// Keyed once; cloning it is cheaper than keying anew.
    mac: Hmac<Sha256>,
    latest_success: AtomicU64,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("app", &self.app).finish_non_exhaustive()
    }
}

impl Keyring {
    /// With more than `most` secrets, the last by name are not used.
    pub(crate) fn new(secrets: &[Secret], most: usize) -> Self {
        if secrets.len() > most {
            tracing::error!(
                most,
                found = secrets.len(),
                "more app secrets than --max-app-secrets: not all are used"
            );
        }
        let keys = secrets.iter().take(most).map(|secret| Key {
            app: Arc::clone(secret.name()),
            mac: Hmac::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length"),
            latest_success: AtomicU64::new(0),
        });
        Self { keys: keys.collect(), clock: AtomicU64::new(1) }
    }

    /// The app whose secret gives `digest` over `body`, among those of `app` where the path names one; compared in
    /// constant time. A large body is hashed in slices, and with any secret but the latest only as `work` allows.
    pub(crate) async fn matching(
        &self,
        body: &[u8],
        digest: &[u8; 32],
        app: Option<&str>,
        work: &UnauthenticatedWork,
    ) -> Option<Arc<str>> {
        let candidates = || self.keys.iter().filter(|key| app.is_none_or(|app| key.is_of(app)));
        let latest = candidates().max_by_key(|key| key.latest_success.load(Ordering::Relaxed))?;
        let is_small = body.len().saturating_mul(self.keys.len()) <= AT_ONCE;
        let matches = if is_small {
            latest.matches(body, digest)
        } else {
            latest.matches_in_slices(body, digest).await
        };
        if matches {
            return Some(self.matched(latest));
        }
        let mut others: Vec<_> = candidates().filter(|key| !std::ptr::eq(*key, latest)).collect();
        others.sort_by_key(|key| std::cmp::Reverse(key.latest_success.load(Ordering::Relaxed)));
        for key in others {
            let matches =
                if is_small { key.matches(body, digest) } else { work.matches(key, body, digest).await };
            if matches {
                return Some(self.matched(key));
            }
        }
        None
    }

    /// Notes the success; where it is the same key again, as nearly always, nothing is written.
    fn matched(&self, key: &Key) -> Arc<str> {
        if key.latest_success.load(Ordering::Relaxed) != self.clock.load(Ordering::Relaxed) {
            let success = self.clock.fetch_add(1, Ordering::Relaxed) + 1;
            key.latest_success.store(success, Ordering::Relaxed);
        }
        Arc::clone(&key.app)
    }

    /// Whether there is a secret of this app.
    pub(crate) fn has(&self, app: &str) -> bool {
        self.keys.iter().any(|key| key.is_of(app))
    }
}

impl Key {
    /// During a rotation, `shop.next` is a secret of `shop` too.
    fn is_of(&self, app: &str) -> bool {
        self.app.strip_prefix(app).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    fn matches(&self, body: &[u8], digest: &[u8; 32]) -> bool {
        let mut mac = self.mac.clone();
        mac.update(body);
        mac.verify_slice(digest).is_ok()
    }

    async fn matches_in_slices(&self, body: &[u8], digest: &[u8; 32]) -> bool {
        let mut mac = self.mac.clone();
        for slice in body.chunks(SLICE) {
            mac.update(slice);
            tokio::task::yield_now().await;
        }
        mac.verify_slice(digest).is_ok()
    }
}

/// Rate limit for hashing large bodies with one secret after the other, which anybody can cause: one slice at a time in
/// the whole process, the bodies in turn, with a sleep after each slice.
#[derive(Debug)]
pub(crate) struct UnauthenticatedWork {
    turn: Semaphore,
}

impl UnauthenticatedWork {
    pub(crate) fn new() -> Self {
        Self { turn: Semaphore::new(1) }
    }

    async fn matches(&self, key: &Key, body: &[u8], digest: &[u8; 32]) -> bool {
        let mut mac = key.mac.clone();
        for slice in body.chunks(SLICE) {
            let Ok(_turn) = self.turn.acquire().await else { return false };
            let start = Instant::now();
            mac.update(slice);
            tokio::time::sleep(start.elapsed() * SLEEP_FACTOR).await;
        }
        mac.verify_slice(digest).is_ok()
    }
}

#[cfg(test)]
mod tests;
