//! Work that is begun for records before their turn, apart for each partition, by their offsets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use crate::mutex::lock;

/// The work of one partition.
#[derive(Debug)]
pub struct Ahead<W>(Mutex<HashMap<i64, W>>);

/// The work of all partitions that are assigned.
#[derive(Debug)]
pub struct Places<W>(Mutex<OfPartitions<W>>);

/// The work of partitions by their topics and numbers, which goes with whoever was assigned it.
type OfPartitions<W> = HashMap<(String, i32), Weak<Ahead<W>>>;

impl<W> Ahead<W> {
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

impl<W> Places<W> {
    /// The work of a partition that was just assigned; dropping it ends it.
    pub fn assign(&self, topic: &str, partition: i32) -> Arc<Ahead<W>> {
        let ahead = Arc::new(Ahead(Mutex::default()));
        lock(&self.0).insert((topic.to_owned(), partition), Arc::downgrade(&ahead));
        ahead
    }

    /// The work of a partition, while it is assigned.
    pub fn of(&self, topic: &str, partition: i32) -> Option<Arc<Ahead<W>>> {
        lock(&self.0).get(&(topic.to_owned(), partition))?.upgrade()
    }
}

impl<W> Default for Places<W> {
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
        let places = Places::default();
        let former = places.assign("in", 3);
        let (still, ended) = (Arc::new(()), Arc::new(()));
        let begin = |mark: &Arc<()>| {
            let mark = Arc::clone(mark);
            AbortOnDropHandle::new(tokio::spawn(async move {
                std::future::pending::<()>().await;
                drop(mark);
            }))
        };
        places.of("in", 3).unwrap().put(7, begin(&ended));
        assert!(places.of("in", 4).is_none());
        let latter = places.assign("in", 3);
        places.of("in", 3).unwrap().put(7, begin(&still));
        drop(former);
        while Arc::strong_count(&ended) > 1 {
            tokio::task::yield_now().await;
        }
        assert!(latter.take(7).is_some() && latter.take(7).is_none());
        drop(latter);
        assert!(places.of("in", 3).is_none());
    }

    #[test]
    fn a_partition_that_came_back_is_not_forgotten_with_its_former_assignment() {
        let places = Places::<()>::default();
        let former = places.assign("in", 3);
        let latter = places.assign("in", 3);
        drop(former);
        assert!(Arc::ptr_eq(&places.of("in", 3).unwrap(), &latter));
    }
}
