//! The first error that ends a consumer, wherever it happened.

use std::sync::{Mutex, PoisonError};

use super::ConsumerError;

/// Set by any worker, looked at by the polling thread.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    error: Mutex<Option<ConsumerError>>,
}

/// Why a worker goes no further with a record.
#[derive(Debug)]
pub(super) enum Halt {
    /// It was asked to stop; the record will come again.
    Stopped,
    /// The whole consumer must end.
    Failed(ConsumerError),
}

impl Verdict {
    /// Keeps the first error.
    pub(super) fn fail(&self, error: ConsumerError) {
        let mut slot = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(error);
    }

    pub(super) fn is_reached(&self) -> bool {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn take(&self) -> Option<ConsumerError> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
