//! Locks a mutex whether or not a thread that held it panicked: whoever uses this leaves no value half changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the lock, whatever became of who held it before.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
