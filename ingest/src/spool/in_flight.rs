//! Deliveries in the spool whose records were sent to Kafka too, which may still acknowledge them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// The ids of such deliveries; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    ids: Arc<Mutex<HashSet<Uuid>>>,
    released: Arc<Notify>,
}

/// The in-flight guard: one delivery is not sent again for as long as this lives.
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

    /// Returns once the delivery is not in flight any more; after this time it counts as lost on its way.
    pub(super) async fn released(&self, id: Uuid, patience: Duration) {
        if tokio::time::timeout(patience, self.until(|ids| !ids.contains(&id))).await.is_err() {
            tracing::error!(delivery = %id, "the Kafka client never reported on a delivery: it is sent again from the spool");
            self.lock().remove(&id);
        }
    }

    /// Returns once none is in flight any more.
    pub(super) async fn all_released(&self) {
        self.until(HashSet::is_empty).await;
    }

    async fn until(&self, is_so: impl Fn(&HashSet<Uuid>) -> bool) {
        loop {
            let released = self.released.notified();
            if is_so(&self.lock()) {
                return;
            }
            released.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        runtime::mutex::lock(&self.ids)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
        self.all.released.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_delivery_of_which_nothing_is_ever_said_holds_the_drain_for_a_while_only() {
        let (all, id) = (InFlight::default(), Uuid::now_v7());
        let _guard = all.guard(id);
        all.released(id, Duration::from_millis(20)).await;
        assert!(!all.contains(id));
    }
}
