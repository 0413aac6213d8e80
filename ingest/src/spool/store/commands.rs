//! What the store does with a group of commands: their changes are one transaction.

use super::super::database::{Change, Database, ParkReason, StoredRow, reasons};
use super::super::error::StoreError;
use super::super::inspect::{InspectError, Request, Response, respond};
use super::super::writer::{Command, Write};
use super::space::SMALL;
use super::{Operation, State, Store};
use crate::http::response::Unavailable;
use std::path::PathBuf;
use std::time::Instant;

/// What of a group is written on a disk that has no space for more.
#[derive(Clone, Copy, Debug)]
enum Attempt {
    All,
    /// All but the large deliveries.
    Small,
    /// No delivery.
    Changes,
    /// What deletes, in the space of the reserve.
    InReserve,
}

impl Attempt {
    const IN_ORDER: [Self; 4] = [Self::All, Self::Small, Self::Changes, Self::InReserve];

    fn includes(self, write: &Write) -> bool {
        match self {
            Self::All => true,
            Self::Small => write.bytes <= SMALL,
            Self::Changes => write.bytes == 0,
            // Rows of a retired file wait there for space.
            Self::InReserve => !write.changes.iter().any(|change| matches!(change, Change::Adopt(..))),
        }
    }
}

impl Store {
    /// Serves a group; its changes are one transaction.
    pub(in crate::spool) fn serve(&mut self, group: &mut Vec<Command>) {
        let mut writes = Vec::new();
        for command in group.drain(..) {
            match command {
                // The request was answered 503 meanwhile, and is sent again.
                Command::Write(write) if write.bytes > 0 && write.done.is_closed() => {}
                Command::Write(write) => writes.push(write),
                Command::Run(work) => {
                    self.write(std::mem::take(&mut writes));
                    work(self);
                }
            }
        }
        self.write(writes);
        self.update_gauges();
    }

    /// Writes a group and responds: all of it in one transaction, or what there is space for, by [`Attempt::IN_ORDER`].
    fn write(&mut self, writes: Vec<Write>) {
        if !matches!(self.state, State::Open(_)) {
            return answer(writes, Err(Unavailable::SpoolFailing));
        }
        let (mut writes, refused) = self.admit(writes);
        answer(refused, Err(Unavailable::SpoolFull));
        // What is deleted makes space.
        writes.sort_by_key(|write| write.bytes > 0);
        for attempt in Attempt::IN_ORDER {
            let (rest, refused): (Vec<_>, Vec<_>) =
                writes.into_iter().partition(|write| attempt.includes(write));
            let is_as_before = refused.is_empty();
            writes = rest;
            answer(refused, Err(Unavailable::SpoolFull));
            if writes.is_empty() {
                return;
            }
            match attempt {
                Attempt::Small | Attempt::Changes if is_as_before => continue,
                Attempt::InReserve => {
                    let was_there = self.reserve.is_there;
                    // Also where it should be gone: a full disk may not have let it go the last time.
                    self.reserve.release();
                    if !was_there {
                        break;
                    }
                }
                Attempt::All | Attempt::Small | Attempt::Changes => {}
            }
            match self.write_together(&writes) {
                Ok(()) => return answer(writes, Ok(())),
                Err(StoreError::Full) => self.log_full(),
                Err(error) => {
                    self.fail(&error, Operation::Write);
                    return answer(writes, Err(Unavailable::SpoolFailing));
                }
            }
        }
        tracing::warn!("cannot delete drained deliveries from the spool yet: it or its disk is full");
        answer(writes, Err(Unavailable::SpoolFull));
    }

    fn write_together(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let start = Instant::now();
        let written = self.try_write(writes.iter().flat_map(|write| &write.changes));
        self.parts.metrics.write_seconds.observe(start.elapsed().as_secs_f64());
        written?;
        self.succeeded(Operation::Write);
        if writes.iter().any(|write| write.bytes > 0) {
            self.parts.stored.notify_one();
        }
        // Before responding, so that the gauges already count it.
        self.update_gauges();
        Ok(())
    }

    fn try_write<'a>(&mut self, changes: impl Iterator<Item = &'a Change>) -> Result<(), StoreError> {
        let State::Open(database) = &mut self.state else {
            return Err(StoreError::Transient("the spool is not open".to_owned()));
        };
        let before = self.totals.unwrap_or_default();
        let applied = database.apply(changes, before).map_err(|error| self.reserve.classify(error))?;
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
        let database = match &self.state {
            State::Open(database) => database,
            State::Failed { later_format: Some(format), .. } => {
                return Err(InspectError::of_later_version(&self.parts.directory, *format));
            }
            State::Failed { .. } | State::Closed => return Err(InspectError::not_now(&self.parts.directory)),
        };
        let read = respond(database.connection(), request).map_err(|error| (error, Operation::Read));
        let served = read.and_then(|(response, changes)| {
            if !changes.is_empty() {
                self.try_write(changes.iter()).map_err(|error| (error, Operation::Write))?;
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

fn answer(writes: Vec<Write>, result: Result<(), Unavailable>) {
    for write in writes {
        // The caller may be gone; what is stored is drained all the same.
        let _sent = write.done.send(result);
    }
}
