//! The retired files in the order in which they are drained: read on blocking threads, removed once they are drained.

use super::super::backlog::Backlog;
use super::super::database::StoredRow;
use super::super::error::StoreError;
use super::super::files;
use super::super::metrics::SpoolMetrics;
use super::super::salvage::{Outcome, Range, Salvage};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Retry interval of rows that could not be read: doubled from the first to the last.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_LAST: Duration = Duration::from_mins(5);
/// Interval between attempts to count a file.
const COUNT_EVERY: Duration = Duration::from_mins(1);
/// Maximum number of lost deliveries that are logged by id.
const LOGGED_BY_ID: usize = 1000;

/// The retired files that are not drained yet.
#[derive(Debug)]
pub(super) struct RetiredFiles {
    backlog: Backlog,
    metrics: SpoolMetrics,
    /// The file that is being read.
    reading: Option<Reading>,
    /// Files of which rows are left for later.
    postponed: HashMap<PathBuf, Postponed>,
    counted: Option<Instant>,
}

#[derive(Debug)]
struct Reading {
    file: Salvage,
    /// Read and not sent yet, in order.
    pending: VecDeque<StoredRow>,
    /// Deliveries that can neither be sent nor parked at the moment.
    left: Vec<Range>,
    has_lost: bool,
    /// How long to wait before it is read again, if anything is left.
    wait: Duration,
}

#[derive(Debug)]
struct Postponed {
    unread: Vec<Range>,
    has_lost: bool,
    at: Instant,
    wait: Duration,
}

/// What is to be sent next.
#[derive(Debug)]
pub(super) enum Next {
    Rows(Vec<StoredRow>),
    /// It cannot be read at the moment.
    Unreadable,
    /// No retired file is left, or none is due.
    None,
}

impl RetiredFiles {
    pub(super) fn new(backlog: Backlog, metrics: SpoolMetrics) -> Self {
        Self { backlog, metrics, reading: None, postponed: HashMap::new(), counted: None }
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
                Some(Ok((left, oldest))) => self.backlog.count(&path, left, oldest),
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
            let Some(mut reading) = self.reading.take().or_else(|| self.begin()) else {
                return Next::None;
            };
            if !reading.pending.is_empty() {
                let count = rows.min(reading.pending.len());
                let taken = reading.pending.drain(..count).collect();
                self.reading = Some(reading);
                return Next::Rows(taken);
            }
            let path = reading.file.path().to_owned();
            let read = blocking(move || {
                let found = reading.file.next(rows, bytes);
                (reading, found)
            });
            match read.await {
                Some((reading, Ok(found))) if found.is_empty() => self.end(reading).await,
                Some((mut reading, Ok(found))) => {
                    reading.pending.extend(found);
                    self.reading = Some(reading);
                }
                Some((reading, Err(error))) => {
                    tracing::warn!(%error, file = %path.display(), "cannot read a retired spool file now");
                    self.reading = Some(reading);
                    return Next::Unreadable;
                }
                None => {
                    tracing::error!(file = %path.display(), "reading a retired spool file panicked, retrying later");
                    self.postpone(path, Vec::new(), false, RETRY_LAST);
                }
            }
        }
    }

    /// These are on Kafka, or parked in the current file.
    pub(super) fn completed(&self, rows: &[StoredRow]) {
        let Some(reading) = &self.reading else { return };
        for stored in rows {
            self.backlog.completed(reading.file.path(), stored.row.cost(), stored.parked.is_none());
        }
    }

    /// These are sent again, before those behind them.
    pub(super) fn send_again(&mut self, rows: Vec<StoredRow>) {
        if let Some(reading) = &mut self.reading {
            rows.into_iter().rev().for_each(|stored| reading.pending.push_front(stored));
        }
    }

    /// This one stays in its file, for there is no space to park it in the current one.
    pub(super) fn leave(&mut self, stored: &StoredRow) {
        if let Some(reading) = &mut self.reading {
            reading.left.push(stored.seq..=stored.seq);
        }
    }

    /// The bytes of this one are not what was written.
    pub(super) fn lost(&mut self, stored: &StoredRow) {
        let Some(reading) = &mut self.reading else { return };
        reading.has_lost = true;
        let path = reading.file.path().to_owned();
        self.completed(std::slice::from_ref(stored));
        self.record_lost(&path, std::slice::from_ref(&stored.row.id));
    }

    /// Opens the first file that is due.
    fn begin(&mut self) -> Option<Reading> {
        let is_due = |path: &PathBuf| self.postponed.get(path).is_none_or(|later| Instant::now() >= later.at);
        let path = self.backlog.paths().into_iter().find(is_due)?;
        let later = self.postponed.remove(&path);
        let has_lost = later.as_ref().is_some_and(|later| later.has_lost);
        let wait = later.as_ref().map_or(RETRY_FIRST, |later| (later.wait * 2).min(RETRY_LAST));
        let todo = later.map(|later| later.unread).unwrap_or_default();
        let file = Salvage::of(path, todo);
        Some(Reading { file, pending: VecDeque::new(), left: Vec::new(), has_lost, wait })
    }

    /// Removes the file, which has been read to its end, or postpones what is left of it.
    async fn end(&mut self, reading: Reading) {
        let path = reading.file.path().to_owned();
        let (file, left, has_waited) = (reading.file, reading.left, reading.wait >= RETRY_LAST);
        let Some(outcome) = blocking(move || file.outcome(left, has_waited)).await else {
            return self.postpone(path, Vec::new(), reading.has_lost, reading.wait);
        };
        let Outcome { lost, lost_without_id, may_have_lost_more, unread } = outcome;
        self.record_lost(&path, &lost);
        if lost_without_id > 0 {
            self.metrics.lost.inc_by(lost_without_id);
            tracing::error!(deliveries = lost_without_id, file = %path.display(), "lost the end of the log of a spool file, with so many deliveries at most that were stored last; their ids are gone too");
        }
        let has_lost = reading.has_lost || may_have_lost_more || lost_without_id > 0 || !lost.is_empty();
        if may_have_lost_more {
            tracing::error!(file = %path.display(), "parts of a retired spool file are gone, and so are the ids of the deliveries in them");
        }
        if !unread.is_empty() {
            return self.postpone(path, unread, has_lost, reading.wait);
        }
        match finish(&path, has_lost) {
            Ok(()) => self.backlog.remove(&path),
            Err(error) => {
                tracing::warn!(%error, file = %path.display(), "cannot remove a drained spool file yet");
                self.postpone(path, vec![Salvage::NOTHING], has_lost, reading.wait);
            }
        }
    }

    fn postpone(&mut self, path: PathBuf, unread: Vec<Range>, has_lost: bool, wait: Duration) {
        let at = Instant::now() + wait;
        self.postponed.insert(path, Postponed { unread, has_lost, at, wait });
    }

    fn record_lost(&self, path: &Path, lost: &[String]) {
        self.metrics.lost.inc_by(lost.len() as u64);
        for delivery in lost.iter().take(LOGGED_BY_ID) {
            tracing::error!(delivery, file = %path.display(), "lost a spooled delivery: its bytes are gone or changed");
        }
        if lost.len() > LOGGED_BY_ID {
            tracing::error!(deliveries = lost.len(), file = %path.display(), "lost spooled deliveries, the first of them are logged above");
        }
    }
}

/// Removes the file; one that lost rows is kept for inspection.
fn finish(path: &Path, has_lost: bool) -> Result<(), StoreError> {
    if has_lost {
        let kept = files::mark_as_salvaged(path)?;
        tracing::error!(file = %kept.display(), "drained a retired spool file apart from what is lost; it is kept: `sqlite3 FILE .recover` may find more");
    } else {
        files::remove(path)?;
        tracing::info!(file = %path.display(), "drained a retired spool file, nothing is lost");
    }
    Ok(())
}

/// Reads files on a thread that may block; `None` after a panic.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
