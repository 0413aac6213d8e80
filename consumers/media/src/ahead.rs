//! Records whose links are being followed before their turn, apart for each partition, by their offsets.

use runtime::consumer::Output;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::task::AbortOnDropHandle;

/// The links of one record; dropping it ends the work.
pub(crate) type Saving = AbortOnDropHandle<Vec<Output>>;

type Place = (String, i32);
type Offsets = Arc<Mutex<HashMap<i64, Saving>>>;

/// Of all partitions that are assigned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ahead(Arc<Mutex<HashMap<Place, Offsets>>>);

/// A partition that is assigned; dropping it ends its work.
#[derive(Debug)]
pub(crate) struct Assigned {
    place: Place,
    ahead: Ahead,
    offsets: Offsets,
}

impl Ahead {
    /// Of a partition that was just assigned.
    pub(crate) fn assign(&self, topic: &str, partition: i32) -> Assigned {
        let (place, offsets) = ((topic.to_owned(), partition), Offsets::default());
        lock(&self.0).insert(place.clone(), Arc::clone(&offsets));
        Assigned { place, ahead: self.clone(), offsets }
    }

    /// Keeps the work for a record, while its partition is assigned.
    pub(crate) fn put(&self, topic: &str, partition: i32, offset: i64, saving: Saving) {
        let offsets = lock(&self.0).get(&(topic.to_owned(), partition)).cloned();
        if let Some(offsets) = offsets {
            lock(&offsets).insert(offset, saving);
        }
    }
}

impl Assigned {
    /// The work for a record, where it was begun.
    pub(crate) fn take(&self, offset: i64) -> Option<Saving> {
        lock(&self.offsets).remove(&offset)
    }
}

impl Drop for Assigned {
    fn drop(&mut self) {
        let mut ahead = lock(&self.ahead.0);
        // The partition may have come back already, with work of its own.
        if ahead.get(&self.place).is_some_and(|offsets| Arc::ptr_eq(offsets, &self.offsets)) {
            ahead.remove(&self.place);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_work_of_a_partition_ends_with_its_assignment_and_with_no_other() {
        let ahead = Ahead::default();
        let former = ahead.assign("in", 3);
        let (still, ended) = (Arc::new(()), Arc::new(()));
        let begin = |mark: &Arc<()>| {
            let mark = Arc::clone(mark);
            AbortOnDropHandle::new(tokio::spawn(async move {
                std::future::pending::<()>().await;
                drop(mark);
                Vec::new()
            }))
        };
        ahead.put("in", 3, 7, begin(&ended));
        let latter = ahead.assign("in", 3);
        ahead.put("in", 3, 7, begin(&still));
        drop(former);
        while Arc::strong_count(&ended) > 1 {
            tokio::task::yield_now().await;
        }
        assert!(latter.take(7).is_some() && latter.take(7).is_none());
        drop(latter);
        ahead.put("in", 3, 8, begin(&ended));
        assert!(lock(&ahead.0).is_empty());
    }
}
