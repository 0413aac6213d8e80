//! Changes of the table, and what each does to its totals.

use super::super::error::StoreError;
use super::park_reason::ParkReason;
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
    Park(RowKey, ParkReason),
    /// Takes over one of a retired file that Kafka refuses for good.
    Adopt(Row, ParkReason),
    /// Lets the parked delivery of this `seq` wait again.
    Unpark(i64),
}

/// What changes did to the table.
pub(super) struct Applied<'a> {
    pub(super) totals: Totals,
    /// The `seq` of the last row that was inserted.
    pub(super) last: Option<i64>,
    /// Rows that were read and are not there.
    pub(super) not_found: Vec<&'a RowKey>,
}

impl<'a> Applied<'a> {
    pub(super) fn apply(
        &mut self,
        transaction: &Transaction<'_>,
        change: &'a Change,
    ) -> Result<(), StoreError> {
        let removed = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?));
        let totals = &mut self.totals;
        match change {
            Change::Insert(row) => self.insert(transaction, row, None)?,
            Change::Adopt(row, reason) => self.insert(transaction, row, Some(reason))?,
            Change::Delete(key) => {
                let by = params![key.seq, key.id];
                match transaction.prepare_cached(DELETE)?.query_row(by, removed).optional()? {
                    Some((cost, was_waiting)) => totals.remove(cost, was_waiting),
                    None => self.not_found.push(key),
                }
            }
            Change::DeleteById(id) => {
                let found = transaction.prepare_cached(DELETE_BY_ID)?.query_row([id], removed).optional()?;
                if let Some((cost, was_waiting)) = found {
                    totals.remove(cost, was_waiting);
                }
            }
            Change::Park(key, reason) => {
                if transaction.prepare_cached(PARK)?.execute(params![key.seq, key.id, reason.as_str()])? == 1
                {
                    totals.waiting = totals.waiting.saturating_sub(1);
                    totals.parked += 1;
                } else {
                    self.not_found.push(key);
                }
            }
            Change::Unpark(seq) => {
                if transaction.prepare_cached(UNPARK)?.execute([seq])? == 1 {
                    totals.parked = totals.parked.saturating_sub(1);
                    totals.waiting += 1;
                }
            }
        }
        Ok(())
    }

    /// Changes nothing where the row is there already.
    fn insert(
        &mut self,
        transaction: &Transaction<'_>,
        row: &Row,
        parked: Option<&ParkReason>,
    ) -> Result<(), StoreError> {
        let cost = i64::try_from(row.cost()).unwrap_or(i64::MAX);
        let reason = parked.map(ParkReason::as_str);
        let values =
            params![row.id, row.received, row.app, row.headers, cost, row.digest, reason, row.body.as_ref()];
        if transaction.prepare_cached(INSERT)?.execute(values)? == 1 {
            self.last = Some(transaction.last_insert_rowid());
            *self.totals.of_state(parked.is_none()) += 1;
            self.totals.bytes += row.cost();
        }
        Ok(())
    }
}
