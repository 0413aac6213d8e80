//! How far a partition's worker has come, told to the polling thread without a lock.

use std::sync::atomic::{AtomicI64, Ordering};

const NOTHING: i64 = -1;

/// One writer, the worker; one reader, the polling thread.
#[derive(Debug)]
pub(super) struct Progress {
    next: AtomicI64,
    working: AtomicI64,
}

impl Progress {
    pub(super) const fn new() -> Self {
        Self { next: AtomicI64::new(NOTHING), working: AtomicI64::new(NOTHING) }
    }

    /// Everything up to and including `offset` is safe.
    pub(super) fn done(&self, offset: i64) {
        self.next.store(offset + 1, Ordering::Release);
    }

    /// The offset to go on from, once anything is done.
    pub(super) fn next(&self) -> Option<i64> {
        Some(self.next.load(Ordering::Acquire)).filter(|next| *next != NOTHING)
    }

    /// The record at `offset` is in work.
    pub(super) fn working(&self, offset: i64) {
        self.working.store(offset, Ordering::Relaxed);
    }

    /// The offset of the latest record that was in work, -1 before the first.
    pub(super) fn in_work(&self) -> i64 {
        self.working.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_offset_follows_the_last_one_done() {
        let progress = Progress::new();
        assert_eq!(progress.next(), None);
        progress.done(41);
        assert_eq!(progress.next(), Some(42));
    }
}
