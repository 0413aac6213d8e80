//! What the spool's thread does with a group of commands, and with a file that fails.
//!
//! What may pass by itself is tried again on the same file. A file that is damaged, whose `fsync` failed, or that stays out of
//! reach, is retired: the next of the sequence is begun, and the old one is drained where it lies.

mod gauges;
#[cfg(test)]
mod tests;

use super::backlog::Backlog;
use super::database::{Change, Database, Figures, Placed};
use super::error::StoreError;
use super::inspect::{self, Answer, InspectError, Request};
use super::metrics::SpoolMetrics;
use super::reserve::Reserve;
use super::writer::Command;
use super::{SpoolError, files};
use crate::settings::SpoolSettings;
use runtime::process::health::Check;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// How long to wait before a file that failed is tried again: doubled from the first to the last.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_mins(1);
/// How often in a row a file may fail before the next one is begun: half a minute.
const FAILURES: u32 = 5;
/// A file up to this size is checked as a whole when it is opened, which takes a second or two. Damage in a larger one is met
/// as it is read.
const CHECKED_BYTES: u64 = 256 << 20;
/// How long a spool is called full after the last delivery that it refused, where it does not drain.
const FULL_FOR: Duration = Duration::from_secs(30);

/// What a store is made of, again after a panic.
#[derive(Clone, Debug)]
pub(super) struct StoreParts {
    pub(super) settings: SpoolSettings,
    pub(super) metrics: SpoolMetrics,
    pub(super) stored: Arc<Notify>,
    pub(super) backlog: Backlog,
    pub(super) check: Check,
}

/// The file that is written, and what is known of it.
#[derive(Debug)]
pub(super) struct Store {
    parts: StoreParts,
    state: State,
    /// What is in the file; `None` while that was never read.
    figures: Option<Figures>,
    /// When the first delivery was received that waits in it.
    oldest: Option<i64>,
    reserve: Reserve,
    /// Since when it is full, and with how many bytes.
    full: Option<(Instant, u64)>,
    retry: Duration,
    /// How often in a row the file failed.
    failures: u32,
}

#[derive(Debug)]
enum State {
    Open(Database),
    /// Nothing can be read or written until `retry_at`; `is_over` says that the file is not to be written again.
    Failed {
        is_over: bool,
        retry_at: Instant,
    },
}

type Done = oneshot::Sender<Result<(), SpoolError>>;

impl Store {
    pub(super) fn new(parts: StoreParts) -> Self {
        let settings = &parts.settings;
        parts.metrics.max_bytes.set(i64::try_from(settings.max_bytes).unwrap_or(i64::MAX));
        let reserve = Reserve::new(&settings.directory, settings.max_bytes);
        Self {
            state: State::Failed { is_over: false, retry_at: Instant::now() },
            figures: None,
            oldest: None,
            reserve,
            full: None,
            retry: RETRY_FIRST,
            failures: 0,
            parts,
        }
    }

    /// Opens the file; or begins the next, where it is not to be used any more.
    pub(super) fn open(&mut self) {
        let opened = match self.state {
            State::Failed { is_over: true, .. } => self.retire(),
            _ if self.failures >= FAILURES => self.retire().or_else(|_| self.reopen()),
            _ => self.reopen(),
        };
        let opened = match opened {
            Err(error @ (StoreError::Damaged(_) | StoreError::Unsynced(_))) if !self.is_over() => {
                self.fail(&error);
                self.retire()
            }
            opened => opened,
        };
        match opened {
            Ok((database, figures)) => {
                tracing::info!(
                    directory = %self.parts.settings.directory.display(),
                    waiting = figures.waiting,
                    set_aside = figures.set_aside,
                    bytes = figures.bytes,
                    retired_files = self.parts.backlog.len(),
                    "the spool is open"
                );
                self.state = State::Open(database);
                self.figures = Some(figures);
                self.parts.stored.notify_one();
                if self.reserve.make().is_err() {
                    self.log_full();
                }
            }
            Err(error) => self.fail(&error),
        }
        self.show();
    }

    const fn is_over(&self) -> bool {
        matches!(self.state, State::Failed { is_over: true, .. })
    }

    fn reopen(&self) -> Result<(Database, Figures), StoreError> {
        let sequence = files::sequence(&self.parts.settings.directory)?;
        for path in sequence.retired {
            self.parts.backlog.add(path, None, None);
        }
        let database = Database::open(&sequence.current, self.parts.settings.max_bytes)?;
        // Before it is written: a change of a page that is damaged may destroy what is left on it.
        if files::size(&sequence.current)?.is_some_and(|bytes| bytes <= CHECKED_BYTES) {
            database.check()?;
        }
        let figures = database.figures()?;
        Ok((database, figures))
    }

    /// Begins the next file. The one before it stays as it is, to be drained where it lies.
    fn retire(&mut self) -> Result<(Database, Figures), StoreError> {
        let sequence = files::sequence(&self.parts.settings.directory)?;
        let database = Database::open(&sequence.next, self.parts.settings.max_bytes)?;
        if files::size(&sequence.current)?.is_some() {
            self.parts.metrics.quarantined.inc();
            tracing::error!(
                file = %sequence.current.display(),
                next = %sequence.next.display(),
                "a file of the spool is retired: it is not written any more, and drained where it lies"
            );
            self.parts.backlog.add(sequence.current, self.figures.take(), self.oldest.take());
        }
        (self.failures, self.retry) = (0, RETRY_FIRST);
        Ok((database, Figures::default()))
    }

    /// Serves a group; its changes are one transaction.
    pub(super) fn serve(&mut self, group: &mut Vec<Command>) -> ControlFlow<()> {
        let (mut flow, mut is_written) = (ControlFlow::Continue(()), true);
        let (mut stores, mut changes, mut others) = (Vec::new(), Vec::new(), Vec::new());
        // In memory until the file has it.
        let mut held = Vec::new();
        for command in group.drain(..) {
            match command {
                // Who has been answered 503 meanwhile sends it again.
                Command::Store { done, .. } if done.is_closed() => {}
                Command::Store { row, queued, done } => {
                    held.push(queued);
                    stores.push((Change::Insert(row), done));
                }
                Command::Change { changes: more, done } => {
                    changes.extend(more);
                    others.push(done);
                }
                Command::Read { rows, bytes, done } => {
                    // What came before in the group is in the file before it is read.
                    is_written &= self.write(&std::mem::take(&mut changes), std::mem::take(&mut stores));
                    // Who asked may have gone.
                    let _told = done.send(self.read(rows, bytes));
                }
                Command::Inspect { request, done } => {
                    is_written &= self.write(&std::mem::take(&mut changes), std::mem::take(&mut stores));
                    // Who asked may have gone.
                    let _told = done.send(self.inspect(&request));
                }
                Command::Tend => self.tend(),
                Command::Close { done } => {
                    others.push(done);
                    flow = ControlFlow::Break(());
                }
                #[cfg(test)]
                Command::Panic => panic!("as the test wants"),
            }
        }
        is_written &= self.write(&changes, stores);
        drop(held);
        if flow.is_break() {
            // The last thing that SQLite does is to copy the log into the file.
            self.state = State::Failed { is_over: false, retry_at: Instant::now() };
        }
        for done in others {
            // Who asked may have gone.
            let _told = done.send(is_written);
        }
        self.show();
        flow
    }

    /// Writes both in one transaction, and answers the stores; whether the changes are on the disk.
    fn write(&mut self, changes: &[Change], stores: Vec<(Change, Done)>) -> bool {
        if changes.is_empty() && stores.is_empty() {
            return true;
        }
        if matches!(self.state, State::Failed { .. }) {
            refuse(stores, SpoolError::Failing);
            return false;
        }
        let start = Instant::now();
        let outcome = self.try_write(changes, &stores);
        self.parts.metrics.write_seconds.observe(start.elapsed().as_secs_f64());
        match outcome {
            Ok(()) => {
                self.worked();
                if !stores.is_empty() {
                    self.parts.stored.notify_one();
                    // Before it is answered: whoever looks at the spool then sees it there.
                    self.show();
                }
                for (_, done) in stores {
                    // Who asked may have gone; the delivery is drained all the same.
                    let _told = done.send(Ok(()));
                }
                true
            }
            Err(StoreError::Full) => {
                self.log_full();
                refuse(stores, SpoolError::Full);
                // Nothing was changed, but what needs no space can be.
                self.write_changes(changes)
            }
            Err(error) => {
                self.fail(&error);
                refuse(stores, SpoolError::Failing);
                false
            }
        }
    }

    /// The changes alone, in the space of the reserve where there is no other.
    fn write_changes(&mut self, changes: &[Change]) -> bool {
        if changes.is_empty() || self.try_write(changes, &[]).is_ok() {
            return true;
        }
        // What comes from a retired file waits there for space: the reserve is for what makes some.
        if changes.iter().any(|change| matches!(change, Change::Adopt(..))) {
            return false;
        }
        self.reserve.give_up();
        match self.try_write(changes, &[]) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "deliveries that are on Kafka cannot be deleted yet");
                if error != StoreError::Full {
                    self.fail(&error);
                }
                false
            }
        }
    }

    fn try_write(&mut self, changes: &[Change], stores: &[(Change, Done)]) -> Result<(), StoreError> {
        let State::Open(database) = &mut self.state else {
            return Err(StoreError::Transient("the spool is not open".to_owned()));
        };
        let before = self.figures.unwrap_or_default();
        let cost: u64 = stores.iter().map(|(change, _)| cost(change)).sum();
        let taken = before.bytes + self.parts.backlog.disk_bytes();
        if cost > 0 && (taken + cost > self.parts.settings.max_bytes || !self.reserve.is_there()) {
            return Err(StoreError::Full);
        }
        let all = changes.iter().chain(stores.iter().map(|(change, _)| change));
        let applied = database.apply(all, before).map_err(|error| match error {
            // A quota that is used up is an I/O error to SQLite.
            StoreError::Transient(_) if self.reserve.is_out_of_space() => StoreError::Full,
            error => error,
        })?;
        self.figures = Some(applied);
        if !changes.is_empty() && applied == Figures::default() {
            match database.shrink() {
                // What could not be given back now is later.
                Ok(()) | Err(StoreError::Full | StoreError::Transient(_)) => {}
                // The changes are made all the same.
                Err(error) => self.fail(&error),
            }
        }
        Ok(())
    }

    fn read(&mut self, rows: usize, bytes: u64) -> Vec<Placed> {
        let State::Open(database) = &mut self.state else { return Vec::new() };
        let counted = self.figures.unwrap_or_default().waiting;
        let mut read = database.waiting(rows, bytes);
        if counted > 0 && matches!(&read, Ok(read) if read.is_empty()) {
            database.rewind();
            read = database.waiting(rows, bytes);
            if matches!(&read, Ok(read) if read.is_empty()) {
                let why = "the index has deliveries that the table has not";
                read = Err(StoreError::Damaged(why.to_owned()));
            }
        }
        match read {
            Ok(read) => {
                if !read.is_empty() {
                    self.worked();
                }
                read
            }
            Err(error) => {
                self.fail(&error);
                Vec::new()
            }
        }
    }

    fn inspect(&mut self, request: &Request) -> Result<Answer, InspectError> {
        let State::Open(database) = &self.state else {
            return Err(InspectError::NotNow(self.parts.settings.directory.clone()));
        };
        let answered = match inspect::retries(database.connection(), request) {
            Ok(None) => inspect::answer(database.connection(), request),
            Ok(Some(retries)) => self.unpark(&retries),
            Err(error) => Err(error),
        };
        answered.map_err(|error| InspectError::of(&self.parts.settings.directory, error))
    }

    fn unpark(&mut self, retries: &inspect::Retries) -> Result<Answer, StoreError> {
        let changes: Vec<_> = retries.places.iter().copied().map(Change::Unpark).collect();
        self.try_write(&changes, &[])?;
        self.parts.stored.notify_one();
        Ok(Answer::Retried { count: changes.len() as u64, last: retries.places.last().copied() })
    }

    /// What is due now and then: a file that failed is tried again.
    fn tend(&mut self) {
        match &self.state {
            State::Failed { retry_at, .. } if Instant::now() >= *retry_at => self.open(),
            State::Failed { .. } => {}
            State::Open(database) => {
                let taken = self.figures.unwrap_or_default().bytes + self.parts.backlog.disk_bytes();
                let is_due = self.full.is_some_and(|(since, bytes)| has_drained(taken, bytes, since));
                if is_due && database.probe().is_ok() && self.reserve.make().is_ok() {
                    self.full = None;
                    tracing::info!("the spool has space again");
                }
            }
        }
    }

    const fn worked(&mut self) {
        (self.failures, self.retry) = (0, RETRY_FIRST);
    }

    /// Stops using the file until it is time to try again.
    fn fail(&mut self, error: &StoreError) {
        let is_over = self.is_over() || matches!(error, StoreError::Damaged(_) | StoreError::Unsynced(_));
        if matches!(error, StoreError::Transient(_)) {
            self.failures += 1;
        }
        tracing::error!(
            directory = %self.parts.settings.directory.display(),
            %error,
            retry_seconds = self.retry.as_secs(),
            "the spool cannot be used, deliveries that Kafka does not acknowledge are answered 503 until it can"
        );
        let failed = State::Failed { is_over, retry_at: Instant::now() + self.retry };
        if let State::Open(database) = std::mem::replace(&mut self.state, failed) {
            database.abandon();
        }
        self.retry = (self.retry * 2).min(RETRY_LAST);
    }

    fn log_full(&mut self) {
        let taken = self.figures.unwrap_or_default().bytes + self.parts.backlog.disk_bytes();
        if self.full.replace((Instant::now(), taken)).is_none() {
            tracing::error!(
                max_bytes = self.parts.settings.max_bytes,
                reserve_bytes = self.reserve.bytes(),
                "the spool or its disk is full, deliveries that Kafka does not acknowledge are answered 503 until it has drained; \
                 see --spool-max-bytes and the free space of --spool-dir, of which the reserve is kept free"
            );
        }
    }
}

/// Whether a spool that was full may be called otherwise: a twentieth is gone, or some time has passed.
fn has_drained(bytes: u64, full_bytes: u64, since: Instant) -> bool {
    bytes <= full_bytes / 20 * 19 && bytes < full_bytes || since.elapsed() >= FULL_FOR
}

fn refuse(stores: Vec<(Change, Done)>, why: SpoolError) {
    for (_, done) in stores {
        // Who asked may have gone.
        let _told = done.send(Err(why));
    }
}

fn cost(change: &Change) -> u64 {
    match change {
        Change::Insert(row) => row.cost(),
        _ => 0,
    }
}
