//! The file that is written: opened, tried again after a failure, or retired.
//!
//! After an error that may pass by itself the same file is tried again. A file that is damaged, whose `fsync` failed, or
//! that stays unreachable is retired: the next of the sequence is created, and the old one is drained in place.

mod commands;
mod disk;
mod gauges;
mod pace;
mod reserve;
mod space;
#[cfg(test)]
mod tests;

use super::backlog::Backlog;
use super::damage_check::recheck_damage;
use super::database::{Database, Totals};
use super::error::StoreError;
use super::files::{self, Sequence};
use super::metrics::SpoolMetrics;
use enum_map::{Enum, EnumMap};
use pace::Pace;
pub(super) use pace::Timeliness;
use reserve::Reserve;
use runtime::process::health::Check;
use space::Full;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Retry interval of a file that failed: doubled from the first to the last.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_mins(1);
/// Consecutive failures of a file before the next one is created: half a minute.
const FAILURES: u32 = 5;

/// What a store is made from, again after a panic, and shares with all who use the spool.
#[derive(Clone, Debug)]
pub(super) struct StoreParts {
    pub(super) directory: PathBuf,
    /// Whether its file system was as the process started, and nothing was written there since: a file is drained in place there
    /// without half a minute of attempts, and is none that failed.
    pub(super) is_read_only: bool,
    /// `--spool-max-bytes`.
    pub(super) max_bytes: u64,
    pub(super) metrics: SpoolMetrics,
    /// Notified when a delivery has been stored, or waits again.
    pub(super) stored: Arc<Notify>,
    pub(super) backlog: Backlog,
    pub(super) check: Check,
    pub(super) timeliness: Timeliness,
}

/// The file that is written, and what is known of it.
pub(super) struct Store {
    parts: StoreParts,
    state: State,
    /// What is in the file; `None` while that was never read.
    totals: Option<Totals>,
    /// When its first waiting delivery was received.
    oldest: Option<i64>,
    /// The size of its pages in use, as they were last counted.
    page_bytes: u64,
    reserve: Reserve,
    full: Option<Full>,
    /// How many bytes its disk holds, as far as that is known.
    fits: u64,
    pace: Pace,
    /// How often it was maintained since it was written.
    idle: u32,
    retry: Duration,
    /// Consecutive failures of the file.
    failures: EnumMap<Operation, u32>,
}

/// What failed. Each is counted by itself: a file that takes writes may be one that cannot be read.
#[derive(Clone, Copy, Debug, Enum)]
enum Operation {
    Open,
    Read,
    Write,
}

#[derive(Debug)]
enum State {
    Open(Database),
    /// Nothing can be read or written until `retry_at`; `is_final` means that the file must not be written again, `later_format` is
    /// that of one of a later version.
    Failed {
        is_final: bool,
        retry_at: Instant,
        later_format: Option<i64>,
    },
    /// For good: the process ends.
    Closed,
}

impl Store {
    pub(super) fn new(parts: StoreParts) -> Self {
        // What fits is seen once it is open, which can take a while.
        parts.metrics.max_bytes.set(i64::try_from(parts.max_bytes).unwrap_or(i64::MAX));
        let reserve = Reserve::new(&parts.directory, parts.max_bytes);
        Self {
            state: State::Failed { is_final: false, retry_at: Instant::now(), later_format: None },
            totals: None,
            oldest: None,
            page_bytes: 0,
            reserve,
            full: None,
            fits: u64::MAX,
            pace: Pace::default(),
            idle: 0,
            retry: RETRY_FIRST,
            failures: EnumMap::from_fn(|_| if parts.is_read_only { FAILURES } else { 0 }),
            parts,
        }
    }

    /// Opens the file, or creates the next where it must not be used any more.
    fn open(&mut self) {
        let is_over = self.must_retire() || self.failures.values().any(|count| *count >= FAILURES);
        let opened = if is_over { self.replace() } else { self.reopen() };
        match opened {
            Ok((database, totals)) => {
                tracing::info!(
                    directory = %self.parts.directory.display(),
                    waiting = totals.waiting,
                    parked = totals.parked,
                    bytes = totals.bytes,
                    retired_files = self.parts.backlog.len(),
                    "opened the spool"
                );
                self.succeeded(Operation::Open);
                self.state = State::Open(database);
                self.totals = Some(totals);
                self.parts.stored.notify_one();
                let has_reserve = self.reserve.make().is_ok();
                self.warn_of_disk();
                if !has_reserve {
                    self.log_full();
                }
            }
            Err(error) => {
                let was_final = self.must_retire();
                self.fail(&error, Operation::Open);
                if !was_final && self.must_retire() {
                    self.open();
                }
            }
        }
    }

    const fn must_retire(&self) -> bool {
        matches!(self.state, State::Failed { is_final: true, .. })
    }

    fn reopen(&self) -> Result<(Database, Totals), StoreError> {
        let sequence = self.sequence()?;
        let database = Database::open(&sequence.current, self.parts.max_bytes)?;
        // Before it is written: changing a damaged page may destroy what is left on it.
        let totals = database.checked_totals()?;
        Ok((database, totals))
    }

    /// The files as they are; those that are not written any more are drained.
    fn sequence(&self) -> Result<Sequence, StoreError> {
        let mut sequence = files::sequence(&self.parts.directory)?;
        for path in sequence.retired.drain(..) {
            self.parts.backlog.add(path, None, None);
        }
        Ok(sequence)
    }

    /// Creates the next file. The one before it stays as it is, to be drained in place; also where the next cannot be created yet, as
    /// on a volume that is read-only or full.
    fn replace(&mut self) -> Result<(Database, Totals), StoreError> {
        let sequence = self.sequence()?;
        let created = self.create(&sequence.next);
        let is_left = self.leave_to_drain(sequence.current)?;
        if is_left && created.is_err() {
            // It must not be written any more, also once it could be.
            self.state = State::Failed { is_final: true, retry_at: Instant::now(), later_format: None };
        }
        let database = created?;
        self.parts.is_read_only = false;
        (self.failures, self.retry, self.page_bytes) = (EnumMap::default(), RETRY_FIRST, 0);
        Ok((database, Totals::default()))
    }

    /// Creates a file, on a full disk in the space of the reserve: what cannot be sent of the file before has to be parked in
    /// it, or that one is never removed and the disk stays full.
    fn create(&mut self, path: &Path) -> Result<Database, StoreError> {
        let max_bytes = self.parts.max_bytes;
        match Database::open(path, max_bytes).map_err(|error| self.reserve.classify(error)) {
            Err(StoreError::Full) => {}
            opened => return opened,
        }
        // It may be there from an earlier process.
        self.reserve.release();
        Database::open(path, max_bytes)
    }

    /// Leaves the file to the drain. Returns whether there is one.
    fn leave_to_drain(&mut self, file: PathBuf) -> Result<bool, StoreError> {
        if files::size(&file)?.is_none() {
            return Ok(false);
        }
        if !self.parts.backlog.contains(&file) {
            if !self.parts.is_read_only {
                self.parts.metrics.retirements.inc();
                tracing::error!(
                    file = %file.display(),
                    "retired a spool file: it is not written any more, and drained in place"
                );
            }
            self.parts.backlog.add(file, self.totals.replace(Totals::default()), self.oldest.take());
        }
        Ok(true)
    }

    /// Opens the file at first and where it failed, looks for space in a full one, and releases that of an empty one; then sets the
    /// gauges.
    pub(super) fn maintain(&mut self) {
        self.judge_pace();
        match &self.state {
            State::Failed { retry_at, .. } if Instant::now() >= *retry_at => self.open(),
            State::Failed { .. } | State::Closed => {}
            State::Open(_) => {
                self.look_at_disk();
                self.look_for_space();
                self.release();
            }
        }
        self.update_gauges();
    }

    /// Closes the file in good order, for good.
    pub(super) fn close(&mut self) {
        if let State::Open(database) = std::mem::replace(&mut self.state, State::Closed) {
            database.close();
        }
        self.log_what_stays();
    }

    fn log_what_stays(&self) {
        let of_files = [self.totals, self.parts.backlog.totals()];
        let deliveries: u64 = of_files.iter().flatten().map(|totals| totals.waiting + totals.parked).sum();
        if deliveries > 0 {
            tracing::warn!(
                deliveries,
                directory = %self.parts.directory.display(),
                "deliveries that were answered 200 stay in the spool: those that wait go to Kafka once a process is started on its folder"
            );
        }
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Only a success of the same operation ends its failures.
    fn succeeded(&mut self, operation: Operation) {
        self.failures[operation] = 0;
        if self.failures == EnumMap::default() {
            self.retry = RETRY_FIRST;
        }
    }

    /// As [`Self::fail`], unless there is only no space: that says nothing of the file.
    fn fail_unless_full(&mut self, error: &StoreError, operation: Operation) {
        if *error != StoreError::Full {
            self.fail(error, operation);
        }
    }

    /// Closes the file until it is time to try again.
    fn fail(&mut self, error: &StoreError, operation: Operation) {
        let was_final = self.must_retire();
        // Closed before it is looked at.
        self.state = State::Failed { is_final: was_final, retry_at: Instant::now(), later_format: None };
        let current = || files::sequence(&self.parts.directory).map(|sequence| sequence.current);
        let error = if was_final { error.clone() } else { recheck_damage(error, current()) };
        let is_final = was_final || matches!(error, StoreError::Damaged(_) | StoreError::Unsynced(_));
        if matches!(error, StoreError::Transient(_)) {
            self.failures[operation] += 1;
        }
        tracing::error!(
            directory = %self.parts.directory.display(),
            %error,
            retry_seconds = self.retry.as_secs(),
            "cannot use the spool: until it recovers, deliveries that Kafka does not acknowledge are answered 503"
        );
        let later_format = if let StoreError::LaterFormat(format) = error { Some(format) } else { None };
        self.state = State::Failed { is_final, retry_at: Instant::now() + self.retry, later_format };
        self.retry = (self.retry * 2).min(RETRY_LAST);
    }
}
