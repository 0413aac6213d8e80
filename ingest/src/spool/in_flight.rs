//! Deliveries in the spool whose records were sent to Kafka too, which may still acknowledge them.

use runtime::telemetry::ONE_OF_MANY;
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// The ids of such deliveries; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(watch::Sender<HashSet<Uuid>>);

/// The in-flight guard: one delivery is not sent again for as long as this lives.
pub(super) struct Guard {
    all: InFlight,
    id: Uuid,
}

impl InFlight {
    pub(super) fn guard(&self, id: Uuid) -> Guard {
        self.0.send_modify(|ids| {
            ids.insert(id);
        });
        Guard { all: self.clone(), id }
    }

    pub(super) fn contains(&self, id: Uuid) -> bool {
        self.0.borrow().contains(&id)
    }

    /// Returns once the delivery is not in flight any more; after this time it counts as lost on its way.
    pub(super) async fn released(&self, id: Uuid, timeout: Duration) {
        if tokio::time::timeout(timeout, self.until(|ids| !ids.contains(&id))).await.is_err() {
            tracing::error!(name: ONE_OF_MANY, delivery = %id, "the Kafka client never reported on a delivery: it is sent again from the spool");
            self.remove(id);
        }
    }

    /// Returns once none is in flight any more.
    pub(super) async fn all_released(&self) {
        self.until(HashSet::is_empty).await;
    }

    async fn until(&self, is_so: impl Fn(&HashSet<Uuid>) -> bool) {
        drop(self.0.subscribe().wait_for(is_so).await);
    }

    fn remove(&self, id: Uuid) {
        self.0.send_modify(|ids| {
            ids.remove(&id);
        });
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.all.remove(self.id);
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
