//! Rate limit for hashing with one secret after the other, which anybody can cause.
//!
//! Bodies take turns, and what is little work does not wait behind what is much: each of the two takes a quarter of a core at most
//! in the whole process.

use super::{Key, SLICE};
use hmac::Mac as _;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The rest after hashing, as a multiple of the time that was hashed: with 3, a quarter of a core is used.
const REST_FACTOR: u32 = 3;
/// A turn ends after as many bytes.
const TURN_BYTES: usize = 256 << 10;
/// Work of so many bytes, with all secrets together, is little.
const LITTLE_BYTES: usize = 4 << 20;
/// A shorter rest is added to the next: the timer is not that exact.
const SHORTEST_REST: Duration = Duration::from_millis(2);

/// Whose turn it is, of those with little work and of those with much.
#[derive(Debug, Default)]
pub(crate) struct UnauthenticatedWork {
    little: Mutex<RestDue>,
    much: Mutex<RestDue>,
}

/// How much rest is due.
#[derive(Debug, Default)]
pub(super) struct RestDue {
    due: Duration,
}

impl UnauthenticatedWork {
    /// The first of the keys that gives the digest.
    pub(super) async fn matching<'k>(
        &self,
        keys: &[&'k Key],
        body: &[u8],
        digest: &[u8; 32],
    ) -> Option<&'k Key> {
        let lane = self.lane(body.len().saturating_mul(keys.len()));
        let (mut pace, mut hashed) = (lane.lock().await, 0);
        for key in keys {
            let mut mac = key.mac.clone();
            for slice in body.chunks(SLICE) {
                if hashed + slice.len() > TURN_BYTES {
                    pace.rest().await;
                    drop(pace);
                    (pace, hashed) = (lane.lock().await, 0);
                }
                let start = Instant::now();
                mac.update(slice);
                pace.due += start.elapsed() * REST_FACTOR;
                hashed += slice.len();
            }
            if mac.verify_slice(digest).is_ok() {
                return Some(*key);
            }
        }
        pace.rest().await;
        None
    }

    pub(super) const fn lane(&self, bytes: usize) -> &Mutex<RestDue> {
        if bytes <= LITTLE_BYTES { &self.little } else { &self.much }
    }
}

impl RestDue {
    /// Whoever leaves meanwhile leaves the rest to the next.
    async fn rest(&mut self) {
        if self.due >= SHORTEST_REST {
            let start = Instant::now();
            tokio::time::sleep(self.due).await;
            self.due = self.due.saturating_sub(start.elapsed());
        }
    }
}
