//! When anybody last answered: what fails while nobody does may be the network's fault.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Of all hosts together; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Arc<Mutex<Option<Instant>>>);

impl Answers {
    /// Somebody answered, whatever it is.
    pub(crate) fn note(&self) {
        *self.lock() = Some(Instant::now());
    }

    /// When that was last.
    pub(crate) fn last(&self) -> Option<Instant> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
