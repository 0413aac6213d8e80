//! What the store does with a group of commands: their changes are one transaction.

use super::super::database::{Change, Database, ParkReason, StoredRow, reasons};
use super::super::error::StoreError;
use super::super::inspect::{InspectError, Request, Response, respond};
use super::super::writer::{Command, Insertion};
use super::space::SMALL;
use super::{Operation, State, Store};
use crate::http::response::Unavailable;
use std::path::PathBuf;
use std::time::Instant;

impl Store {
    /// Serves a group; its changes are one transaction.
    pub(in crate::spool) fn serve(&mut self, group: &mut Vec<Command>) {
        let (mut insertions, mut changes, mut others) = (Vec::new(), Vec::new(), Vec::new());
        let mut is_written = true;
        for command in group.drain(..) {
            match command {
                // The request was answered 503 meanwhile, and is sent again.
                Command::Insert(insertion) if insertion.done.is_closed() => {}
                Command::Insert(insertion) => insertions.push(insertion),
                Command::Change { changes: more, done } => {
                    changes.extend(more);
                    others.push(done);
                }
                Command::Run(work) => {
                    is_written &= self.write(&std::mem::take(&mut changes), std::mem::take(&mut insertions));
                    work(self);
                }
            }
        }
        is_written &= self.write(&changes, insertions);
        // Before responding, so that they already count it.
        self.update_gauges();
        for done in others {
            // The caller may be gone.
            let _sent = done.send(is_written);
        }
    }

    /// Writes both in one transaction, and responds to the insertions. Returns whether the changes are on disk. Where there is no space
    /// for all, it is tried without the large deliveries, then with the changes alone, and then with those in the space of the reserve.
    fn write(&mut self, changes: &[Change], insertions: Vec<Insertion>) -> bool {
        if !matches!(self.state, State::Open(_)) {
            answer(insertions, Err(Unavailable::SpoolFailing));
            return changes.is_empty();
        }
        let (insertions, refused) = self.admit(insertions);
        answer(refused, Err(Unavailable::SpoolFull));
        if changes.is_empty() && insertions.is_empty() {
            return true;
        }
        let start = Instant::now();
        let outcome = self.try_write(changes, &insertions);
        self.parts.metrics.write_seconds.observe(start.elapsed().as_secs_f64());
        match outcome {
            Ok(()) => {
                self.succeeded(Operation::Write);
                if !insertions.is_empty() {
                    self.parts.stored.notify_one();
                    // Before responding, so that the gauges already count it.
                    self.update_gauges();
                }
                answer(insertions, Ok(()));
                true
            }
            Err(error @ StoreError::Full) => {
                self.log_full();
                let (small, large): (Vec<_>, Vec<_>) =
                    insertions.into_iter().partition(|insertion| insertion.bytes <= SMALL);
                if !large.is_empty() {
                    answer(large, Err(Unavailable::SpoolFull));
                    return self.write(changes, small);
                }
                if !small.is_empty() {
                    answer(small, Err(Unavailable::SpoolFull));
                    return self.write(changes, Vec::new());
                }
                // Rows of a retired file wait there for space: the reserve is for deletes.
                if changes.iter().any(|change| matches!(change, Change::Adopt(..))) {
                    return false;
                }
                let was_there = self.reserve.is_there;
                // Also where it should be gone: a full disk may not have let it go the last time.
                self.reserve.release();
                if !was_there {
                    tracing::warn!(%error, "cannot delete drained deliveries from the spool yet");
                    return false;
                }
                self.write(changes, Vec::new())
            }
            Err(error) => {
                self.fail(&error, Operation::Write);
                answer(insertions, Err(Unavailable::SpoolFailing));
                false
            }
        }
    }

    fn try_write(&mut self, changes: &[Change], insertions: &[Insertion]) -> Result<(), StoreError> {
        let State::Open(database) = &mut self.state else {
            return Err(StoreError::Transient("the spool is not open".to_owned()));
        };
        let before = self.totals.unwrap_or_default();
        let all = changes.iter().chain(insertions.iter().map(|insertion| &insertion.row));
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
            self.succeeded(Operation::Read);
        }
        found
    }

    /// The file that is open.
    pub(in crate::spool) fn file(&self) -> PathBuf {
        match &self.state {
            State::Open(database) => database.path.clone(),
            State::Failed { .. } | State::Closed => PathBuf::default(),
        }
    }

    pub(in crate::spool) fn read_parked(&mut self, reason: &ParkReason, part: f64) -> Option<StoredRow> {
        self.read_or_fail(|database| database.parked(reason, part))
    }

    /// A reason for which deliveries are parked and that this version does not know.
    pub(in crate::spool) fn unknown_reason(&mut self) -> Option<ParkReason> {
        let reasons = self.read_or_fail(|database| reasons(database.connection()));
        reasons.into_iter().find(|reason| !reason.is_known())
    }

    /// What is read of the file; nothing where it is not open, or fails, which closes it.
    fn read_or_fail<T: Default>(&mut self, read: impl FnOnce(&mut Database) -> Result<T, StoreError>) -> T {
        let State::Open(database) = &mut self.state else { return T::default() };
        read(database).unwrap_or_else(|error| {
            self.fail(&error, Operation::Read);
            T::default()
        })
    }

    /// Serves a request of `weir spool`.
    pub(in crate::spool) fn inspect(&mut self, request: &Request) -> Result<Response, InspectError> {
        let State::Open(database) = &self.state else {
            return Err(InspectError::not_now(&self.parts.directory));
        };
        let read = respond(database.connection(), request).map_err(|error| (error, Operation::Read));
        let served = read.and_then(|(response, changes)| {
            if !changes.is_empty() {
                self.try_write(&changes, &[]).map_err(|error| (error, Operation::Write))?;
                self.parts.stored.notify_one();
            }
            Ok(response)
        });
        served.map_err(|(error, operation)| {
            self.fail_unless_full(&error, operation);
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

fn answer(insertions: Vec<Insertion>, result: Result<(), Unavailable>) {
    for insertion in insertions {
        // The caller may be gone; what is stored is drained all the same.
        let _sent = insertion.done.send(result);
    }
}
