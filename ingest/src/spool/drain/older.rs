//! The retired files as the drain meets them: read in a thread of their own, and taken away once they are done with.

use super::super::backlog::Backlog;
use super::super::database::Placed;
use super::super::error::StoreError;
use super::super::files;
use super::super::metrics::SpoolMetrics;
use super::super::retired::{Outcome, Range, Retired};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long until a place is read again that the disk did not give: doubled from the first to the last.
const AGAIN_FIRST: Duration = Duration::from_secs(5);
const AGAIN_LAST: Duration = Duration::from_mins(5);
/// How long until a file is counted again.
const COUNTED_AGAIN: Duration = Duration::from_mins(1);
/// Lost deliveries that are named in the log one by one.
const NAMED: usize = 1000;

/// The retired files.
#[derive(Debug)]
pub(super) struct Older {
    backlog: Backlog,
    metrics: SpoolMetrics,
    /// The file that is being read.
    reading: Option<Reading>,
    /// Files of which something is left for later.
    later: HashMap<PathBuf, Later>,
    counted: Option<Instant>,
}

#[derive(Debug)]
struct Reading {
    file: Retired,
    /// Read and not done with, in their order.
    pending: VecDeque<Placed>,
    /// Places of deliveries that can neither be sent nor parked elsewhere at the moment.
    left: Vec<Range>,
    has_lost: bool,
    /// How long to wait before it is read again, should anything be left.
    wait: Duration,
}

#[derive(Debug)]
struct Later {
    unread: Vec<Range>,
    has_lost: bool,
    at: Instant,
    wait: Duration,
}

/// What there is to send.
#[derive(Debug)]
pub(super) enum Taken {
    Rows(Vec<Placed>),
    /// The disk does not give it now.
    NotNow,
    /// No retired file is left, or none that can be read now.
    Nothing,
}

impl Older {
    pub(super) fn new(backlog: Backlog, metrics: SpoolMetrics) -> Self {
        Self { backlog, metrics, reading: None, later: HashMap::new(), counted: None }
    }

    /// Counts the files that an earlier process left.
    pub(super) async fn count(&mut self) {
        let uncounted = self.backlog.uncounted();
        let is_early = self.counted.is_some_and(|last| last.elapsed() < COUNTED_AGAIN);
        if uncounted.is_empty() || is_early || self.reading.is_some() {
            return;
        }
        self.counted = Some(Instant::now());
        for path in uncounted {
            let file = path.clone();
            match off_thread(move || Retired::count(&file)).await {
                Some(Ok((left, oldest))) => self.backlog.count(&path, left, oldest),
                Some(Err(error)) => {
                    tracing::warn!(%error, file = %path.display(), "what a retired file of the spool holds cannot be counted");
                }
                None => {}
            }
        }
    }

    /// The next deliveries of the oldest file.
    pub(super) async fn take(&mut self, rows: usize, bytes: u64) -> Taken {
        loop {
            let Some(mut reading) = self.reading.take().or_else(|| self.begin()) else {
                return Taken::Nothing;
            };
            if !reading.pending.is_empty() {
                let count = rows.min(reading.pending.len());
                let taken = reading.pending.drain(..count).collect();
                self.reading = Some(reading);
                return Taken::Rows(taken);
            }
            let path = reading.file.path().to_owned();
            let read = off_thread(move || {
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
                    tracing::warn!(%error, file = %path.display(), "a retired file of the spool cannot be read now");
                    self.reading = Some(reading);
                    return Taken::NotNow;
                }
                None => {
                    tracing::error!(file = %path.display(), "reading a retired file of the spool panicked, it is read again later");
                    self.postpone(path, Vec::new(), false, AGAIN_LAST);
                }
            }
        }
    }

    /// These are on Kafka, or parked in the file that is written.
    pub(super) fn settled(&self, rows: &[Placed]) {
        let Some(reading) = &self.reading else { return };
        for placed in rows {
            self.backlog.settled(reading.file.path(), placed.row.cost(), placed.parked.is_none());
        }
    }

    /// These are sent again, before what is behind them.
    pub(super) fn again(&mut self, rows: Vec<Placed>) {
        if let Some(reading) = &mut self.reading {
            rows.into_iter().rev().for_each(|placed| reading.pending.push_front(placed));
        }
    }

    /// This one waits where it is, for there is no space to park it elsewhere.
    pub(super) fn leave(&mut self, placed: &Placed) {
        if let Some(reading) = &mut self.reading {
            reading.left.push(placed.seq..=placed.seq);
        }
    }

    /// The bytes of this one are not what was written.
    pub(super) fn lost(&mut self, placed: &Placed) {
        let Some(reading) = &mut self.reading else { return };
        reading.has_lost = true;
        let path = reading.file.path().to_owned();
        self.settled(std::slice::from_ref(placed));
        self.log_lost(&path, std::slice::from_ref(&placed.row.id));
    }

    /// Opens the first file that is to be read now.
    fn begin(&mut self) -> Option<Reading> {
        let is_due = |path: &PathBuf| self.later.get(path).is_none_or(|later| Instant::now() >= later.at);
        let path = self.backlog.paths().into_iter().find(is_due)?;
        let later = self.later.remove(&path);
        let has_lost = later.as_ref().is_some_and(|later| later.has_lost);
        let wait = later.as_ref().map_or(AGAIN_FIRST, |later| (later.wait * 2).min(AGAIN_LAST));
        let todo = later.map(|later| later.unread).unwrap_or_default();
        let file = Retired::of(path, todo);
        Some(Reading { file, pending: VecDeque::new(), left: Vec::new(), has_lost, wait })
    }

    /// The file has been read to its end.
    async fn end(&mut self, reading: Reading) {
        let path = reading.file.path().to_owned();
        let (file, left) = (reading.file, reading.left);
        let Some(outcome) = off_thread(move || file.outcome(left)).await else {
            return self.postpone(path, Vec::new(), reading.has_lost, reading.wait);
        };
        let Outcome { lost, may_have_lost_more, unread } = outcome;
        self.log_lost(&path, &lost);
        let has_lost = reading.has_lost || may_have_lost_more || !lost.is_empty();
        if may_have_lost_more {
            tracing::error!(file = %path.display(), "parts of a retired file of the spool are gone, and nothing is left that says which deliveries were there");
        }
        if !unread.is_empty() {
            return self.postpone(path, unread, has_lost, reading.wait);
        }
        match take_away(&path, has_lost) {
            Ok(()) => self.backlog.remove(&path),
            Err(error) => {
                tracing::warn!(%error, file = %path.display(), "a retired file of the spool is drained and cannot be taken away yet");
                self.postpone(path, vec![Retired::NOTHING], has_lost, reading.wait);
            }
        }
    }

    fn postpone(&mut self, path: PathBuf, unread: Vec<Range>, has_lost: bool, wait: Duration) {
        let at = Instant::now() + wait;
        self.later.insert(path, Later { unread, has_lost, at, wait });
    }

    fn log_lost(&self, path: &Path, lost: &[String]) {
        self.metrics.lost.inc_by(lost.len() as u64);
        for delivery in lost.iter().take(NAMED) {
            tracing::error!(delivery, file = %path.display(), "the bytes of a delivery in the spool are gone, it is lost");
        }
        if lost.len() > NAMED {
            tracing::error!(deliveries = lost.len(), file = %path.display(), "deliveries of the spool are lost, the first of them are named above");
        }
    }
}

/// A file of which bytes are lost stays for people to look at.
fn take_away(path: &Path, has_lost: bool) -> Result<(), StoreError> {
    if has_lost {
        let kept = files::mark_as_salvaged(path)?;
        tracing::error!(file = %kept.display(), "a retired file of the spool is drained, but for what is lost; it is kept: `sqlite3 FILE .recover` may find more");
    } else {
        files::remove(path)?;
        tracing::info!(file = %path.display(), "a retired file of the spool is drained, nothing of it is lost");
    }
    Ok(())
}

/// Files are read where that blocks nobody; `None` after a panic.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
