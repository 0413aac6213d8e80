//! The SQLite file of a spool: its tables, and what is asked of them.
//!
//! WAL with `synchronous=FULL`: a transaction is on the disk when its commit returns (<https://sqlite.org/wal.html>,
//! <https://sqlite.org/pragma.html#pragma_synchronous>).

use super::files;
use super::row::Row;
use bytes::Bytes;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Transaction, params};
use std::path::Path;
use std::time::Duration;

/// In the header of the file, so that a later version knows what it reads.
pub(super) const VERSION: i64 = 1;
/// How long another process, such as `weir spool retry`, may hold the file.
const BUSY: Duration = Duration::from_millis(250);
const PAGE_BYTES: u64 = 4096;

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
    connection: Connection,
    /// Changes when another process has written.
    data_version: i64,
}

/// One change; several are one transaction.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Insert(Row),
    /// Of a delivery whose every record is acknowledged.
    Delete(String),
    /// Of one that Kafka refuses for good, and why.
    SetAside(String, &'static str),
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Deliveries that wait for Kafka.
    pub(super) waiting: u64,
    /// Deliveries that wait for a person.
    pub(super) set_aside: u64,
    /// What both cost.
    pub(super) bytes: u64,
}

/// Why a statement failed, by what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// No space; nothing was changed.
    #[error("the disk is full, or the file has reached its largest size")]
    Full,
    /// Another process holds the file; nothing was changed.
    #[error("another process holds the file")]
    Busy,
    /// The file cannot be opened, for a reason that is not in it.
    #[error("{0}")]
    Unusable(String),
    /// What is on the disk, or what is said to be, cannot be relied on any more.
    #[error("{0}")]
    Damaged(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            // After a failed fsync the system may have dropped what it says it has.
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(_) => Self::Unusable(error.to_string()),
            // What was read is of another type than what was written.
            None => Self::Damaged(error.to_string()),
        }
    }
}

impl Database {
    /// Opens the file of the directory, or makes it; it grows to a quarter over `max_bytes` at most.
    pub(super) fn open(directory: &Path, max_bytes: u64) -> Result<Self, Trouble> {
        let path = files::database(directory);
        files::make_private(&path).map_err(|error| Trouble::Unusable(error.to_string()))?;
        let connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY)?;
        // Before the first table: so that a file gives pages back.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
        let pages = (max_bytes + max_bytes / 4) / PAGE_BYTES;
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > VERSION {
            return Err(Trouble::Unusable(format!(
                "the spool was written by a later version (format {version}, known are up to {VERSION})"
            )));
        }
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        let mut database = Self { connection, data_version: 0 };
        database.was_changed_by_others()?;
        Ok(database)
    }

    /// Opens a file to read what can be read; it is left as it is.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, Trouble> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection
            .set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(Trouble::from)?;
        Ok(Self { connection, data_version: 0 })
    }

    /// Makes all of the changes, or none; they are on the disk when this returns. Gives the figures after them.
    pub(super) fn apply<'a>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
        before: Figures,
    ) -> Result<Figures, Trouble> {
        let transaction = self.connection.transaction()?;
        let mut figures = before;
        for change in changes {
            apply(&transaction, change, &mut figures)?;
        }
        transaction.commit()?;
        Ok(figures)
    }

    /// Whether there is space to write at all.
    pub(super) fn probe(&self) -> Result<(), Trouble> {
        Ok(self.connection.pragma_update(None, "user_version", VERSION)?)
    }

    /// The first deliveries that wait, in their order: at most `rows`, and no more than one beyond `bytes`.
    pub(super) fn waiting(&self, rows: usize, bytes: u64) -> Result<Vec<Row>, Trouble> {
        let query = "SELECT id, received, app, headers, digest, body FROM deliveries \
                     WHERE set_aside IS NULL ORDER BY seq LIMIT ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut found = statement.query([i64::try_from(rows).unwrap_or(i64::MAX)])?;
        let (mut waiting, mut read) = (Vec::new(), 0);
        while let Some(row) = found.next()? {
            let row = row_of(row)?;
            read += row.cost();
            waiting.push(row);
            if read >= bytes {
                break;
            }
        }
        Ok(waiting)
    }

    /// When the first delivery that waits was received, in milliseconds since 1970.
    pub(super) fn oldest(&self) -> Result<Option<i64>, Trouble> {
        let query = "SELECT received FROM deliveries WHERE set_aside IS NULL ORDER BY seq LIMIT 1";
        Ok(self.connection.prepare_cached(query)?.query_row([], |row| row.get(0)).optional()?)
    }

    /// Counts everything.
    pub(super) fn figures(&self) -> Result<Figures, Trouble> {
        let query = "SELECT set_aside IS NULL, count(*), total(cost) FROM deliveries GROUP BY 1";
        let mut statement = self.connection.prepare_cached(query)?;
        let mut found = statement.query([])?;
        let mut figures = Figures::default();
        while let Some(row) = found.next()? {
            let (count, bytes): (i64, f64) = (row.get(1)?, row.get(2)?);
            let count = u64::try_from(count).unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of sizes")]
            let bytes = bytes as u64;
            figures.bytes += bytes;
            if row.get(0)? { figures.waiting = count } else { figures.set_aside = count }
        }
        Ok(figures)
    }

    /// Whether another process has written since this was last asked.
    pub(super) fn was_changed_by_others(&mut self) -> Result<bool, Trouble> {
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        Ok(std::mem::replace(&mut self.data_version, version) != version)
    }

    /// Reads the whole file and says what is wrong with it.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        let found: String = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(Trouble::Damaged(found)) }
    }

    /// Gives space back to the disk, once nothing is left.
    pub(super) fn shrink(&self) -> Result<(), Trouble> {
        Ok(self.connection.execute_batch("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")?)
    }

    /// The first row beyond a place, its place, and why it was set aside.
    pub(super) fn row_after(&self, seq: i64) -> Result<Option<(i64, Row, Option<String>)>, Trouble> {
        let query = "SELECT id, received, app, headers, digest, body, seq, set_aside FROM deliveries \
                     WHERE seq > ?1 ORDER BY seq LIMIT 1";
        let mut statement = self.connection.prepare_cached(query)?;
        let row = statement.query_row([seq], |row| Ok((row.get(6)?, row_of(row)?, row.get(7)?)));
        Ok(row.optional()?)
    }

    /// Puts a row in that comes from another file; one that is here already stays.
    pub(super) fn adopt(&mut self, rows: &[(Row, Option<String>)]) -> Result<(), Trouble> {
        let transaction = self.connection.transaction()?;
        for (row, set_aside) in rows {
            insert(&transaction, row, set_aside.as_deref())?;
        }
        Ok(transaction.commit()?)
    }
}

fn apply(transaction: &Transaction<'_>, change: &Change, figures: &mut Figures) -> Result<(), Trouble> {
    match change {
        Change::Insert(row) => {
            if insert(transaction, row, None)? == 1 {
                figures.waiting += 1;
                figures.bytes += row.cost();
            }
        }
        Change::Delete(id) => {
            let delete = "DELETE FROM deliveries WHERE id = ?1 RETURNING cost, set_aside IS NULL";
            let deleted =
                transaction.prepare_cached(delete)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)));
            let deleted: Option<(i64, bool)> = deleted.optional()?;
            if let Some((cost, was_waiting)) = deleted {
                let of_its_state = if was_waiting { &mut figures.waiting } else { &mut figures.set_aside };
                *of_its_state = of_its_state.saturating_sub(1);
                figures.bytes = figures.bytes.saturating_sub(cost.unsigned_abs());
            }
        }
        Change::SetAside(id, reason) => {
            let update = "UPDATE deliveries SET set_aside = ?2 WHERE id = ?1 AND set_aside IS NULL";
            if transaction.prepare_cached(update)?.execute([id.as_str(), reason])? == 1 {
                figures.waiting = figures.waiting.saturating_sub(1);
                figures.set_aside += 1;
            }
        }
    }
    Ok(())
}

fn insert(transaction: &Transaction<'_>, row: &Row, set_aside: Option<&str>) -> Result<usize, Trouble> {
    let insert = "INSERT OR IGNORE INTO deliveries (id, received, app, headers, cost, digest, set_aside, body) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let cost = i64::try_from(row.cost()).unwrap_or(i64::MAX);
    let values =
        params![row.id, row.received, row.app, row.headers, cost, row.digest, set_aside, row.body.as_ref()];
    Ok(transaction.prepare_cached(insert)?.execute(values)?)
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get(0)?,
        received: row.get(1)?,
        app: row.get(2)?,
        headers: row.get(3)?,
        digest: row.get(4)?,
        body: Bytes::from(row.get::<_, Vec<u8>>(5)?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::row::sample;
    use super::*;

    const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
    const MAX: u64 = 64 << 20;

    fn rows(count: usize) -> Vec<Row> {
        (0..count).map(|_| Row::of(&sample(TEXT))).collect()
    }

    /// What the file says is what the changes said.
    fn change(database: &mut Database, changes: &[Change]) -> Result<Figures, Trouble> {
        let before = database.figures()?;
        let figures = database.apply(changes.iter(), before)?;
        assert_eq!(figures, database.figures()?);
        Ok(figures)
    }

    fn insert_all(database: &mut Database, rows: &[Row]) {
        let changes: Vec<_> = rows.iter().cloned().map(Change::Insert).collect();
        change(database, &changes).unwrap();
    }

    #[test]
    fn deliveries_wait_in_the_order_in_which_they_came_and_outlive_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let rows = rows(5);
        let mut database = Database::open(directory.path(), MAX).unwrap();
        insert_all(&mut database, &rows);
        drop(database);
        let mut database = Database::open(directory.path(), MAX).unwrap();
        assert_eq!(database.waiting(10, MAX).unwrap(), rows);
        assert_eq!(database.waiting(2, MAX).unwrap(), rows[..2]);
        assert_eq!(database.waiting(10, 1).unwrap(), rows[..1]);
        assert_eq!(database.oldest().unwrap(), Some(rows[0].received));
        let changes = [Change::Delete(rows[0].id.clone()), Change::SetAside(rows[1].id.clone(), "too_large")];
        let figures = change(&mut database, &changes).unwrap();
        assert_eq!(database.waiting(10, MAX).unwrap(), rows[2..]);
        let bytes = rows[1..].iter().map(Row::cost).sum();
        assert_eq!(figures, Figures { waiting: 3, set_aside: 1, bytes });
        assert_eq!(change(&mut database, &changes).unwrap(), figures, "the same again changes nothing");
        database.check().unwrap();
    }

    #[test]
    fn a_file_that_has_reached_its_size_takes_no_more_and_keeps_what_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let mut database = Database::open(directory.path(), 256 << 10).unwrap();
        let mut kept = Vec::new();
        let trouble = loop {
            let row = Row::of(&sample(TEXT));
            match change(&mut database, &[Change::Insert(row.clone())]) {
                Ok(_) => kept.push(row),
                Err(trouble) => break trouble,
            }
        };
        assert_eq!(trouble, Trouble::Full);
        assert_eq!(database.waiting(usize::MAX, MAX).unwrap(), kept);
        change(&mut database, &[Change::Delete(kept[0].id.clone())]).unwrap();
    }

    #[test]
    fn what_another_process_writes_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let mut database = Database::open(directory.path(), MAX).unwrap();
        insert_all(&mut database, &rows(1));
        assert!(!database.was_changed_by_others().unwrap());
        insert_all(&mut Database::open(directory.path(), MAX).unwrap(), &rows(1));
        assert!(database.was_changed_by_others().unwrap());
        assert!(!database.was_changed_by_others().unwrap());
    }

    #[test]
    fn a_file_that_is_no_database_is_damaged_and_one_of_a_later_version_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = files::database(directory.path());
        std::fs::write(&path, "no database at all, but long enough to have a header ".repeat(50)).unwrap();
        assert!(matches!(Database::open(directory.path(), MAX), Err(Trouble::Damaged(_))));
        std::fs::remove_file(&path).unwrap();
        let database = Database::open(directory.path(), MAX).unwrap();
        database.connection.pragma_update(None, "user_version", 9).unwrap();
        drop(database);
        assert!(matches!(Database::open(directory.path(), MAX), Err(Trouble::Unusable(_))));
    }
}
