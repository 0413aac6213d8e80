//! The SQLite file of a spool that is written: its table, and what is asked of it.
//!
//! WAL with `synchronous=FULL`: a transaction is on the disk when its commit returns (<https://sqlite.org/wal.html>,
//! <https://sqlite.org/pragma.html#pragma_synchronous>). In exclusive locking mode no other process can open it, and the
//! index of the log is in memory instead of a file. No query needs a temporary file: none sorts, and what SQLite wants to
//! keep besides stays in memory.

use super::error::StoreError;
use super::files;
use super::row::Row;
use bytes::Bytes;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, params};
use std::path::Path;

/// In the header of the file, so that a later version knows what it reads.
pub(super) const VERSION: i64 = 1;
pub(super) const PAGE_BYTES: u64 = 4096;
/// The log is cut to this once it has been copied into the file.
const LOG_BYTES: i64 = 16 << 20;

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

/// What makes a [`Row`], in the order in which [`row_of`] reads it.
pub(super) const COLUMNS: &str = "seq, id, received, app, headers, digest, set_aside, body";

/// The table itself is read, not the index: an index that is wrong must not hide a delivery.
const WAITING: &str = "SELECT seq, id, received, app, headers, digest, set_aside, body FROM deliveries NOT INDEXED \
                       WHERE seq > ?1 AND set_aside IS NULL ORDER BY seq LIMIT ?2";
const LAST: &str = "SELECT max(seq) FROM deliveries";
const OLDEST: &str = "SELECT received FROM deliveries WHERE set_aside IS NULL ORDER BY seq LIMIT 1";
const FIGURES: &str = "SELECT set_aside IS NULL, count(*), total(cost) FROM deliveries GROUP BY set_aside";
const INSERT: &str = "INSERT OR IGNORE INTO deliveries (id, received, app, headers, cost, digest, set_aside, body) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// By its place, since an index may be wrong; and its id, since places begin anew in each file.
const DELETE: &str = "DELETE FROM deliveries WHERE seq = ?1 AND +id = ?2 RETURNING cost, set_aside IS NULL";
const DELETE_BY_ID: &str = "DELETE FROM deliveries WHERE id = ?1 RETURNING cost, set_aside IS NULL";
const PARK: &str = "UPDATE deliveries SET set_aside = ?3 WHERE seq = ?1 AND +id = ?2 AND set_aside IS NULL";
const UNPARK: &str = "UPDATE deliveries SET set_aside = NULL WHERE seq = ?1 AND set_aside IS NOT NULL";

/// An open file.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    /// Up to this place no row waits.
    settled: i64,
}

/// One change; several are one transaction.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Insert(Row),
    /// Of a delivery whose every record is acknowledged.
    Delete(Key),
    /// The same, wherever it is.
    DeleteById(String),
    /// Of one that Kafka refuses for good, and why.
    Park(Key, String),
    /// One of a retired file that is refused for good.
    Adopt(Row, String),
    /// Lets the parked delivery of this place wait again.
    Unpark(i64),
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) seq: i64,
    pub(super) id: String,
}

/// A row and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) seq: i64,
    pub(super) row: Row,
    /// Why it is parked.
    pub(super) parked: Option<String>,
}

impl Placed {
    pub(super) fn key(&self) -> Key {
        Key { seq: self.seq, id: self.row.id.clone() }
    }
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

impl Database {
    /// Opens a file, or makes it; it grows to a quarter over `max_bytes` at most.
    pub(super) fn open(path: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        let log = files::size(&files::with_suffix(path, "-wal"))?.unwrap_or_default();
        match files::size(path)?.unwrap_or_default() {
            0 if log == 0 => return Self::create(path, max_bytes),
            // SQLite would delete the log of an empty file.
            0 => return Err(StoreError::Damaged("the file is empty, its log is not".to_owned())),
            _ => {}
        }
        let connection = connect(path)?;
        check_version(&connection)?;
        Self::configured(connection, max_bytes)
    }

    /// Opens a file for the tools: it is not made, and takes as much as there is in it.
    pub(super) fn open_at_rest(path: &Path) -> Result<Self, StoreError> {
        if files::size(path)? == Some(0) {
            return Err(StoreError::Damaged("the file is empty".to_owned()));
        }
        let connection = connect(path)?;
        check_version(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Self { connection, settled: 0 })
    }

    /// Makes the file; one that could not be made whole is taken away again, since nothing is in it.
    fn create(path: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        files::make_private(path)?;
        let made = connect(path).and_then(|connection| {
            // Before the first table: so that a file gives pages back.
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute_batch(&format!("BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"))?;
            Self::configured(connection, max_bytes)
        });
        if made.is_err() {
            files::remove(path)?;
        }
        made
    }

    fn configured(connection: Connection, max_bytes: u64) -> Result<Self, StoreError> {
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        let pages = (max_bytes + max_bytes / 4) / PAGE_BYTES;
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        Ok(Self { connection, settled: 0 })
    }

    /// For what only looks into the file, statement by statement.
    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Lets go of the file and leaves it as it is: nothing of the log is copied or deleted.
    pub(super) fn abandon(self) {
        if let Err(error) = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
            tracing::error!(%error, "a file of the spool may be written to as it is closed");
        }
    }

    /// Makes all of the changes, or none; they are on the disk when this returns. Gives the figures after them.
    pub(super) fn apply<'a>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
        before: Figures,
    ) -> Result<Figures, StoreError> {
        let mut settled = self.settled;
        let transaction = self.connection.transaction()?;
        let mut figures = before;
        for change in changes {
            apply(&transaction, change, &mut figures)?;
            if let Change::Unpark(seq) = change {
                settled = settled.min(seq - 1);
            }
        }
        transaction.commit()?;
        self.settled = settled;
        Ok(figures)
    }

    /// Looks at every row again: one may wait before the place that was reached.
    pub(super) const fn rewind(&mut self) {
        self.settled = 0;
    }

    /// Whether there is space to write at all.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        Ok(self.connection.pragma_update(None, "user_version", VERSION)?)
    }

    /// The first deliveries that wait, in their order: at most `rows`, and no more than one beyond `bytes`.
    pub(super) fn waiting(&mut self, rows: usize, bytes: u64) -> Result<Vec<Placed>, StoreError> {
        let waiting = waiting(&self.connection, self.settled, rows, bytes)?;
        self.settled = if let Some(first) = waiting.first() {
            first.seq - 1
        } else {
            let last: Option<i64> = self.connection.prepare_cached(LAST)?.query_row([], |row| row.get(0))?;
            last.unwrap_or_default()
        };
        Ok(waiting)
    }

    /// When the first delivery that waits was received, in milliseconds since 1970.
    pub(super) fn oldest(&self) -> Result<Option<i64>, StoreError> {
        oldest(&self.connection)
    }

    /// Counts everything.
    pub(super) fn figures(&self) -> Result<Figures, StoreError> {
        figures(&self.connection)
    }

    /// Reads the whole file and says what is wrong with it.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let found: String = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found)) }
    }

    /// Gives space back to the disk, once nothing is left. That nothing is, is checked: an empty file is read quickly, and a
    /// page that belongs to nothing may be one that damage has hidden.
    pub(super) fn shrink(&self) -> Result<(), StoreError> {
        self.check()?;
        Ok(self.connection.execute_batch("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")?)
    }
}

/// Opens a file of SQLite for this process alone.
pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    // A link anywhere in the path is refused, so those of the directory's own path are resolved first.
    let directory = path.parent().unwrap_or(Path::new(".")).canonicalize()?;
    let path = path.file_name().map_or_else(|| path.to_owned(), |name| directory.join(name));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn check_version(connection: &Connection) -> Result<(), StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(StoreError::LaterFormat(version));
    }
    let query = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'deliveries')";
    if connection.query_row(query, [], |row| row.get(0))? {
        return Ok(());
    }
    Err(StoreError::Damaged("there is no table of deliveries".to_owned()))
}

pub(super) fn waiting(
    connection: &Connection,
    after: i64,
    rows: usize,
    bytes: u64,
) -> Result<Vec<Placed>, StoreError> {
    let mut statement = connection.prepare_cached(WAITING)?;
    let mut found = statement.query(params![after, i64::try_from(rows).unwrap_or(i64::MAX)])?;
    let (mut waiting, mut read) = (Vec::new(), 0);
    while let Some(row) = found.next()? {
        let placed = row_of(row)?;
        read += placed.row.cost();
        waiting.push(placed);
        if read >= bytes {
            break;
        }
    }
    Ok(waiting)
}

pub(super) fn oldest(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached(OLDEST)?.query_row([], |row| row.get(0)).optional()?)
}

pub(super) fn figures(connection: &Connection) -> Result<Figures, StoreError> {
    let mut statement = connection.prepare_cached(FIGURES)?;
    let mut found = statement.query([])?;
    let mut figures = Figures::default();
    while let Some(row) = found.next()? {
        let (count, bytes): (i64, f64) = (row.get(1)?, row.get(2)?);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of sizes")]
        let bytes = bytes as u64;
        figures.bytes += bytes;
        *figures.of_state(row.get(0)?) += count.unsigned_abs();
    }
    Ok(figures)
}

impl Figures {
    const fn of_state(&mut self, is_waiting: bool) -> &mut u64 {
        if is_waiting { &mut self.waiting } else { &mut self.set_aside }
    }

    fn remove(&mut self, found: Option<(i64, bool)>) {
        let Some((cost, was_waiting)) = found else { return };
        let of_state = self.of_state(was_waiting);
        *of_state = of_state.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(cost.unsigned_abs());
    }
}

fn apply(transaction: &Transaction<'_>, change: &Change, figures: &mut Figures) -> Result<(), StoreError> {
    let removed = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    match change {
        Change::Insert(row) => {
            if insert(transaction, row, None)? == 1 {
                figures.waiting += 1;
                figures.bytes += row.cost();
            }
        }
        Change::Adopt(row, reason) => {
            if insert(transaction, row, Some(reason))? == 1 {
                figures.set_aside += 1;
                figures.bytes += row.cost();
            }
        }
        Change::Delete(Key { seq, id }) => {
            let found =
                transaction.prepare_cached(DELETE)?.query_row(params![seq, id], removed).optional()?;
            figures.remove(found);
        }
        Change::DeleteById(id) => {
            let found = transaction.prepare_cached(DELETE_BY_ID)?.query_row([id], removed).optional()?;
            figures.remove(found);
        }
        Change::Park(Key { seq, id }, reason) => {
            if transaction.prepare_cached(PARK)?.execute(params![seq, id, reason])? == 1 {
                figures.waiting = figures.waiting.saturating_sub(1);
                figures.set_aside += 1;
            }
        }
        Change::Unpark(seq) => {
            if transaction.prepare_cached(UNPARK)?.execute([seq])? == 1 {
                figures.set_aside = figures.set_aside.saturating_sub(1);
                figures.waiting += 1;
            }
        }
    }
    Ok(())
}

fn insert(transaction: &Transaction<'_>, row: &Row, set_aside: Option<&str>) -> Result<usize, StoreError> {
    let cost = i64::try_from(row.cost()).unwrap_or(i64::MAX);
    let values =
        params![row.id, row.received, row.app, row.headers, cost, row.digest, set_aside, row.body.as_ref()];
    Ok(transaction.prepare_cached(INSERT)?.execute(values)?)
}

/// What is no text or number any more is read all the same, as far as it goes: the digest says that it was changed.
pub(super) fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Placed> {
    let parked = match row.get_ref(6)? {
        ValueRef::Null => None,
        value => Some(text(value)),
    };
    let id = text(row.get_ref(1)?);
    let received = row.get_ref(2)?.as_i64().unwrap_or_default();
    let (app, headers) = (text(row.get_ref(3)?), text(row.get_ref(4)?));
    let bytes = |value: ValueRef<'_>| value.as_bytes().unwrap_or_default().to_vec();
    let (digest, body) = (bytes(row.get_ref(5)?), Bytes::from(bytes(row.get_ref(7)?)));
    Ok(Placed { seq: row.get(0)?, row: Row { id, received, app, headers, body, digest }, parked })
}

pub(super) fn text(value: ValueRef<'_>) -> String {
    String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned()
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

    fn open(directory: &Path, max_bytes: u64) -> Result<Database, StoreError> {
        Database::open(&directory.join("spool.db"), max_bytes)
    }

    /// What the file says is what the changes said.
    fn change(database: &mut Database, changes: &[Change]) -> Result<Figures, StoreError> {
        let before = database.figures()?;
        let figures = database.apply(changes.iter(), before)?;
        assert_eq!(figures, database.figures()?);
        Ok(figures)
    }

    fn insert_all(database: &mut Database, rows: &[Row]) {
        let changes: Vec<_> = rows.iter().cloned().map(Change::Insert).collect();
        change(database, &changes).unwrap();
    }

    fn rows_waiting(database: &mut Database, rows: usize, bytes: u64) -> Vec<Row> {
        database.waiting(rows, bytes).unwrap().into_iter().map(|placed| placed.row).collect()
    }

    #[test]
    fn deliveries_wait_in_the_order_in_which_they_came_and_outlive_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let rows = rows(5);
        let mut database = open(directory.path(), MAX).unwrap();
        insert_all(&mut database, &rows);
        drop(database);
        let mut database = open(directory.path(), MAX).unwrap();
        assert_eq!(rows_waiting(&mut database, 10, MAX), rows);
        assert_eq!(rows_waiting(&mut database, 2, MAX), rows[..2]);
        assert_eq!(rows_waiting(&mut database, 10, 1), rows[..1]);
        assert_eq!(database.oldest().unwrap(), Some(rows[0].received));
        let key = |place: usize| Key { seq: i64::try_from(place).unwrap() + 1, id: rows[place].id.clone() };
        let changes = [Change::Delete(key(0)), Change::Park(key(1), "too_large".to_owned())];
        let figures = change(&mut database, &changes).unwrap();
        assert_eq!(rows_waiting(&mut database, 10, MAX), rows[2..]);
        let bytes = rows[1..].iter().map(Row::cost).sum();
        assert_eq!(figures, Figures { waiting: 3, set_aside: 1, bytes });
        assert_eq!(change(&mut database, &changes).unwrap(), figures, "the same again changes nothing");
        change(&mut database, &[Change::Unpark(2), Change::DeleteById(rows[4].id.clone())]).unwrap();
        assert_eq!(rows_waiting(&mut database, 10, MAX), rows[1..4], "in its old place");
        database.check().unwrap();
    }

    #[test]
    fn a_row_of_another_file_is_not_deleted_for_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let mut database = open(directory.path(), MAX).unwrap();
        insert_all(&mut database, &rows(1));
        let elsewhere = Key { seq: 1, id: rows(1)[0].id.clone() };
        let changes = [Change::Delete(elsewhere.clone()), Change::Park(elsewhere, "too_large".to_owned())];
        assert_eq!(change(&mut database, &changes).unwrap().waiting, 1);
    }

    #[test]
    fn a_file_that_has_reached_its_size_takes_no_more_and_keeps_what_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let mut database = open(directory.path(), 256 << 10).unwrap();
        let mut kept = Vec::new();
        let error = loop {
            let row = Row::of(&sample(TEXT));
            match change(&mut database, &[Change::Insert(row.clone())]) {
                Ok(_) => kept.push(row),
                Err(error) => break error,
            }
        };
        assert_eq!(error, StoreError::Full);
        assert_eq!(rows_waiting(&mut database, usize::MAX, MAX), kept);
        change(&mut database, &[Change::DeleteById(kept[0].id.clone())]).unwrap();
    }

    #[test]
    fn a_file_is_open_in_one_place_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = open(directory.path(), MAX).unwrap();
        first.figures().unwrap();
        assert_eq!(open(directory.path(), MAX).unwrap_err(), StoreError::Busy);
        drop(first);
        open(directory.path(), MAX).unwrap();
    }

    #[test]
    fn a_file_that_is_no_database_is_damaged_and_one_of_a_later_version_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool.db");
        std::fs::write(&path, "no database at all, but long enough to have a header ".repeat(50)).unwrap();
        assert!(matches!(open(directory.path(), MAX), Err(StoreError::Damaged(_))));
        std::fs::remove_file(&path).unwrap();
        let database = open(directory.path(), MAX).unwrap();
        database.connection.pragma_update(None, "user_version", 9).unwrap();
        drop(database);
        assert_eq!(open(directory.path(), MAX).unwrap_err(), StoreError::LaterFormat(9));
    }

    #[test]
    fn no_query_sorts() {
        let directory = tempfile::tempdir().unwrap();
        let database = open(directory.path(), MAX).unwrap();
        let queries = [WAITING, LAST, OLDEST, FIGURES, INSERT, DELETE, DELETE_BY_ID, PARK, UNPARK];
        for query in queries.into_iter().chain(super::super::inspect::QUERIES) {
            let mut statement = database.connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let parameters = vec![rusqlite::types::Null; statement.parameter_count()];
            let steps =
                statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
            let plan: Vec<String> = steps.map(Result::unwrap).collect();
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{query}: {plan:?}");
        }
    }
}
