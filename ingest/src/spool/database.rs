//! The SQLite file that a spool writes: how it is opened, changed and read.
//!
//! WAL with `synchronous=FULL`: a transaction is on the disk when its commit returns (<https://sqlite.org/wal.html>,
//! <https://sqlite.org/pragma.html#pragma_synchronous>). In exclusive locking mode no other process can open it, and the
//! index of the log is in memory instead of a file. No query needs a temporary file: none sorts, and what SQLite wants to
//! keep besides stays in memory.

mod changes;
mod connect;
mod park_reason;
mod rows;
#[cfg(test)]
mod tests;

pub(super) use changes::Change;
pub(super) use connect::{connect, connect_to_read};
pub use park_reason::ParkReason;
pub(super) use rows::{
    COLUMNS, RowKey, StoredRow, Totals, groups, last_seq, oldest, read, reasons, row_of, text, totals,
};

use super::error::StoreError;
use super::files;
use super::high_water_mark::HighWaterMark;
use changes::Applied;
use rows::{LAST_SEQ, WAITING};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Written to the header of the file, so that a later version knows the format. With another number the text of the table has to be
/// another too: an earlier version that meets this text takes the number for damage, see [`check_version`].
pub(super) const VERSION: i64 = 1;
pub(super) const PAGE_BYTES: u64 = 4096;
/// The file may take this part of `--spool-max-bytes` more, for its index and for what is left empty in its pages.
pub(super) const PAGES_PART: u64 = 4;
/// The log is truncated to this after a checkpoint.
const LOG_BYTES: i64 = 16 << 20;
/// A file up to this size is checked as a whole when it is opened, which takes a second or two. Damage in a larger one is
/// found as it is read.
const CHECKED_BYTES: u64 = 256 << 20;

/// `set_aside` is why a delivery is parked; one that waits has none.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  received INTEGER NOT NULL,
  app TEXT NOT NULL,
  headers TEXT NOT NULL,
  cost INTEGER NOT NULL,
  digest BLOB NOT NULL,
  set_aside TEXT,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS by_state ON deliveries (set_aside, seq, cost, received);
";

/// An open file.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) path: PathBuf,
    connection: Connection,
    /// Up to this `seq` no row waits.
    drained_to: i64,
    mark: HighWaterMark,
}

/// Releases some pages, in a transaction of its own.
const RELEASE: &str = "PRAGMA incremental_vacuum(256)";

impl Database {
    /// Opens a file, or creates it; it grows to a quarter over `max_bytes` at most.
    pub(super) fn open(path: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        let log = files::size(&files::with_suffix(path, "-wal"))?.unwrap_or_default();
        match files::size(path)?.unwrap_or_default() {
            0 if log == 0 => return Self::create(path, max_bytes),
            // SQLite would delete the log of an empty file.
            0 => return Err(StoreError::Damaged("the file is empty, its log is not".to_owned())),
            _ => {}
        }
        let connection = connect(path, None)?;
        check_version(&connection)?;
        Self::configured(connection, path, max_bytes)
    }

    /// Opens a file for the tools: it is not created, and has no maximum size. One that has lost the end of its log is left to
    /// ingest: writing into the log would overwrite what is left there.
    pub(super) fn open_at_rest(path: &Path) -> Result<Self, StoreError> {
        if files::size(path)? == Some(0) {
            return Err(StoreError::Damaged("the file is empty".to_owned()));
        }
        let connection = connect(path, None)?;
        check_version(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // The tools store nothing.
        let (path, mark) = (path.to_owned(), HighWaterMark::default());
        let database = Self { path, connection, drained_to: 0, mark };
        database.check_log()?;
        database.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(database)
    }

    /// Opens a file for the tools on a volume that is read-only: what would be changed fails.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let connection = connect_to_read(path)?;
        check_version(&connection)?;
        let (path, mark) = (path.to_owned(), HighWaterMark::default());
        let database = Self { path, connection, drained_to: 0, mark };
        database.check_log()?;
        Ok(database)
    }

    /// Creates the file; one that could not be completed is removed again, since nothing is in it.
    fn create(path: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        // A note that is there is of a file that was deleted.
        files::remove_if_there(&files::with_suffix(path, files::MARK))?;
        // SQLite gives its other files the same mode.
        drop(files::open_private(path)?);
        let made = connect(path, None).and_then(|connection| {
            // Before the first table, so that the file can release pages.
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            let database = Self::configured(connection, path, max_bytes)?;
            let schema = format!("BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;");
            database.connection.execute_batch(&schema)?;
            Ok(database)
        });
        if made.is_err() {
            files::remove(path)?;
        }
        made
    }

    fn configured(connection: Connection, path: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        let pages = (max_bytes + max_bytes / PAGES_PART) / PAGE_BYTES;
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        Ok(Self { path: path.to_owned(), connection, drained_to: 0, mark: HighWaterMark::open(path) })
    }

    /// For read-only queries.
    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Closes the file in good order: what is in the log goes into it. Dropping it changes nothing on the disk.
    pub(super) fn close(self) {
        if let Err(error) = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false) {
            tracing::warn!(%error, "the log of the spool stays beside its file");
        }
    }

    /// Applies all of the changes, or none; they are on disk when this returns. Returns the totals after them.
    pub(super) fn apply<'a>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
        before: Totals,
    ) -> Result<Totals, StoreError> {
        let mut drained_to = self.drained_to;
        let mut applied = Applied { totals: before, last: None, not_found: Vec::new() };
        let transaction = self.connection.transaction()?;
        for change in changes {
            applied.apply(&transaction, change)?;
            if let Change::Unpark(seq) = change {
                drained_to = drained_to.min(seq - 1);
            }
        }
        if !applied.not_found.is_empty() {
            rows::check_gone(&transaction, drained_to, &applied.not_found)?;
        }
        transaction.commit()?;
        if let Some(last) = applied.last {
            self.mark.note(last);
        }
        self.drained_to = drained_to;
        Ok(applied.totals)
    }

    /// Reads from the first row again: one may wait before those already read.
    pub(super) const fn rewind(&mut self) {
        self.drained_to = 0;
    }

    /// Tests whether there is space to write at all.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        Ok(self.connection.pragma_update(None, "user_version", VERSION)?)
    }

    /// The first waiting deliveries in order: at most `rows`, and no more than one beyond `bytes`.
    pub(super) fn waiting(&mut self, rows: usize, bytes: u64) -> Result<Vec<StoredRow>, StoreError> {
        let most = i64::try_from(rows).unwrap_or(i64::MAX);
        let waiting = match read(&self.connection, WAITING, params![self.drained_to, most], bytes, None) {
            // Those before it go first; then it is the first.
            (found, Some(error)) if found.is_empty() => return Err(error),
            (found, _) => found,
        };
        self.drained_to = if let Some(first) = waiting.first() {
            first.seq - 1
        } else {
            let last: Option<i64> =
                self.connection.prepare_cached(LAST_SEQ)?.query_row([], |row| row.get(0))?;
            last.unwrap_or_default()
        };
        Ok(waiting)
    }

    /// The size of the pages in use, those in the log included. Rows between a third of a page and a whole one leave much of it
    /// empty, so that this may be twice what they have.
    pub(super) fn used_bytes(&self) -> Result<u64, StoreError> {
        let pages = self.pages("page_count")? - self.pages("freelist_count")?;
        Ok(u64::try_from(pages).unwrap_or_default() * PAGE_BYTES)
    }

    fn pages(&self, pragma: &str) -> Result<i64, StoreError> {
        Ok(self.connection.pragma_query_value(None, pragma, |row| row.get(0))?)
    }

    /// Reads the whole file and reports what is wrong with it.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let found: String = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(StoreError::of_check(found)) }
    }

    /// Reports whether the log has lost its end, which SQLite does not notice.
    pub(super) fn check_log(&self) -> Result<(), StoreError> {
        let last = last_seq(&self.connection)?;
        HighWaterMark::missing_after(last, &self.path).map_or(Ok(()), |missing| {
            Err(StoreError::Damaged(format!(
                "it ends with delivery {last}, and {} were stored: the end of its log is lost; ingest drains what is left as it starts",
                missing.end()
            )))
        })
    }

    /// What is in a file that is as it was written, as far as that can be told quickly.
    pub(super) fn checked_totals(&self) -> Result<Totals, StoreError> {
        self.check_log()?;
        if files::size(&self.path)?.is_some_and(|bytes| bytes <= CHECKED_BYTES) {
            self.check()?;
        }
        totals(&self.connection)
    }

    /// Releases pages that are unused, for as long as this; what is released when the time is over is so.
    pub(super) fn release(&self, most: Duration) -> Result<(), StoreError> {
        let start = Instant::now();
        if self.pages("freelist_count")? == 0 {
            return Ok(());
        }
        while self.pages("freelist_count")? > 0 && start.elapsed() < most {
            let mut vacuum = self.connection.prepare_cached(RELEASE)?;
            let mut pages = vacuum.query([])?;
            // It gives an empty row for each page. At its end it is committed, and what the disk says of that is told.
            while pages.next()?.is_some() {}
        }
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }
}

/// A later format has another table: where it is this one, a later number is not what was written. A file of a later format is left
/// alone, also where this SQLite cannot read its schema, and a bit that flips in the number must not do that to the deliveries of
/// this one.
fn check_version(connection: &Connection) -> Result<(), StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'deliveries'";
    let table = connection.query_row(query, [], |row| row.get::<_, String>(0)).optional();
    let table = table.map_err(StoreError::from).map_err(|error| match error {
        StoreError::Damaged(_) if version > VERSION => StoreError::LaterFormat(version),
        error => error,
    });
    match table? {
        Some(_) if version <= VERSION => Ok(()),
        Some(table) if table == written_table() => {
            Err(StoreError::Damaged(format!("the number of its format, {version}, is not what was written")))
        }
        _ if version > VERSION => Err(StoreError::LaterFormat(version)),
        _ => Err(StoreError::Damaged("there is no table of deliveries".to_owned())),
    }
}

/// The text of the table as SQLite keeps it (<https://sqlite.org/schematab.html>).
fn written_table() -> String {
    let table = SCHEMA.split(';').next().unwrap_or_default();
    table.trim().replacen(" IF NOT EXISTS", "", 1)
}
