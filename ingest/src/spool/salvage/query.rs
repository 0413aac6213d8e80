//! Reads rows of a retired file through SQLite, which writes nothing into it.

use super::super::database::{self, StoredRow};
use super::super::error::StoreError;
use super::Range;
use rusqlite::{Connection, params};

const ROWS: &str = "SELECT seq, id, received, app, headers, digest, set_aside, body FROM deliveries NOT INDEXED \
                    WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3";

/// Rows of a range, up to an error.
pub(super) fn read(
    connection: &Connection,
    range: &Range,
    rows: usize,
    bytes: u64,
) -> (Vec<StoredRow>, Option<StoreError>) {
    let (start, most) = (range.start(), i64::try_from(rows).unwrap_or(i64::MAX));
    database::read(connection, ROWS, params![start, range.end(), most], bytes, Some(*start))
}

/// The end of what cannot be read at the start of a range: doubling steps find a readable row, bisection finds the first.
pub(super) fn end_of_gap(connection: &Connection, range: &Range) -> i64 {
    let is_readable = |seq: i64| read(connection, &(seq..=*range.end()), 1, u64::MAX).1.is_none();
    let (start, mut step) = (*range.start(), 1);
    let mut unreadable = start;
    let mut readable = loop {
        let seq = start.checked_add(step).filter(|seq| range.contains(seq));
        let (Some(seq), Some(doubled)) = (seq, i64::checked_mul(step, 2)) else {
            return *range.end();
        };
        if is_readable(seq) {
            break seq;
        }
        (unreadable, step) = (seq, doubled);
    };
    while readable - unreadable > 1 {
        let middle = unreadable + (readable - unreadable) / 2;
        if is_readable(middle) { readable = middle } else { unreadable = middle }
    }
    readable - 1
}
