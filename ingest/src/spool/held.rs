//! Deliveries in the spool whose records Kafka has been given too, and may still acknowledge.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// The ids of such deliveries; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    ids: Arc<Mutex<HashSet<Uuid>>>,
    released: Arc<Notify>,
}

/// Holds one delivery back from being sent again.
#[derive(Debug)]
pub(super) struct Hold {
    held: Held,
    id: Uuid,
}

impl Held {
    pub(super) fn hold(&self, id: Uuid) -> Hold {
        self.lock().insert(id);
        Hold { held: self.clone(), id }
    }

    pub(super) fn contains(&self, id: Uuid) -> bool {
        self.lock().contains(&id)
    }

    /// Returns once the delivery is not held, any more.
    pub(super) async fn released(&self, id: Uuid) {
        loop {
            let released = self.released.notified();
            if !self.contains(id) {
                return;
            }
            released.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.held.lock().remove(&self.id);
        self.held.released.notify_waiters();
    }
}
