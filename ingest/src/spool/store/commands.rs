//! What the store does with a group of commands: their changes are one transaction.

use super::super::bytes_of_large;
use super::super::database::{Change, Database, StoredRow, reasons};
use super::super::error::StoreError;
use super::super::inspect::{InspectError, ParkReason, Request, Response, respond};
use super::super::writer::Command;
use super::{Kind, State, Store};
use crate::http::response::Unavailable;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;
use tokio::sync::oneshot;

/// A delivery of more bytes is large: most have a few KiB. One that does not fit must not take small ones with it.
const SMALL: u64 = 64 << 10;

type Done = oneshot::Sender<Result<(), Unavailable>>;

impl Store {
    /// Serves a group; its changes are one transaction.
    pub(in crate::spool) fn serve(&mut self, group: &mut Vec<Command>) -> ControlFlow<()> {
        let (mut flow, mut is_written) = (ControlFlow::Continue(()), true);
        let (mut stores, mut changes, mut others) = (Vec::new(), Vec::new(), Vec::new());
        // Counted as queued until written.
        let mut queued_bytes = Vec::new();
        for command in group.drain(..) {
            match command {
                // The request was answered 503 meanwhile, and is sent again.
                Command::Store { done, .. } if done.is_closed() => {}
                Command::Store { row, queued, done } => {
                    queued_bytes.push(queued);
                    stores.push((Change::Insert(row), done));
                }
                Command::Change { changes: more, done } => {
                    changes.extend(more);
                    others.push(done);
                }
                Command::Run(work) => {
                    is_written &= self.write(&std::mem::take(&mut changes), std::mem::take(&mut stores));
                    work(self);
                }
                Command::Close { done } => {
                    others.push(done);
                    flow = ControlFlow::Break(());
                }
            }
        }
        is_written &= self.write(&changes, stores);
        drop(queued_bytes);
        if flow.is_break() {
            let closed = State::Failed { is_final: false, retry_at: Instant::now() };
            if let State::Open(database) = std::mem::replace(&mut self.state, closed) {
                database.close();
            }
        }
        // Before responding, so that they already count it.
        self.update_gauges();
        for done in others {
            // The caller may be gone.
            let _sent = done.send(is_written);
        }
        flow
    }

    /// Writes both in one transaction, and responds to the stores; whether the changes are on disk.
    fn write(&mut self, changes: &[Change], stores: Vec<(Change, Done)>) -> bool {
        if matches!(self.state, State::Failed { .. }) {
            answer(stores, Err(Unavailable::SpoolFailing));
            return changes.is_empty();
        }
        let stores = self.admit(stores);
        if changes.is_empty() && stores.is_empty() {
            return true;
        }
        let start = Instant::now();
        let outcome = self.try_write(changes, &stores);
        self.parts.metrics.write_seconds.observe(start.elapsed().as_secs_f64());
        match outcome {
            Ok(()) => {
                self.succeeded(Kind::Write);
                if !stores.is_empty() {
                    self.parts.stored.notify_one();
                    // Before responding, so that the gauges already count it.
                    self.update_gauges();
                }
                answer(stores, Ok(()));
                true
            }
            Err(StoreError::Full) => {
                self.log_full();
                let (large, small): (Vec<_>, Vec<_>) =
                    stores.into_iter().partition(|(change, _)| cost(change) > SMALL);
                let are_alone = large.is_empty();
                answer(large, Err(Unavailable::SpoolFull));
                if !are_alone && !small.is_empty() {
                    return self.write(changes, small);
                }
                answer(small, Err(Unavailable::SpoolFull));
                // Nothing was changed, but deletes can be.
                self.write_changes(changes)
            }
            Err(error) => {
                self.fail(&error, Kind::Write);
                answer(stores, Err(Unavailable::SpoolFailing));
                false
            }
        }
    }

    /// Those for which there is space below `--spool-max-bytes`, each by itself in the order of arrival; the others are refused.
    /// The last part takes small ones alone, and while it does, the spool is not full.
    fn admit(&mut self, stores: Vec<(Change, Done)>) -> Vec<(Change, Done)> {
        let (most, most_of_large) = (self.parts.max_bytes, bytes_of_large(self.parts.max_bytes));
        let mut taken = self.taken();
        let (admitted, refused): (Vec<_>, Vec<_>) = stores.into_iter().partition(|(change, _)| {
            let cost = cost(change);
            let limit = if cost > SMALL { most_of_large } else { most };
            let has_space = taken + cost <= limit;
            taken += if has_space { cost } else { 0 };
            has_space
        });
        if refused.iter().any(|(change, _)| cost(change) <= SMALL) {
            self.log_full();
        }
        answer(refused, Err(Unavailable::SpoolFull));
        admitted
    }

    /// Writes the changes alone, in the space of the reserve where there is no other.
    fn write_changes(&mut self, changes: &[Change]) -> bool {
        if changes.is_empty() {
            return true;
        }
        match self.try_write(changes, &[]) {
            Ok(()) => return true,
            Err(StoreError::Full) => {}
            Err(error) => {
                self.fail(&error, Kind::Write);
                return false;
            }
        }
        // Rows of a retired file wait there for space: the reserve is for deletes.
        if changes.iter().any(|change| matches!(change, Change::Adopt(..))) {
            return false;
        }
        self.reserve.release();
        match self.try_write(changes, &[]) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "cannot delete drained deliveries from the spool yet");
                self.fail_unless_full(&error, Kind::Write);
                false
            }
        }
    }

    fn try_write(&mut self, changes: &[Change], stores: &[(Change, Done)]) -> Result<(), StoreError> {
        let State::Open(database) = &mut self.state else {
            return Err(StoreError::Transient("the spool is not open".to_owned()));
        };
        let before = self.totals.unwrap_or_default();
        if !stores.is_empty() && !self.reserve.is_there {
            return Err(StoreError::Full);
        }
        let all = changes.iter().chain(stores.iter().map(|(change, _)| change));
        let applied = database.apply(all, before).map_err(|error| self.reserve.classify(error))?;
        self.totals = Some(applied);
        self.idle = 0;
        Ok(())
    }

    pub(in crate::spool) fn read(&mut self, rows: usize, bytes: u64) -> Vec<StoredRow> {
        let counted = self.totals.unwrap_or_default().waiting;
        let found = self.read_or_fail(|database| {
            let mut found = database.waiting(rows, bytes)?;
            if counted > 0 && found.is_empty() {
                database.rewind();
                found = database.waiting(rows, bytes)?;
                if found.is_empty() {
                    let why = "the index has deliveries that the table has not";
                    return Err(StoreError::Damaged(why.to_owned()));
                }
            }
            Ok(found)
        });
        if !found.is_empty() {
            self.succeeded(Kind::Read);
        }
        found
    }

    /// The file that is open.
    pub(in crate::spool) fn file(&self) -> PathBuf {
        match &self.state {
            State::Open(database) => database.path.clone(),
            State::Failed { .. } => PathBuf::default(),
        }
    }

    pub(in crate::spool) fn read_parked(&mut self, reason: &str, part: f64) -> Option<StoredRow> {
        self.read_or_fail(|database| database.parked(reason, part))
    }

    /// A reason for which deliveries are parked and that this version does not know.
    pub(in crate::spool) fn unknown_reason(&mut self) -> Option<ParkReason> {
        let reasons = self.read_or_fail(|database| reasons(database.connection()));
        reasons.into_iter().map(ParkReason::from).find(|reason| !reason.is_known())
    }

    /// What is read of the file; nothing where it is not open, or fails, which closes it.
    fn read_or_fail<T: Default>(&mut self, read: impl FnOnce(&mut Database) -> Result<T, StoreError>) -> T {
        let State::Open(database) = &mut self.state else { return T::default() };
        read(database).unwrap_or_else(|error| {
            self.fail(&error, Kind::Read);
            T::default()
        })
    }

    /// Serves a request of `weir spool`.
    pub(in crate::spool) fn inspect(&mut self, request: &Request) -> Result<Response, InspectError> {
        let State::Open(database) = &self.state else {
            return Err(InspectError::not_now(&self.parts.directory));
        };
        let read = respond(database.connection(), request).map_err(|error| (error, Kind::Read));
        let served = read.and_then(|(response, changes)| {
            if !changes.is_empty() {
                self.try_write(&changes, &[]).map_err(|error| (error, Kind::Write))?;
                self.parts.stored.notify_one();
            }
            Ok(response)
        });
        served.map_err(|(error, kind)| {
            self.fail_unless_full(&error, kind);
            let directory = &self.parts.directory;
            match error {
                // Not for whoever asks to mend.
                StoreError::Transient(_) | StoreError::Unsynced(_) => InspectError::not_now(directory),
                // A read fails, which SQLite takes for damage.
                StoreError::Damaged(_) if !self.must_retire() => InspectError::not_now(directory),
                error => InspectError::of(directory, &error),
            }
        })
    }
}

fn answer(stores: Vec<(Change, Done)>, result: Result<(), Unavailable>) {
    for (_, done) in stores {
        // The caller may be gone; what is stored is drained all the same.
        let _sent = done.send(result);
    }
}

fn cost(change: &Change) -> u64 {
    match change {
        Change::Insert(row) => row.cost(),
        _ => 0,
    }
}
