//! The retired files in the order in which they are drained: read on blocking threads, removed once they are drained.

mod losses;
#[cfg(test)]
mod tests;

use super::super::backlog::Backlog;
use super::super::database::{ParkReason, StoredRow};
use super::super::error::StoreError;
use super::super::files;
use super::super::metrics::SpoolMetrics;
use super::super::salvage::{Ranges, Salvage, SeqSet};
use losses::Losses;
use runtime::telemetry::ONE_OF_MANY;
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Retry interval of rows that could not be read: doubled from the first to the last.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_LAST: Duration = Duration::from_mins(5);
/// Interval between attempts to count a file.
const COUNT_EVERY: Duration = Duration::from_mins(1);

/// The retired files that are not drained yet.
pub(super) struct RetiredFiles {
    backlog: Backlog,
    metrics: SpoolMetrics,
    /// The file that is being read.
    reading: Option<Reading>,
    /// What is done of each file and what is left for later, until it is removed.
    progress: HashMap<PathBuf, FileProgress>,
    counted: Option<Instant>,
}

struct Reading {
    file: Salvage,
    /// Read and not sent yet, in order.
    pending: VecDeque<StoredRow>,
}

#[derive(Debug)]
struct FileProgress {
    /// Deliveries that are on Kafka, parked in the current file, or lost: they are not sent when they are read again.
    done: SeqSet,
    losses: Losses,
    /// What is to be read, or is being read; all of it at first, and nothing where it is only to be removed. What was read before
    /// is not among it: its losses are counted.
    to_read: Ranges,
    /// Not before this.
    due: Option<Instant>,
    /// How long was waited last for what the disk did not give.
    waited: Duration,
}

impl Default for FileProgress {
    fn default() -> Self {
        let (done, losses) = (SeqSet::default(), Losses::default());
        Self { done, losses, to_read: Ranges::all(), due: None, waited: Duration::ZERO }
    }
}

impl FileProgress {
    fn next_wait(&self) -> Duration {
        (self.waited * 2).clamp(RETRY_FIRST, RETRY_LAST)
    }
}

/// What is to be sent next.
pub(super) enum Next {
    /// These, of this file.
    Rows(PathBuf, Vec<StoredRow>),
    /// It cannot be read at the moment.
    Unreadable,
    /// No retired file is left, or none is due.
    None,
}

impl RetiredFiles {
    pub(super) fn new(backlog: Backlog, metrics: SpoolMetrics) -> Self {
        Self { backlog, metrics, reading: None, progress: HashMap::new(), counted: None }
    }

    /// Counts the files that an earlier process left behind.
    pub(super) async fn count(&mut self) {
        let uncounted = self.backlog.uncounted();
        let is_early = self.counted.is_some_and(|last| last.elapsed() < COUNT_EVERY);
        if uncounted.is_empty() || is_early || self.reading.is_some() {
            return;
        }
        self.counted = Some(Instant::now());
        for path in uncounted {
            let file = path.clone();
            match blocking(move || Salvage::count(&file)).await {
                Some(Ok((mut left, oldest))) => {
                    // What is done of a retired file is in it still.
                    let done = self.progress.get(&path).map_or(0, |progress| progress.done.count());
                    left.waiting = left.waiting.saturating_sub(done);
                    self.backlog.count(&path, left, oldest);
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, file = %path.display(), "cannot count the deliveries of a retired spool file");
                }
                None => {}
            }
        }
    }

    /// The next deliveries of the oldest file.
    pub(super) async fn next(&mut self, rows: usize, bytes: u64) -> Next {
        loop {
            let Some(reading) = &mut self.reading else {
                match self.first_due() {
                    Some(path) => self.begin(path).await,
                    None => return Next::None,
                }
                continue;
            };
            let path = reading.file.path.clone();
            if !reading.pending.is_empty() {
                let count = rows.min(reading.pending.len());
                return Next::Rows(path, reading.pending.drain(..count).collect());
            }
            match self.read_more(rows, bytes).await {
                Some(Ok(true)) => {}
                Some(Ok(false)) => self.end().await,
                Some(Err(error)) => {
                    tracing::warn!(%error, file = %path.display(), "cannot read a retired spool file now");
                    return Next::Unreadable;
                }
                None => {
                    tracing::error!(file = %path.display(), "reading a retired spool file panicked, retrying later");
                    self.postpone(&path, RETRY_LAST);
                }
            }
        }
    }

    /// Lets go of the reader: what was read and is not done is read again.
    pub(super) fn discard_reading(&mut self) {
        self.reading = None;
    }

    /// For rows that were read from a file while it was written. Returns whether it is retired now.
    pub(super) fn take_over(&mut self, path: &Path, rows: &[StoredRow]) -> bool {
        let is_retired = self.backlog.contains(path);
        if is_retired {
            self.completed(path, rows);
        }
        is_retired
    }

    /// These of the file are on Kafka, or parked in the current file.
    pub(super) fn completed(&mut self, path: &Path, rows: &[StoredRow]) {
        let done = &mut self.progress.entry(path.to_owned()).or_default().done;
        for stored in rows {
            self.backlog.completed(path, stored.row.cost(), stored.parked.is_none());
            done.insert(stored.seq);
        }
    }

    /// These are sent again, before those behind them.
    pub(super) fn send_again(&mut self, rows: Vec<StoredRow>) {
        if let Some(reading) = &mut self.reading {
            rows.into_iter().rev().for_each(|stored| reading.pending.push_front(stored));
        }
    }

    /// This one stays in its file, for there is no space to park it in the current one.
    pub(super) fn postpone_row(&mut self, stored: &StoredRow) {
        if let Some(reading) = &mut self.reading {
            reading.file.postpone_row(stored.seq);
        }
    }

    /// The bytes of this one of the file are not what was written.
    pub(super) fn lost(&mut self, path: &Path, stored: &StoredRow) {
        self.completed(path, std::slice::from_ref(stored));
        let losses = &mut self.progress.entry(path.to_owned()).or_default().losses;
        if stored.parked == Some(ParkReason::Corrupt) {
            // It was counted as it was parked.
            losses.has_lost = true;
        } else {
            losses.record(1, std::slice::from_ref(&stored.row.id), path, &self.metrics);
        }
    }

    fn first_due(&self) -> Option<PathBuf> {
        let due = |path: &PathBuf| self.progress.get(path).and_then(|progress| progress.due);
        let is_due = |path: &PathBuf| due(path).is_none_or(|due| Instant::now() >= due);
        self.backlog.paths().into_iter().find(is_due)
    }

    /// Begins to read a file, or removes one of which nothing is to be read any more.
    async fn begin(&mut self, path: PathBuf) {
        let to_read = self.progress.entry(path.clone()).or_default().to_read.clone();
        if to_read.is_empty() {
            return self.remove(&path).await;
        }
        self.reading = Some(Reading { file: Salvage::of(path, to_read), pending: VecDeque::new() });
    }

    /// Reads on, on a thread that may block, and leaves out what is done; `false` at the end, `None` after a panic, with which the
    /// reader is gone.
    async fn read_more(&mut self, rows: usize, bytes: u64) -> Option<Result<bool, StoreError>> {
        let mut reading = self.reading.take()?;
        let read = blocking(move || {
            let found = reading.file.next(rows, bytes);
            (reading, found)
        });
        let (mut reading, found) = read.await?;
        let done = &self.progress.entry(reading.file.path.clone()).or_default().done;
        let has_more = found.map(|found| {
            let has_more = !found.is_empty();
            reading.pending.extend(found.into_iter().filter(|stored| !done.contains(stored.seq)));
            has_more
        });
        self.reading = Some(reading);
        Some(has_more)
    }

    /// Counts what is lost of the file, which has been read to its end, and removes it, or postpones what is left of it.
    async fn end(&mut self) {
        let Some(Reading { file, .. }) = self.reading.take() else { return };
        let path = file.path.clone();
        let progress = self.progress.entry(path.clone()).or_default();
        let (done, wait) = (progress.done.clone(), progress.next_wait());
        let Some(report) = blocking(move || file.outcome(&done, wait >= RETRY_LAST)).await else {
            return self.postpone(&path, wait);
        };
        progress.losses.record_outcome(&report, &path, &self.metrics);
        progress.to_read = report.left;
        if progress.to_read.is_empty() {
            progress.losses.record_without_trace(self.backlog.left(&path), &path, &self.metrics);
            return self.remove(&path).await;
        }
        let file = path.clone();
        match blocking(move || files::size(&file)).await {
            Some(Ok(None)) => self.forget(&path),
            _ => self.postpone(&path, wait),
        }
    }

    /// Removes a file that has been read to its end, now or later.
    async fn remove(&mut self, path: &Path) {
        let progress = self.progress.entry(path.to_owned()).or_default();
        let (has_lost, wait, file) = (progress.losses.has_lost, progress.next_wait(), path.to_owned());
        match blocking(move || losses::finish(&file, has_lost)).await {
            Some(Ok(())) => {
                self.backlog.remove(path);
                self.progress.remove(path);
            }
            failed => {
                let error = failed.and_then(Result::err).map(|error| error.to_string());
                tracing::warn!(error, file = %path.display(), "cannot remove a drained spool file yet");
                self.postpone(path, wait);
            }
        }
    }

    /// The file was deleted by somebody else before it was drained to its end.
    fn forget(&mut self, path: &Path) {
        let left = self.backlog.remove(path).unwrap_or_default();
        self.progress.remove(path);
        let deliveries = left.waiting + left.parked;
        self.metrics.lost.inc_by(deliveries);
        tracing::error!(name: ONE_OF_MANY, deliveries, file = %path.display(), "lost a retired spool file: it is gone, and with it what was not drained of it");
    }

    fn postpone(&mut self, path: &Path, wait: Duration) {
        let progress = self.progress.entry(path.to_owned()).or_default();
        (progress.due, progress.waited) = (Some(Instant::now() + wait), wait);
    }
}

/// Reads and removes files on a thread that may block; `None` after a panic.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
