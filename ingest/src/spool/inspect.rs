//! Looks into a spool from outside, as `weir spool` does, whether an ingest is using it or not.
//!
//! An [`Inspector`] writes nothing; a [`Retrier`] changes one column of rows that are set aside. What makes
//! both safe beside a running ingest, all of <https://sqlite.org/wal.html>:
//!
//! - Readers do not block the writer, and the writer does not block readers; a read sees the file as it was when the
//!   read began ("Concurrency").
//! - A read that goes on and on keeps the log from starting over ("Avoiding Excessively Large WAL Files"). Here a read
//!   is a page of rows, and it has ended before the first of them is handed out: a pager at the other end of a pipe
//!   holds up nothing.
//! - There is one writer at a time. A [`Retrier`] writes little at once and pauses, so that ingest, which waits 250 ms
//!   for the file, gets its turn; ingest notices what it did by `PRAGMA data_version` within a second.
//! - Whoever closes the file as the last one would empty and delete the log, by its name
//!   (<https://sqlite.org/howtocorrupt.html>, "Unlinking or renaming a database file while in use", says why that is
//!   bad while ingest puts a damaged file aside). Both leave it: `SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE`.
//!
//! `inspect/connection.rs` says how a file is opened without a write.

mod connection;
mod deliveries;
mod problem;
mod put_aside;
mod retry;
mod stored;
#[cfg(test)]
mod tests;

pub use deliveries::Deliveries;
pub use problem::InspectError;
pub use put_aside::{PutAside, put_aside};
pub use retry::Retrier;
pub use stored::{Reason, Stored};

use connection::Opened;
use rusqlite::{Connection, OptionalExtension as _};
use schemas::Millis;
use std::path::Path;
use std::time::Duration;
use stored::COLUMNS;

/// How often a read is tried while the file changes hands: an ingest begins or ends, or has just been killed.
const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// A spool that is looked at.
#[derive(Debug)]
pub struct Inspector {
    opened: Opened,
}

/// Which deliveries are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// Those that Kafka refuses for good, whatever the reason.
    SetAside,
    /// Those that it refuses for this reason.
    SetAsideFor(Reason),
}

/// Deliveries of one state, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Why they are set aside; `None` for those that wait for Kafka.
    pub set_aside: Option<Reason>,
    /// How many there are.
    pub deliveries: u64,
    /// What they count for `--spool-max-bytes`.
    pub bytes: u64,
    /// When the first of them was received.
    pub oldest: Millis,
}

impl Inspector {
    /// Opens the spool of a directory. Nothing is created, nothing changed, and no lock taken that ingest waits for.
    pub fn open(directory: &Path) -> Result<Self, InspectError> {
        let mut inspector = Self { opened: open(directory)? };
        let version = inspector.read(connection::version)?;
        connection::check_version(directory, version)?;
        Ok(inspector)
    }

    /// How much there is in which state; those that wait come first.
    pub fn groups(&mut self) -> Result<Vec<Group>, InspectError> {
        let query = "SELECT set_aside, count(*), total(cost), min(received) FROM deliveries \
                     GROUP BY set_aside ORDER BY set_aside";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            statement.query_map([], group_of)?.collect()
        })
    }

    /// The deliveries in the order in which they came; read a page at a time.
    pub fn deliveries(&mut self, which: Which) -> Deliveries<'_> {
        Deliveries::new(self, which)
    }

    /// One delivery; `None` where there is none of this id.
    pub fn delivery(&mut self, id: &str) -> Result<Option<Stored>, InspectError> {
        let query = format!("SELECT {COLUMNS} FROM deliveries WHERE id = ?1");
        self.read(|connection| {
            connection.prepare_cached(&query)?.query_row([id], stored::stored_of).optional()
        })
    }

    /// Asks, again where the file changed hands meanwhile. `ask` is one statement, so one read of one state.
    fn read<T>(&mut self, ask: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, InspectError> {
        let mut problem = InspectError::Busy(self.opened.file());
        for _ in 0..ATTEMPTS {
            match ask(&self.opened.connection) {
                Err(error) if connection::changes_hands(&error) => {
                    problem = self.opened.problem(error);
                    connection::wait(BETWEEN_ATTEMPTS);
                }
                answer if self.opened.is_as_opened() => {
                    return answer.map_err(|error| self.opened.problem(error));
                }
                _ => {}
            }
            self.opened = open(&self.opened.directory)?;
        }
        Err(problem)
    }
}

/// Opens the file; again where its log was found without an index, as for a moment when an ingest begins or ends.
fn open(directory: &Path) -> Result<Opened, InspectError> {
    for _ in 1..ATTEMPTS {
        match Opened::to_read(directory) {
            Err(InspectError::NoIndex(_)) => connection::wait(BETWEEN_ATTEMPTS),
            opened => return opened,
        }
    }
    Opened::to_read(directory)
}

fn group_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Group> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of sizes")]
    let bytes = row.get::<_, f64>(2)? as u64;
    Ok(Group {
        set_aside: stored::reason_of(row, 0)?,
        deliveries: row.get::<_, i64>(1)?.unsigned_abs(),
        bytes,
        oldest: stored::millis(row.get(3)?),
    })
}
