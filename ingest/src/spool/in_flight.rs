//! Deliveries in the spool whose records were sent to Kafka too, which may still acknowledge them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// The ids of such deliveries; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    ids: Arc<Mutex<HashSet<Uuid>>>,
    released: Arc<Notify>,
}

/// The in-flight guard: one delivery is not sent again for as long as this lives.
#[derive(Debug)]
pub(super) struct Guard {
    all: InFlight,
    id: Uuid,
}

impl InFlight {
    pub(super) fn guard(&self, id: Uuid) -> Guard {
        self.lock().insert(id);
        Guard { all: self.clone(), id }
    }

    pub(super) fn contains(&self, id: Uuid) -> bool {
        self.lock().contains(&id)
    }

    /// Returns once the delivery is not in flight any more.
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

impl Drop for Guard {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
        self.all.released.notify_waiters();
    }
}
