//! The retired files that are not drained yet, and what is known of each.

use super::database::Totals;
use super::files;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// The files, the oldest first; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog {
    files: Arc<Mutex<Vec<Entry>>>,
}

#[derive(Clone, Debug)]
struct Entry {
    path: PathBuf,
    /// What is left in it; `None` while that is not counted.
    left: Option<Totals>,
    /// When the first of its deliveries was received, in milliseconds since 1970.
    oldest: Option<i64>,
    /// Its size on disk as it was last seen; `None` while it never was.
    disk_bytes: Option<u64>,
}

impl Backlog {
    /// Adds a file; one that is already listed stays as it is, and one that was drained and removed meanwhile stays away: it is gone
    /// before it is no longer listed. The thread that writes alone adds files.
    pub(super) fn add(&self, path: PathBuf, left: Option<Totals>, oldest: Option<i64>) {
        if !self.contains(&path) && !matches!(files::size(&path), Ok(None)) {
            self.lock().push(Entry { path, left, oldest, disk_bytes: None });
        }
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.lock().iter().map(|entry| entry.path.clone()).collect()
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.lock().iter().any(|entry| entry.path == path)
    }

    /// Files of which it is not known how much is left in them, or since when.
    pub(super) fn uncounted(&self) -> Vec<PathBuf> {
        let is_uncounted =
            |entry: &&Entry| entry.left.is_none_or(|left| left.waiting > 0 && entry.oldest.is_none());
        self.lock().iter().filter(is_uncounted).map(|entry| entry.path.clone()).collect()
    }

    /// The file says how much is in it, which is what is left unless that is known.
    pub(super) fn count(&self, path: &Path, left: Totals, oldest: Option<i64>) {
        self.change(path, |entry| (entry.left, entry.oldest) = (entry.left.or(Some(left)), oldest));
    }

    /// When the first delivery of each file in which some wait was received; `None` where that is not known.
    pub(super) fn oldest(&self) -> Vec<Option<i64>> {
        let waits = |entry: &&Entry| entry.left.is_none_or(|left| left.waiting > 0);
        self.lock().iter().filter(waits).map(|entry| entry.oldest).collect()
    }

    /// A delivery of the file is on Kafka, or parked in the current file.
    pub(super) fn completed(&self, path: &Path, cost: u64, was_waiting: bool) {
        self.change(path, |entry| {
            if let Some(left) = &mut entry.left {
                left.remove(cost, was_waiting);
            }
        });
    }

    /// How many deliveries are left in it, where that is known.
    pub(super) fn left(&self, path: &Path) -> Option<u64> {
        let left = self.lock().iter().find(|entry| entry.path == path)?.left?;
        Some(left.waiting + left.parked)
    }

    /// Returns what was left in it, where that is known.
    pub(super) fn remove(&self, path: &Path) -> Option<Totals> {
        let mut entries = self.lock();
        let index = entries.iter().position(|entry| entry.path == path)?;
        entries.remove(index).left
    }

    /// The totals of all of them; `None` while not every one is counted. A file that was not read to its end may hold more than its
    /// index says, so none counts as empty.
    pub(super) fn totals(&self) -> Option<Totals> {
        self.lock().iter().try_fold(Totals::default(), |sum, entry| {
            let left = entry.left?;
            Some(Totals {
                waiting: sum.waiting + left.waiting.max(u64::from(left.parked == 0)),
                parked: sum.parked + left.parked,
                bytes: sum.bytes + left.bytes,
            })
        })
    }

    /// Their size on disk, as far as it was ever seen.
    pub(super) fn disk_bytes(&self) -> u64 {
        for path in self.paths() {
            // Without the lock: on a disk that hangs, tasks would wait for it and hold the threads of all others.
            if let Ok(bytes) = files::total_size(&path) {
                self.change(&path, |entry| entry.disk_bytes = Some(bytes));
            }
        }
        self.lock().iter().filter_map(|entry| entry.disk_bytes).sum()
    }

    /// Whether [`Self::disk_bytes`] is of all of them.
    pub(super) fn is_seen(&self) -> bool {
        self.lock().iter().all(|entry| entry.disk_bytes.is_some())
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
        runtime::mutex::lock(&self.files)
    }
}
