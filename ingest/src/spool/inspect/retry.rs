//! Lets deliveries that were set aside wait for Kafka again.

use super::connection::{self, Opened};
use super::{InspectError, Inspector, Reason};
use rusqlite::{Transaction, TransactionBehavior, params};
use std::time::Duration;

/// Rows that are changed together.
const ROWS: i64 = 64;
/// Bytes that are written together, and one row beyond: changing a column writes the row, its body too.
const BYTES: i64 = 4 << 20;
/// How long the file is left to ingest after each transaction.
const PAUSE: Duration = Duration::from_millis(10);

/// Changes rows of a spool, beside a running ingest or without one.
#[derive(Debug)]
pub struct Retrier {
    opened: Opened,
}

/// A row that may wait again.
struct Candidate {
    place: i64,
    cost: i64,
}

impl Retrier {
    /// Opens the spool of an inspector to change it. The inspector is closed, and no other one may be open in this
    /// process: connections of a process share the index of the log as the first of them opened it, which was read-only.
    pub fn open(inspector: Inspector) -> Result<Self, InspectError> {
        let directory = inspector.opened.directory.clone();
        drop(inspector);
        Ok(Self { opened: Opened::to_write(&directory)? })
    }

    /// Lets one delivery wait again; whether it was set aside until now. A corrupt one stays as it is: ingest would only
    /// set it aside again.
    pub fn retry(&mut self, id: &str) -> Result<bool, InspectError> {
        let update = "UPDATE deliveries SET set_aside = NULL \
                      WHERE id = ?1 AND set_aside IS NOT NULL AND set_aside <> ?2";
        let changed = self.change(|transaction| {
            transaction.prepare_cached(update)?.execute([id, Reason::Corrupt.as_str()])
        })?;
        Ok(changed > 0)
    }

    /// Lets all that were set aside wait again, or those of one reason, but no corrupt ones; how many. What is set aside
    /// once more while this runs is not taken up again.
    pub fn retry_all(&mut self, reason: Option<&Reason>) -> Result<u64, InspectError> {
        let mut place = 0;
        let mut retried = 0;
        loop {
            let candidates = self.candidates(reason, place)?;
            let Some(last) = candidates.last() else { return Ok(retried) };
            place = last.place;
            retried += self.change(|transaction| retry(transaction, &candidates))? as u64;
        }
    }

    /// The next few, found without holding up anybody.
    fn candidates(&self, reason: Option<&Reason>, place: i64) -> Result<Vec<Candidate>, InspectError> {
        let query = "SELECT seq, cost FROM deliveries \
                     WHERE seq > ?1 AND set_aside IS NOT NULL AND set_aside <> ?2 AND set_aside = coalesce(?3, set_aside) \
                     ORDER BY seq LIMIT ?4";
        let find = || {
            let mut statement = self.opened.connection.prepare_cached(query)?;
            let reason = reason.map(Reason::as_str);
            let mut found = statement.query(params![place, Reason::Corrupt.as_str(), reason, ROWS])?;
            let (mut candidates, mut bytes) = (Vec::new(), 0);
            while bytes < BYTES
                && let Some(row) = found.next()?
            {
                let candidate = Candidate { place: row.get(0)?, cost: row.get(1)? };
                bytes += candidate.cost;
                candidates.push(candidate);
            }
            Ok(candidates)
        };
        find().map_err(|error| self.opened.problem(error))
    }

    /// One transaction, on the disk when this returns.
    fn change(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<usize>,
    ) -> Result<usize, InspectError> {
        let run = || {
            // Immediate: it waits for its turn at the start, where nothing has been read that could be out of date.
            let transaction =
                self.opened.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let changed = change(&transaction)?;
            transaction.commit()?;
            Ok(changed)
        };
        let changed = run();
        connection::wait(PAUSE);
        changed.map_err(|error| self.opened.problem(error))
    }
}

fn retry(transaction: &Transaction<'_>, candidates: &[Candidate]) -> rusqlite::Result<usize> {
    let update = "UPDATE deliveries SET set_aside = NULL WHERE seq = ?1 AND set_aside IS NOT NULL";
    let mut statement = transaction.prepare_cached(update)?;
    candidates.iter().map(|candidate| statement.execute([candidate.place])).sum()
}
