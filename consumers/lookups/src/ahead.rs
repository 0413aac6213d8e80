//! Lookups that are under way, apart for each partition, by the offsets of their records.

use crate::lookup::Waiting;
use runtime::consumer::Failure;
#[cfg(test)]
use runtime::consumer::Wait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// A lookup under way; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Search<T> {
    pub(crate) task: AbortOnDropHandle<Result<T, Failure>>,
    pub(crate) waiting: watch::Receiver<Option<Waiting>>,
}

/// The lookups of one partition.
#[derive(Debug)]
pub(crate) struct Ahead<T>(Mutex<HashMap<i64, Search<T>>>);

type Place = (String, i32);

/// The lookups of all partitions that are assigned.
#[derive(Debug)]
pub(crate) struct Places<T>(Arc<Mutex<HashMap<Place, Arc<Ahead<T>>>>>);

/// A partition that is assigned; dropping it ends its lookups.
#[derive(Debug)]
pub(crate) struct Assigned<T> {
    place: Place,
    places: Places<T>,
    ahead: Arc<Ahead<T>>,
}

/// A lookup that is awaited; what is dropped before it has ended can be awaited again.
#[derive(Debug)]
pub(crate) struct Awaited<'a, T> {
    ahead: &'a Ahead<T>,
    offset: i64,
    search: Option<Search<T>>,
}

impl<T> Ahead<T> {
    /// The lookup of a record, which is begun where it is not under way.
    pub(crate) fn of(&self, offset: i64, begin: impl FnOnce() -> Search<T>) -> Awaited<'_, T> {
        let search = lock(&self.0).remove(&offset);
        Awaited { ahead: self, offset, search: Some(search.unwrap_or_else(begin)) }
    }

    /// Keeps the lookup of a record.
    pub(crate) fn put(&self, offset: i64, search: Search<T>) {
        lock(&self.0).insert(offset, search);
    }
}

impl<T> Awaited<'_, T> {
    pub(crate) const fn search(&mut self) -> Option<&mut Search<T>> {
        self.search.as_mut()
    }

    /// Ends it: nobody will await it again.
    pub(crate) fn give_up(&mut self) {
        self.search = None;
    }
}

impl<T> Drop for Awaited<'_, T> {
    fn drop(&mut self) {
        if let Some(search) = self.search.take().filter(|search| !search.task.is_finished()) {
            self.ahead.put(self.offset, search);
        }
    }
}

impl<T> Places<T> {
    /// Of a partition that was just assigned.
    pub(crate) fn assign(&self, topic: &str, partition: i32) -> Assigned<T> {
        let (place, ahead) = ((topic.to_owned(), partition), Arc::<Ahead<T>>::default());
        lock(&self.0).insert(place.clone(), Arc::clone(&ahead));
        Assigned { place, places: self.clone(), ahead }
    }

    /// The lookups of a partition, while it is assigned.
    pub(crate) fn of(&self, topic: &str, partition: i32) -> Option<Arc<Ahead<T>>> {
        lock(&self.0).get(&(topic.to_owned(), partition)).cloned()
    }
}

#[cfg(test)]
impl<T> Places<T> {
    /// What a lookup waits for.
    pub(crate) fn waits_for(&self, topic: &str, partition: i32, offset: i64) -> Option<Wait> {
        let ahead = self.of(topic, partition)?;
        let searches = lock(&ahead.0);
        searches.get(&offset)?.waiting.borrow().as_ref().map(|waiting| waiting.on)
    }

    /// Whether a lookup has ended.
    pub(crate) fn has_ended(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let ahead = self.of(topic, partition);
        ahead.is_some_and(|ahead| lock(&ahead.0).get(&offset).is_some_and(|search| search.task.is_finished()))
    }
}

impl<T> Assigned<T> {
    pub(crate) fn ahead(&self) -> &Ahead<T> {
        &self.ahead
    }
}

impl<T> Drop for Assigned<T> {
    fn drop(&mut self) {
        let mut places = lock(&self.places.0);
        // The partition may have come back already, with lookups of its own.
        if places.get(&self.place).is_some_and(|ahead| Arc::ptr_eq(ahead, &self.ahead)) {
            places.remove(&self.place);
        }
    }
}

impl<T> Default for Ahead<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Places<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_lookups_of_a_partition_end_with_its_assignment() {
        let places = Places::<()>::default();
        let assigned = places.assign("in", 3);
        let ended = Arc::new(());
        let still = Arc::clone(&ended);
        let task = tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(still);
            Ok(())
        });
        let search =
            Search { task: AbortOnDropHandle::new(task), waiting: watch::Sender::new(None).subscribe() };
        places.of("in", 3).unwrap().put(7, search);
        assert!(places.of("in", 4).is_none());
        drop(assigned);
        assert!(places.of("in", 3).is_none());
        while Arc::strong_count(&ended) > 1 {
            tokio::task::yield_now().await;
        }
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
