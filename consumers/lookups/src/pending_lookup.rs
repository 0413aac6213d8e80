//! Lookups that are under way before their records' turn.

use crate::lookup::WaitReason;
use runtime::consumer::{Failure, PartitionPrefetch};
use std::time::Instant;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// A lookup under way; dropping it ends it.
#[derive(Debug)]
pub(crate) struct PendingLookup<T> {
    /// What it comes to, and when the call that was answered was begun, where one was.
    pub(crate) task: AbortOnDropHandle<Result<(T, Option<Instant>), Failure>>,
    pub(crate) waiting: watch::Receiver<Option<WaitReason>>,
}

/// A lookup that is awaited; what is dropped before it has ended can be awaited again.
#[derive(Debug)]
pub(crate) struct AwaitedLookup<'a, T> {
    prefetch: &'a PartitionPrefetch<PendingLookup<T>>,
    offset: i64,
    pending: Option<PendingLookup<T>>,
}

impl<'a, T> AwaitedLookup<'a, T> {
    /// The lookup of a record, which is begun where it is not under way.
    pub(crate) fn of(
        prefetch: &'a PartitionPrefetch<PendingLookup<T>>,
        offset: i64,
        begin: impl FnOnce() -> PendingLookup<T>,
    ) -> Self {
        let pending = prefetch.take(offset).unwrap_or_else(begin);
        Self { prefetch, offset, pending: Some(pending) }
    }

    pub(crate) const fn pending(&mut self) -> Option<&mut PendingLookup<T>> {
        self.pending.as_mut()
    }

    /// Ends it: nobody will await it again.
    pub(crate) fn give_up(&mut self) {
        self.pending = None;
    }
}

impl<T> Drop for AwaitedLookup<'_, T> {
    fn drop(&mut self) {
        if let Some(pending) = self.pending.take().filter(|pending| !pending.task.is_finished()) {
            self.prefetch.put(self.offset, pending);
        }
    }
}
