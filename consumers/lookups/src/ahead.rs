//! Lookups that are under way before their records' turn.

use crate::lookup::Waiting;
use runtime::consumer::{Ahead, Failure};
use std::time::Instant;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// A lookup under way; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Search<T> {
    /// What it comes to, and when the call that was answered was begun, where one was.
    pub(crate) task: AbortOnDropHandle<Result<(T, Option<Instant>), Failure>>,
    pub(crate) waiting: watch::Receiver<Option<Waiting>>,
}

/// A lookup that is awaited; what is dropped before it has ended can be awaited again.
#[derive(Debug)]
pub(crate) struct Awaited<'a, T> {
    ahead: &'a Ahead<Search<T>>,
    offset: i64,
    search: Option<Search<T>>,
}

impl<'a, T> Awaited<'a, T> {
    /// The lookup of a record, which is begun where it is not under way.
    pub(crate) fn of(ahead: &'a Ahead<Search<T>>, offset: i64, begin: impl FnOnce() -> Search<T>) -> Self {
        let search = ahead.take(offset).unwrap_or_else(begin);
        Self { ahead, offset, search: Some(search) }
    }

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
