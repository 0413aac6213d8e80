//! Rows as they are read, and totals of them.

use super::super::error::StoreError;
use super::super::inspect::DeliveryGroup;
use super::Database;
use super::park_reason::ParkReason;
use crate::signature::Row;
use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Params, params};
use schemas::Millis;

/// What makes a [`Row`], in the order in which [`row_of`] reads it.
pub(in crate::spool) const COLUMNS: &str = "seq, id, received, app, headers, digest, set_aside, body";

/// Reads the table, not the index: a wrong index must not hide a delivery.
pub(super) const WAITING: &str = "SELECT seq, id, received, app, headers, digest, set_aside, body FROM deliveries NOT INDEXED \
                       WHERE seq > ?1 AND set_aside IS NULL ORDER BY seq LIMIT ?2";
pub(super) const WAITING_KEYS: &str =
    "SELECT seq, id FROM deliveries NOT INDEXED WHERE seq > ?1 AND set_aside IS NULL ORDER BY seq LIMIT 256";
pub(super) const FIRST_PARKED: &str = "SELECT min(seq) FROM deliveries WHERE set_aside = ?1";
pub(super) const LAST_PARKED: &str = "SELECT max(seq) FROM deliveries WHERE set_aside = ?1";
pub(super) const PARKED: &str = "SELECT seq, id, received, app, headers, digest, set_aside, body FROM deliveries WHERE seq = \
                      (SELECT seq FROM deliveries WHERE set_aside = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1)";
pub(super) const NEXT_REASON: &str = "SELECT min(set_aside) FROM deliveries WHERE set_aside > ?1";
pub(super) const LAST_SEQ: &str = "SELECT max(seq) FROM deliveries";
/// SQLite's own table for `AUTOINCREMENT` (<https://sqlite.org/autoinc.html>).
const HAS_SEQUENCE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence')";
const SEQUENCE: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'";
pub(super) const OLDEST: &str =
    "SELECT received FROM deliveries WHERE set_aside IS NULL ORDER BY seq LIMIT 1";
pub(super) const GROUPS: &str = "SELECT set_aside, count(*), total(cost), min(received) FROM deliveries \
                      GROUP BY set_aside ORDER BY set_aside";

/// Identifies a row of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::spool) struct RowKey {
    pub(in crate::spool) seq: i64,
    pub(in crate::spool) id: String,
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::spool) struct StoredRow {
    pub(in crate::spool) seq: i64,
    pub(in crate::spool) row: Row,
    /// Why it is parked.
    pub(in crate::spool) parked: Option<ParkReason>,
}

impl StoredRow {
    pub(in crate::spool) fn key(&self) -> RowKey {
        RowKey { seq: self.seq, id: self.row.id.clone() }
    }
}

/// How much there is in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::spool) struct Totals {
    /// Deliveries that wait for Kafka.
    pub(in crate::spool) waiting: u64,
    /// Deliveries that are parked.
    pub(in crate::spool) parked: u64,
    /// What both cost.
    pub(in crate::spool) bytes: u64,
}

/// The rows of a query up to an error, and no more than one beyond `bytes`. Where there is a `least`, their `seq` has to rise from it.
pub(in crate::spool) fn read(
    connection: &Connection,
    query: &str,
    params: impl Params,
    bytes: u64,
    mut least: Option<i64>,
) -> (Vec<StoredRow>, Option<StoreError>) {
    let mut found = Vec::new();
    let read = || {
        let mut statement = connection.prepare_cached(query)?;
        let (mut rows, mut read) = (statement.query(params)?, 0);
        while read < bytes
            && let Some(row) = rows.next()?
        {
            let stored = row_of(row)?;
            if let Some(least) = &mut least {
                if stored.seq < *least {
                    return Err(StoreError::Damaged("rows are out of order".to_owned()));
                }
                *least = stored.seq.saturating_add(1);
            }
            read += stored.row.cost();
            found.push(stored);
        }
        Ok::<_, StoreError>(())
    };
    let error = read().err();
    (found, error)
}

/// Checks that rows which a change did not find are gone. One that is still read, since its id or its place in the table is not
/// what was written, would be read without end.
pub(super) fn check_gone(connection: &Connection, after: i64, keys: &[&RowKey]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(WAITING_KEYS)?;
    let mut found = statement.query([after])?;
    while let Some(row) = found.next()? {
        let key = RowKey { seq: row.get(0)?, id: text(row.get_ref(1)?) };
        if keys.contains(&&key) {
            let RowKey { seq, id } = key;
            let why = format!("delivery {seq} ({id}) is read and cannot be found to be changed");
            return Err(StoreError::Damaged(why));
        }
    }
    Ok(())
}

impl Database {
    /// One that is parked for this reason, the first at or after the given part of their range, which is between 0 and 1.
    pub(in crate::spool) fn parked(
        &self,
        reason: &ParkReason,
        part: f64,
    ) -> Result<Option<StoredRow>, StoreError> {
        let reason = reason.as_str();
        let end = |query| -> Result<Option<i64>, StoreError> {
            Ok(self.connection.prepare_cached(query)?.query_row([reason], |row| row.get(0))?)
        };
        let Some((first, last)) = end(FIRST_PARKED)?.zip(end(LAST_PARKED)?) else { return Ok(None) };
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "any will do")]
        let from = first + ((last - first + 1) as f64 * part.clamp(0.0, 1.0)) as i64;
        let mut statement = self.connection.prepare_cached(PARKED)?;
        Ok(statement.query_row(params![reason, from.min(last)], row_of).optional()?)
    }
}

/// The reasons for which deliveries are parked.
pub(in crate::spool) fn reasons(connection: &Connection) -> Result<Vec<ParkReason>, StoreError> {
    let (mut next, mut reasons) = (connection.prepare_cached(NEXT_REASON)?, Vec::new());
    while let Some(reason) = next
        .query_row([reasons.last().map_or("", ParkReason::as_str)], |row| row.get::<_, Option<String>>(0))?
    {
        reasons.push(ParkReason::from(reason));
    }
    Ok(reasons)
}

/// The largest `seq` that was ever given in the file; 0 where even its tables are in the part of the log that is lost.
pub(in crate::spool) fn last_seq(connection: &Connection) -> Result<i64, StoreError> {
    if !connection.query_row(HAS_SEQUENCE, [], |row| row.get(0))? {
        return Ok(0);
    }
    let last: Option<i64> = connection.query_row(SEQUENCE, [], |row| row.get(0)).optional()?;
    Ok(last.unwrap_or_default())
}

/// When the first waiting delivery was received, in milliseconds since 1970.
pub(in crate::spool) fn oldest(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached(OLDEST)?.query_row([], |row| row.get(0)).optional()?)
}

/// How much there is in which state; those that wait come first.
pub(in crate::spool) fn groups(connection: &Connection) -> Result<Vec<DeliveryGroup>, StoreError> {
    let mut statement = connection.prepare_cached(GROUPS)?;
    let found = statement.query_map([], |row| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of sizes")]
        let bytes = row.get::<_, f64>(2)? as u64;
        let oldest = row.get_ref(3)?.as_i64().unwrap_or_default();
        Ok(DeliveryGroup {
            parked: reason(row.get_ref(0)?),
            deliveries: row.get::<_, i64>(1)?.unsigned_abs(),
            bytes,
            oldest: Millis::since_epoch(u64::try_from(oldest).unwrap_or_default()),
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Counts everything.
pub(in crate::spool) fn totals(connection: &Connection) -> Result<Totals, StoreError> {
    let mut totals = Totals::default();
    for group in groups(connection)? {
        *totals.of_state(group.parked.is_none()) += group.deliveries;
        totals.bytes += group.bytes;
    }
    Ok(totals)
}

impl Totals {
    pub(super) const fn of_state(&mut self, is_waiting: bool) -> &mut u64 {
        if is_waiting { &mut self.waiting } else { &mut self.parked }
    }

    /// One of them is gone.
    pub(in crate::spool) const fn remove(&mut self, cost: u64, was_waiting: bool) {
        let of_state = self.of_state(was_waiting);
        *of_state = of_state.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(cost);
    }
}

/// A value of the wrong type is read all the same, as far as possible: the digest tells that it was changed.
pub(in crate::spool) fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredRow> {
    let (id, parked) = (text(row.get_ref(1)?), reason(row.get_ref(6)?));
    let received = row.get_ref(2)?.as_i64().unwrap_or_default();
    let (app, headers) = (text(row.get_ref(3)?), text(row.get_ref(4)?));
    let bytes = |value: ValueRef<'_>| value.as_bytes().unwrap_or_default().to_vec();
    let (digest, body) = (bytes(row.get_ref(5)?), Bytes::from(bytes(row.get_ref(7)?)));
    Ok(StoredRow { seq: row.get(0)?, row: Row { id, received, app, headers, body, digest }, parked })
}

fn reason(value: ValueRef<'_>) -> Option<ParkReason> {
    (value != ValueRef::Null).then(|| ParkReason::from(text(value)))
}

pub(in crate::spool) fn text(value: ValueRef<'_>) -> String {
    String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned()
}
