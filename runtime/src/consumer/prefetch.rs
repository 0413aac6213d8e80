//! Work that is begun for records before their turn, apart for each partition, by their offsets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use crate::mutex::lock;

/// The work of one partition.
#[derive(Debug)]
pub struct PartitionPrefetch<W>(Mutex<HashMap<i64, W>>);

/// The work of all partitions that are assigned.
#[derive(Debug)]
pub struct Prefetch<W>(Mutex<ByPartition<W>>);

/// The work of partitions by their topics and numbers, which goes with whoever was assigned it.
type ByPartition<W> = HashMap<(String, i32), Weak<PartitionPrefetch<W>>>;

impl<W> PartitionPrefetch<W> {
    /// Keeps the work for a record.
    pub fn put(&self, offset: i64, work: W) {
        lock(&self.0).insert(offset, work);
    }

    /// The work for a record, where it was begun.
    pub fn take(&self, offset: i64) -> Option<W> {
        lock(&self.0).remove(&offset)
    }

    /// Looks at the work for a record, which stays.
    pub fn look<T>(&self, offset: i64, look: impl FnOnce(&W) -> T) -> Option<T> {
        lock(&self.0).get(&offset).map(look)
    }
}

impl<W> Prefetch<W> {
    /// The work of a partition that was just assigned; dropping it ends it.
    pub fn assign(&self, topic: &str, partition: i32) -> Arc<PartitionPrefetch<W>> {
        let prefetch = Arc::new(PartitionPrefetch(Mutex::default()));
        lock(&self.0).insert((topic.to_owned(), partition), Arc::downgrade(&prefetch));
        prefetch
    }

    /// The work of a partition, while it is assigned.
    pub fn of(&self, topic: &str, partition: i32) -> Option<Arc<PartitionPrefetch<W>>> {
        lock(&self.0).get(&(topic.to_owned(), partition))?.upgrade()
    }
}

impl<W> Default for Prefetch<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_util::task::AbortOnDropHandle;

    #[tokio::test]
    async fn the_work_of_a_partition_ends_with_its_assignment_and_with_no_other() {
        let prefetch = Prefetch::default();
        let former = prefetch.assign("in", 3);
        let (still, ended) = (Arc::new(()), Arc::new(()));
        let begin = |mark: &Arc<()>| {
            let mark = Arc::clone(mark);
            AbortOnDropHandle::new(tokio::spawn(async move {
                std::future::pending::<()>().await;
                drop(mark);
            }))
        };
        prefetch.of("in", 3).unwrap().put(7, begin(&ended));
        assert!(prefetch.of("in", 4).is_none());
        let latter = prefetch.assign("in", 3);
        prefetch.of("in", 3).unwrap().put(7, begin(&still));
        drop(former);
        while Arc::strong_count(&ended) > 1 {
            tokio::task::yield_now().await;
        }
        assert!(latter.take(7).is_some() && latter.take(7).is_none());
        drop(latter);
        assert!(prefetch.of("in", 3).is_none());
    }

    #[test]
    fn a_partition_that_came_back_is_not_forgotten_with_its_former_assignment() {
        let prefetch = Prefetch::<()>::default();
        let former = prefetch.assign("in", 3);
        let latter = prefetch.assign("in", 3);
        drop(former);
        assert!(Arc::ptr_eq(&prefetch.of("in", 3).unwrap(), &latter));
    }
}
