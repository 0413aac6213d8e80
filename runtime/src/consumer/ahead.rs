//! Work that is begun for records before their turn, apart for each partition, by their offsets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::mutex::lock;

/// The work of one partition.
#[derive(Debug)]
pub struct Ahead<W>(Mutex<HashMap<i64, W>>);

type Place = (String, i32);

/// The work of all partitions that are assigned; clones share it.
#[derive(Debug)]
pub struct Places<W>(Arc<Mutex<HashMap<Place, Arc<Ahead<W>>>>>);

/// A partition that is assigned; dropping it drops its work.
#[derive(Debug)]
pub struct Assigned<W> {
    place: Place,
    places: Places<W>,
    ahead: Arc<Ahead<W>>,
}

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
    /// Of a partition that was just assigned.
    pub fn assign(&self, topic: &str, partition: i32) -> Assigned<W> {
        let (place, ahead) = ((topic.to_owned(), partition), Arc::<Ahead<W>>::default());
        lock(&self.0).insert(place.clone(), Arc::clone(&ahead));
        Assigned { place, places: self.clone(), ahead }
    }

    /// The work of a partition, while it is assigned.
    pub fn of(&self, topic: &str, partition: i32) -> Option<Arc<Ahead<W>>> {
        lock(&self.0).get(&(topic.to_owned(), partition)).cloned()
    }
}

impl<W> Assigned<W> {
    /// Its work.
    pub fn ahead(&self) -> &Ahead<W> {
        &self.ahead
    }
}

impl<W> Drop for Assigned<W> {
    fn drop(&mut self) {
        let mut places = lock(&self.places.0);
        // The partition may have come back already, with work of its own.
        if places.get(&self.place).is_some_and(|ahead| Arc::ptr_eq(ahead, &self.ahead)) {
            places.remove(&self.place);
        }
    }
}

impl<W> Default for Ahead<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<W> Default for Places<W> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<W> Clone for Places<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
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
        assert!(latter.ahead().take(7).is_some() && latter.ahead().take(7).is_none());
        drop(latter);
        assert!(places.of("in", 3).is_none());
        assert!(lock(&places.0).is_empty());
    }

    #[test]
    fn a_partition_that_came_back_is_not_forgotten_with_its_former_assignment() {
        let places = Places::<()>::default();
        let former = places.assign("in", 3);
        let latter = places.assign("in", 3);
        drop(former);
        assert!(Arc::ptr_eq(&places.of("in", 3).unwrap(), &latter.ahead));
    }
}
