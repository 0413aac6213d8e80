//! Changes of the table, and what each does to its totals.

use super::super::error::StoreError;
use super::rows::{RowKey, Totals};
use crate::signature::Row;
use rusqlite::{OptionalExtension as _, Transaction, params};

pub(super) const INSERT: &str = "INSERT OR IGNORE INTO deliveries (id, received, app, headers, cost, digest, set_aside, body) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// By `seq`, since an index may be wrong; and by id, since `seq` begins anew in each file.
pub(super) const DELETE: &str =
    "DELETE FROM deliveries WHERE seq = ?1 AND +id = ?2 RETURNING cost, set_aside IS NULL";
pub(super) const DELETE_BY_ID: &str =
    "DELETE FROM deliveries WHERE id = ?1 RETURNING cost, set_aside IS NULL";
pub(super) const PARK: &str =
    "UPDATE deliveries SET set_aside = ?3 WHERE seq = ?1 AND +id = ?2 AND set_aside IS NULL";
pub(super) const UNPARK: &str =
    "UPDATE deliveries SET set_aside = NULL WHERE seq = ?1 AND set_aside IS NOT NULL";

/// One change; several are one transaction.
#[derive(Clone, Debug)]
pub(in crate::spool) enum Change {
    Insert(Row),
    /// Of a delivery whose every record is acknowledged.
    Delete(RowKey),
    /// The same, whatever its `seq`.
    DeleteById(String),
    /// Of one that Kafka refuses for good, with the reason.
    Park(RowKey, String),
    /// Takes over one of a retired file that Kafka refuses for good.
    Adopt(Row, String),
    /// Lets the parked delivery of this `seq` wait again.
    Unpark(i64),
}

/// What a change did to the table.
#[derive(Debug)]
pub(super) enum Applied<'a> {
    /// A row of this `seq` is there now.
    Inserted(i64),
    /// A row that was read is not there.
    NotFound(&'a RowKey),
    Other,
}

pub(super) fn apply<'a>(
    transaction: &Transaction<'_>,
    change: &'a Change,
    totals: &mut Totals,
) -> Result<Applied<'a>, StoreError> {
    let (mut inserted, mut not_found) = (None, None);
    let removed = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    match change {
        Change::Insert(row) => {
            inserted = insert(transaction, row, None)?;
            if inserted.is_some() {
                totals.waiting += 1;
                totals.bytes += row.cost();
            }
        }
        Change::Adopt(row, reason) => {
            inserted = insert(transaction, row, Some(reason))?;
            if inserted.is_some() {
                totals.parked += 1;
                totals.bytes += row.cost();
            }
        }
        Change::Delete(key) => {
            let by = params![key.seq, key.id];
            let found = transaction.prepare_cached(DELETE)?.query_row(by, removed).optional()?;
            not_found = found.is_none().then_some(key);
            totals.remove(found);
        }
        Change::DeleteById(id) => {
            let found = transaction.prepare_cached(DELETE_BY_ID)?.query_row([id], removed).optional()?;
            totals.remove(found);
        }
        Change::Park(key, reason) => {
            if transaction.prepare_cached(PARK)?.execute(params![key.seq, key.id, reason])? == 1 {
                totals.waiting = totals.waiting.saturating_sub(1);
                totals.parked += 1;
            } else {
                not_found = Some(key);
            }
        }
        Change::Unpark(seq) => {
            if transaction.prepare_cached(UNPARK)?.execute([seq])? == 1 {
                totals.parked = totals.parked.saturating_sub(1);
                totals.waiting += 1;
            }
        }
    }
    Ok(inserted.map_or(not_found.map_or(Applied::Other, Applied::NotFound), Applied::Inserted))
}

/// The `seq` of the row; none where it was there already.
fn insert(transaction: &Transaction<'_>, row: &Row, parked: Option<&str>) -> Result<Option<i64>, StoreError> {
    let cost = i64::try_from(row.cost()).unwrap_or(i64::MAX);
    let values =
        params![row.id, row.received, row.app, row.headers, cost, row.digest, parked, row.body.as_ref()];
    let count = transaction.prepare_cached(INSERT)?.execute(values)?;
    Ok((count == 1).then(|| transaction.last_insert_rowid()))
}
