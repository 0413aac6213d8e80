//! The partitions that this process reads, for who watches them.

use std::sync::{Arc, Mutex, PoisonError};

use super::progress::Progress;
use super::stall::Place;

/// Kept by the polling thread.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<Vec<(Place, Arc<Progress>)>>);

impl Board {
    pub(super) fn show(&self, partitions: Vec<(Place, Arc<Progress>)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = partitions;
    }

    pub(super) fn partitions(&self) -> Vec<(Place, Arc<Progress>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
