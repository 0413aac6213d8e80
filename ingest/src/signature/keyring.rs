//! The app secrets. First is tried the one that signed the last delivery of the same account, so that the common case is a
//! single HMAC however many apps there are; of an account that is not known, the one that matched last.

mod hints;
mod work;

pub(super) use hints::account;
pub(crate) use work::UnauthenticatedWork;

use super::secrets::Secret;
use hints::Hints;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Up to this size a body is hashed without yielding; nearly all are smaller.
const AT_ONCE: usize = 256 << 10;
/// Up to this size, times their number, it is hashed with the other secrets as well: about what the rest of a request costs, so
/// that the work which anybody can cause does not grow with the number of secrets.
const OTHERS_AT_ONCE: usize = 32 << 10;
/// How much of a larger one is hashed before other tasks run.
const SLICE: usize = 128 << 10;

/// Several apps, or the old and the new secret of one during a rotation.
pub(crate) struct Keyring {
    keys: Vec<Key>,
    /// Counts changes of the key that matches; a key's latest success is a reading of this counter.
    clock: AtomicU64,
    hints: Arc<Hints>,
}

struct Key {
    app: Arc<str>,
    /// Keyed once; cloning it is cheaper than keying anew.
    mac: Hmac<Sha256>,
    latest_success: AtomicU64,
    /// What hints have of it.
    mark: u64,
}

impl Keyring {
    /// With more than `most` secrets, the last by name are not used.
    pub(crate) fn new(secrets: &[Secret], most: usize) -> Self {
        let none = Self { keys: Vec::new(), clock: AtomicU64::new(1), hints: Arc::default() };
        none.with_secrets(secrets, most)
    }

    /// The same with other secrets; what is known of an app stays known of it by its name.
    pub(crate) fn with_secrets(&self, secrets: &[Secret], most: usize) -> Self {
        if secrets.len() > most {
            tracing::error!(
                most,
                found = secrets.len(),
                "more app secrets than --max-app-secrets: not all are used"
            );
        }
        let keys = secrets.iter().take(most).map(|secret| {
            let app = secret.name();
            let before = self.keys.iter().find(|before| before.app == *app);
            let latest_success = before.map_or(0, |before| before.latest_success.load(Ordering::Relaxed));
            Key {
                app: Arc::clone(app),
                mac: secret.mac(),
                latest_success: AtomicU64::new(latest_success),
                mark: self.hints.mark(app),
            }
        });
        let clock = AtomicU64::new(self.clock.load(Ordering::Relaxed));
        Self { keys: keys.collect(), clock, hints: Arc::clone(&self.hints) }
    }

    /// The app whose secret gives `digest` over `body`, among those of `app` where the path names one; compared in
    /// constant time. Beyond [`AT_ONCE`] other tasks run between two slices; beyond [`OTHERS_AT_ONCE`] the body is hashed with any
    /// secret but the first only as `work` allows.
    pub(crate) async fn matching(
        &self,
        body: &[u8],
        digest: &[u8; 32],
        app: Option<&str>,
        work: &UnauthenticatedWork,
    ) -> Option<Arc<str>> {
        let account = if self.keys.len() > 1 { account(body) } else { None };
        let candidates = || self.keys.iter().filter(|key| app.is_none_or(|app| key.is_of(app)));
        let hint = account.and_then(|account| self.hints.of(account));
        let rank = |key: &&Key| (hint == Some(key.mark), key.latest_success.load(Ordering::Relaxed));
        let first = candidates().max_by_key(rank)?;
        let mut mac = first.mac.clone();
        for slice in body.chunks(SLICE) {
            mac.update(slice);
            if body.len() > AT_ONCE {
                tokio::task::yield_now().await;
            }
        }
        if mac.verify_slice(digest).is_ok() {
            return Some(self.matched(first, account));
        }
        let mut others: Vec<_> = candidates().filter(|key| !std::ptr::eq(*key, first)).collect();
        // Each is asked once: a rank that changes meanwhile, as another key matches, is no order, and a sort may panic over that.
        others.sort_by_cached_key(|key| std::cmp::Reverse(rank(key)));
        let matching = if body.len().saturating_mul(others.len()) <= OTHERS_AT_ONCE {
            others.into_iter().find(|key| key.matches(body, digest))
        } else {
            work.matching(&others, body, digest).await
        };
        matching.map(|key| self.matched(key, account))
    }

    /// Notes the success; where it is the same key again, as nearly always, nothing is written.
    fn matched(&self, key: &Key, account: Option<&[u8]>) -> Arc<str> {
        if key.latest_success.load(Ordering::Relaxed) != self.clock.load(Ordering::Relaxed) {
            let success = self.clock.fetch_add(1, Ordering::Relaxed) + 1;
            key.latest_success.store(success, Ordering::Relaxed);
        }
        if let Some(account) = account {
            self.hints.note(account, key.mark);
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
}

#[cfg(test)]
mod tests;
