//! The retired files that are still to be drained, and what is known of each.

use super::database::Figures;
use super::files;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The files, the oldest first; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog {
    files: Arc<Mutex<Vec<Entry>>>,
}

#[derive(Clone, Debug)]
struct Entry {
    path: PathBuf,
    /// What is left in it; `None` where that could not be counted.
    left: Option<Figures>,
    /// When the first of its deliveries was received, in milliseconds since 1970.
    oldest: Option<i64>,
}

impl Backlog {
    /// Takes up a file; one that is there already stays as it is.
    pub(super) fn add(&self, path: PathBuf, left: Option<Figures>, oldest: Option<i64>) {
        let mut files = self.lock();
        if !files.iter().any(|entry| entry.path == path) {
            files.push(Entry { path, left, oldest });
        }
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.lock().iter().map(|entry| entry.path.clone()).collect()
    }

    /// Files that were not counted yet.
    pub(super) fn uncounted(&self) -> Vec<PathBuf> {
        self.lock().iter().filter(|entry| entry.left.is_none()).map(|entry| entry.path.clone()).collect()
    }

    pub(super) fn count(&self, path: &Path, left: Figures, oldest: Option<i64>) {
        self.change(path, |entry| (entry.left, entry.oldest) = (Some(left), oldest));
    }

    /// When the first delivery of all was received.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.lock().iter().filter_map(|entry| entry.oldest).min()
    }

    /// A delivery of the file is done with: it is on Kafka, or parked elsewhere.
    pub(super) fn settled(&self, path: &Path, cost: u64, was_waiting: bool) {
        self.change(path, |entry| {
            let Some(left) = &mut entry.left else { return };
            let of_state = if was_waiting { &mut left.waiting } else { &mut left.set_aside };
            *of_state = of_state.saturating_sub(1);
            left.bytes = left.bytes.saturating_sub(cost);
        });
    }

    pub(super) fn remove(&self, path: &Path) {
        self.lock().retain(|entry| entry.path != path);
    }

    /// What all of them hold; `None` where that is not known of every one. A file that was not read to its end may hold
    /// more than its index says, so it never counts as empty.
    pub(super) fn figures(&self) -> Option<Figures> {
        self.lock().iter().try_fold(Figures::default(), |sum, entry| {
            let left = entry.left?;
            Some(Figures {
                waiting: sum.waiting + left.waiting.max(u64::from(left.set_aside == 0)),
                set_aside: sum.set_aside + left.set_aside,
                bytes: sum.bytes + left.bytes,
            })
        })
    }

    /// What they take of the disk.
    pub(super) fn disk_bytes(&self) -> u64 {
        self.lock().iter().map(|entry| files::total_size(&entry.path)).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn change(&self, path: &Path, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.lock().iter_mut().find(|entry| entry.path == path) {
            change(entry);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
