//! Locks what one who held it may have panicked with: no value here is left half changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the lock, whatever became of who held it before.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
