//! The app secrets, tried in the order of their latest success, so that the common case is one HMAC.

use crate::secrets::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Several apps, or the old and the new secret of one during a rotation.
#[derive(Debug)]
pub(crate) struct Keyring {
    keys: Vec<Key>,
    /// Counts successes: a key's latest is a number on this clock.
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
    pub(crate) fn new(secrets: &[Secret]) -> Self {
        let keys = secrets.iter().map(|secret| Key {
            app: Arc::clone(secret.name()),
            mac: Hmac::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length"),
            latest_success: AtomicU64::new(0),
        });
        Self { keys: keys.collect(), clock: AtomicU64::new(1) }
    }

    /// The app whose secret gives `digest` over `body`; compared in constant time.
    pub(crate) fn matching(&self, body: &[u8], digest: &[u8; 32]) -> Option<Arc<str>> {
        let latest = self.keys.iter().max_by_key(|key| key.latest_success.load(Ordering::Relaxed))?;
        if latest.matches(body, digest) {
            return Some(Arc::clone(&latest.app));
        }
        let mut others: Vec<_> = self.keys.iter().filter(|key| !std::ptr::eq(*key, latest)).collect();
        others.sort_by_key(|key| std::cmp::Reverse(key.latest_success.load(Ordering::Relaxed)));
        let key = others.into_iter().find(|key| key.matches(body, digest))?;
        key.latest_success.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(Arc::clone(&key.app))
    }
}

impl Key {
    fn matches(&self, body: &[u8], digest: &[u8; 32]) -> bool {
        let mut mac = self.mac.clone();
        mac.update(body);
        mac.verify_slice(digest).is_ok()
    }
}
