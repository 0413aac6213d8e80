//! What was in a retired file and is not in its table: by the index of ids, and by the high-water mark.

use super::super::database;
use super::super::error::StoreError;
use super::super::high_water_mark::HighWaterMark;
use super::Range;
use rusqlite::Connection;
use std::path::Path;

/// The ids of all rows after one of them, from the index of the `UNIQUE` column.
const NAMES: &str =
    "SELECT seq, id FROM deliveries INDEXED BY sqlite_autoindex_deliveries_1 WHERE id > ?1 ORDER BY id";
/// How often the index is read on where an error ended it, without a row in between.
const TRIES: u32 = 5;

/// Every row of the index, up to an error that stays.
pub(super) fn indexed_ids(connection: &Connection) -> (Vec<(i64, String)>, Option<StoreError>) {
    let (mut indexed, mut tries) = (Vec::new(), 0);
    loop {
        let before = indexed.len();
        match indexed_ids_after(connection, &mut indexed) {
            Ok(()) => return (indexed, None),
            Err(error @ StoreError::Damaged(_)) => return (indexed, Some(error)),
            Err(error) => {
                tries = if indexed.len() > before { 1 } else { tries + 1 };
                if tries == TRIES {
                    return (indexed, Some(error));
                }
            }
        }
    }
}

fn indexed_ids_after(connection: &Connection, indexed: &mut Vec<(i64, String)>) -> Result<(), StoreError> {
    let mut statement = connection.prepare(NAMES)?;
    let after = indexed.last().map(|(_, id)| id.clone()).unwrap_or_default();
    let mut found = statement.query([after])?;
    while let Some(row) = found.next()? {
        indexed.push((row.get(0)?, database::text(row.get_ref(1)?)));
    }
    Ok(())
}

/// The rows that were stored after all that SQLite knows of: the end of its log is lost.
pub(super) fn end_of_log(path: &Path, connection: &Connection) -> Result<Option<Range>, StoreError> {
    match database::last_seq(connection) {
        Ok(last) => Ok(HighWaterMark::missing_after(last, path)),
        // What is on its page cannot be told from what is in the log.
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is in both ranges.
pub(super) fn both(one: &Range, other: &Range) -> Option<Range> {
    let both = *one.start().max(other.start())..=*one.end().min(other.end());
    (!both.is_empty()).then_some(both)
}

/// The parts of a range that none of `known` covers.
pub(super) fn without(range: &Range, known: impl IntoIterator<Item = Range>) -> Vec<Range> {
    let mut known: Vec<Range> = known.into_iter().filter(|known| !known.is_empty()).collect();
    known.sort_unstable_by_key(|known| *known.start());
    let (mut start, mut parts) = (*range.start(), Vec::new());
    for known in known {
        if known.start() > range.end() || start > *range.end() {
            break;
        }
        if *known.start() > start {
            parts.push(start..=known.start() - 1);
        }
        match known.end().checked_add(1) {
            Some(next) => start = start.max(next),
            None => return parts,
        }
    }
    parts.push(start..=*range.end());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_left_out_of_a_range() {
        assert_eq!(without(&(3..=9), []), [3..=9]);
        assert_eq!(without(&(3..=9), [8..=8, 1..=4]), [5..=7, 9..=9]);
        assert_eq!(without(&(3..=9), [4..=6, 5..=9]), [3..=3]);
        assert_eq!(without(&(0..=i64::MAX), [7..=i64::MAX]), [0..=6]);
        assert_eq!(without(&(3..=9), [1..=2, 10..=11]), [3..=9]);
        assert_eq!((both(&(3..=9), &(8..=12)), both(&(3..=9), &(10..=12))), (Some(8..=9), None));
    }
}
