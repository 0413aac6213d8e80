//! The owner's answers, from its file. Each takes little time: the same thread stores deliveries.

use super::super::database::{COLUMNS, row_of};
use super::super::error::StoreError;
use super::stored::{Reason, Stored};
use super::{Answer, Group, Request, Which};
use rusqlite::{Connection, OptionalExtension as _, Params, params};
use schemas::Millis;

/// Rows of an answer.
const PAGE_ROWS: u32 = 128;
/// Bytes of bodies of an answer, and one body beyond.
const PAGE_BYTES: usize = 1 << 20;
/// Rows that wait again in one transaction, and their bytes: changing a column writes the row, its body too.
const RETRY_ROWS: u32 = 64;
const RETRY_BYTES: i64 = 4 << 20;

const GROUPS: &str = "SELECT set_aside, count(*), total(cost), min(received) FROM deliveries \
                      GROUP BY set_aside ORDER BY set_aside";
const PLACES: &str = "SELECT seq FROM deliveries NOT INDEXED WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const PLACES_OF: &str =
    "SELECT seq, cost FROM deliveries WHERE set_aside = ?3 AND seq > ?1 ORDER BY seq LIMIT ?2";
const NEXT_REASON: &str = "SELECT min(set_aside) FROM deliveries WHERE set_aside > ?1";
const PLACE_OF_ID: &str = "SELECT seq FROM deliveries WHERE id = ?1";
const RETRIED_OF_ID: &str =
    "SELECT seq FROM deliveries WHERE id = ?1 AND set_aside IS NOT NULL AND set_aside <> ?2";

/// All of them, so that a test sees how each is carried out.
#[cfg(test)]
pub(in crate::spool) const QUERIES: [&str; 6] =
    [GROUPS, PLACES, PLACES_OF, NEXT_REASON, PLACE_OF_ID, RETRIED_OF_ID];

/// Places of rows that are to wait again.
#[derive(Debug)]
pub(in crate::spool) struct Retries {
    pub(in crate::spool) places: Vec<i64>,
}

/// Answers what only reads.
pub(in crate::spool) fn answer(connection: &Connection, request: &Request) -> Result<Answer, StoreError> {
    Ok(match request {
        Request::Groups => Answer::Groups(groups(connection)?),
        Request::Page { which, after } => {
            Answer::Page(stored(connection, &places(connection, which, *after)?)?)
        }
        Request::Delivery { id } => {
            let place =
                connection.prepare_cached(PLACE_OF_ID)?.query_row([id], |row| row.get(0)).optional()?;
            Answer::Page(stored(connection, place.as_slice())?)
        }
        Request::Retry { .. } | Request::RetryAll { .. } => Answer::Retried { count: 0, last: None },
    })
}

/// The rows that a request wants to wait again; `None` where it is of another sort.
pub(in crate::spool) fn retries(
    connection: &Connection,
    request: &Request,
) -> Result<Option<Retries>, StoreError> {
    let corrupt = Reason::Corrupt;
    let places = match request {
        Request::Retry { id } => numbers(connection, RETRIED_OF_ID, [id.as_str(), corrupt.as_str()])?,
        Request::RetryAll { reason, .. } if *reason == corrupt => Vec::new(),
        Request::RetryAll { reason, after } => few(connection, reason, *after)?,
        _ => return Ok(None),
    };
    Ok(Some(Retries { places }))
}

fn groups(connection: &Connection) -> Result<Vec<Group>, StoreError> {
    let mut statement = connection.prepare_cached(GROUPS)?;
    let found = statement.query_map([], |row| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of sizes")]
        let bytes = row.get::<_, f64>(2)? as u64;
        Ok(Group {
            set_aside: row.get::<_, Option<String>>(0)?.map(Reason::from),
            deliveries: row.get::<_, i64>(1)?.unsigned_abs(),
            bytes,
            oldest: Millis::since_epoch(u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default()),
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The next places beyond one.
fn places(connection: &Connection, which: &Which, after: i64) -> Result<Vec<i64>, StoreError> {
    let of = |reason: &str| numbers(connection, PLACES_OF, params![after, PAGE_ROWS, reason]);
    match which {
        Which::All => numbers(connection, PLACES, params![after, PAGE_ROWS]),
        Which::SetAsideFor(reason) => of(reason.as_str()),
        Which::SetAside => {
            let (mut places, mut last) = (Vec::new(), String::new());
            let mut next = connection.prepare_cached(NEXT_REASON)?;
            while let Some(reason) = next.query_row([&last], |row| row.get::<_, Option<String>>(0))? {
                places.extend(of(&reason)?);
                last = reason;
            }
            places.sort_unstable();
            places.truncate(PAGE_ROWS as usize);
            Ok(places)
        }
    }
}

/// The rows of places, as many as fit into an answer.
fn stored(connection: &Connection, places: &[i64]) -> Result<Vec<Stored>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM deliveries WHERE seq = ?1"))?;
    let (mut stored, mut bytes) = (Vec::new(), 0);
    for place in places {
        if let Some(placed) = statement.query_row([place], row_of).optional()? {
            bytes += placed.row.body.len();
            stored.push(Stored::from(placed));
        }
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(stored)
}

/// The next few of a reason.
fn few(connection: &Connection, reason: &Reason, after: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(PLACES_OF)?;
    let mut found = statement.query(params![after, RETRY_ROWS, reason.as_str()])?;
    let (mut places, mut bytes) = (Vec::new(), 0);
    while bytes < RETRY_BYTES
        && let Some(row) = found.next()?
    {
        places.push(row.get(0)?);
        bytes += row.get::<_, i64>(1)?;
    }
    Ok(places)
}

fn numbers(connection: &Connection, query: &str, params: impl Params) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let found = statement.query_map(params, |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
