//! The queries behind the responses. Each takes little time: the same thread stores deliveries.

use super::super::database::{COLUMNS, Change, groups, reasons, row_of};
use super::super::error::StoreError;
use super::{DeliveryFilter, ParkReason, Request, Response, StoredDelivery};
use rusqlite::{Connection, OptionalExtension as _, Params, params};

/// Maximum rows of a response.
const PAGE_ROWS: u32 = 128;
/// Maximum bytes of bodies of a response, and one body beyond.
const PAGE_BYTES: usize = 1 << 20;
/// Maximum rows that are retried in one transaction, and their bytes: updating a column rewrites the row with its body.
const RETRY_ROWS: u32 = 64;
const RETRY_BYTES: i64 = 4 << 20;

const SEQS: &str = "SELECT seq FROM deliveries NOT INDEXED WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const SEQS_OF: &str =
    "SELECT seq, cost FROM deliveries WHERE set_aside = ?3 AND seq > ?1 ORDER BY seq LIMIT ?2";
const SEQ_OF_ID: &str = "SELECT seq FROM deliveries WHERE id = ?1";
const RETRIED_OF_ID: &str =
    "SELECT seq FROM deliveries WHERE id = ?1 AND set_aside IS NOT NULL AND set_aside <> ?2";

/// All of them, for the test of their query plans.
#[cfg(test)]
pub(in crate::spool) const QUERIES: [&str; 4] = [SEQS, SEQS_OF, SEQ_OF_ID, RETRIED_OF_ID];

/// The response to a request, and the changes that have to be made before it is true.
pub(in crate::spool) fn respond(
    connection: &Connection,
    request: &Request,
) -> Result<(Response, Vec<Change>), StoreError> {
    let (mut response, mut shown, mut retries) = (Response::default(), Vec::new(), Vec::new());
    match request {
        Request::Groups => response.groups = groups(connection)?,
        Request::Page { which, after } => shown = seqs(connection, which, *after)?,
        Request::Delivery { id } => shown = numbers(connection, SEQ_OF_ID, [id])?,
        Request::Retry { id } => {
            retries = numbers(connection, RETRIED_OF_ID, [id.as_str(), ParkReason::Corrupt.as_str()])?;
        }
        Request::RetryAll { reason: ParkReason::Corrupt, .. } => {}
        Request::RetryAll { reason, after } => retries = parked_for(connection, reason, *after)?,
    }
    response.page = stored(connection, &shown)?;
    (response.retried, response.last) = (retries.len() as u64, retries.last().copied());
    Ok((response, retries.into_iter().map(Change::Unpark).collect()))
}

/// The next rows after one.
fn seqs(connection: &Connection, which: &DeliveryFilter, after: i64) -> Result<Vec<i64>, StoreError> {
    let of = |reason: &ParkReason| numbers(connection, SEQS_OF, params![after, PAGE_ROWS, reason.as_str()]);
    match which {
        DeliveryFilter::All => numbers(connection, SEQS, params![after, PAGE_ROWS]),
        DeliveryFilter::ParkedFor(reason) => of(reason),
        DeliveryFilter::Parked => {
            let mut seqs = Vec::new();
            for reason in reasons(connection)? {
                seqs.extend(of(&reason)?);
            }
            seqs.sort_unstable();
            seqs.truncate(PAGE_ROWS as usize);
            Ok(seqs)
        }
    }
}

/// The deliveries of these rows, as many as fit into a response.
fn stored(connection: &Connection, seqs: &[i64]) -> Result<Vec<StoredDelivery>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM deliveries WHERE seq = ?1"))?;
    let (mut stored, mut bytes) = (Vec::new(), 0);
    for seq in seqs {
        if let Some(row) = statement.query_row([seq], row_of).optional()? {
            bytes += row.row.body.len();
            stored.push(StoredDelivery::from(row));
        }
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(stored)
}

/// The next rows parked for a reason, as many as one transaction retries.
fn parked_for(connection: &Connection, reason: &ParkReason, after: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(SEQS_OF)?;
    let mut found = statement.query(params![after, RETRY_ROWS, reason.as_str()])?;
    let (mut seqs, mut bytes) = (Vec::new(), 0);
    while bytes < RETRY_BYTES
        && let Some(row) = found.next()?
    {
        seqs.push(row.get(0)?);
        bytes += row.get::<_, i64>(1)?;
    }
    Ok(seqs)
}

fn numbers(connection: &Connection, query: &str, params: impl Params) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let found = statement.query_map(params, |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
