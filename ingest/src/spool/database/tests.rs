//! What the table does with changes, and files that are full, in use, no database or of a later version.

use super::changes::{DELETE, DELETE_BY_ID, INSERT, PARK, UNPARK};
use super::rows::{
    FIRST_PARKED, GROUPS, LAST_PARKED, LAST_SEQ, NEXT_REASON, OLDEST, PARKED, WAITING, WAITING_KEYS,
};
use super::*;
use crate::delivery::sample;
use crate::signature::Row;

const TEXT: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");
const MAX: u64 = 64 << 20;

fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|_| sample(TEXT).to_row()).collect()
}

fn open(directory: &Path, max_bytes: u64) -> Result<Database, StoreError> {
    Database::open(&directory.join("spool.db"), max_bytes)
}

/// What the file says is what the changes said.
fn change(database: &mut Database, changes: &[Change]) -> Result<Totals, StoreError> {
    let before = totals(&database.connection)?;
    let after = database.apply(changes.iter(), before)?;
    assert_eq!(after, totals(&database.connection)?);
    Ok(after)
}

fn insert_all(database: &mut Database, rows: &[Row]) {
    let changes: Vec<_> = rows.iter().cloned().map(Change::Insert).collect();
    change(database, &changes).unwrap();
}

fn rows_waiting(database: &mut Database, rows: usize, bytes: u64) -> Vec<Row> {
    database.waiting(rows, bytes).unwrap().into_iter().map(|stored| stored.row).collect()
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
    assert_eq!(oldest(&database.connection).unwrap(), Some(rows[0].received));
    let key = |index: usize| RowKey { seq: i64::try_from(index).unwrap() + 1, id: rows[index].id.clone() };
    let changes = [Change::Delete(key(0)), Change::Park(key(1), ParkReason::TooLarge)];
    let totals = change(&mut database, &changes).unwrap();
    assert_eq!(rows_waiting(&mut database, 10, MAX), rows[2..]);
    let bytes = rows[1..].iter().map(Row::cost).sum();
    assert_eq!(totals, Totals { waiting: 3, parked: 1, bytes });
    assert_eq!(change(&mut database, &changes).unwrap(), totals, "the same again changes nothing");
    change(&mut database, &[Change::Unpark(2), Change::DeleteById(rows[4].id.clone())]).unwrap();
    assert_eq!(rows_waiting(&mut database, 10, MAX), rows[1..4], "in its old order");
    database.check().unwrap();
}

#[test]
fn any_of_the_parked_of_a_reason_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let rows = rows(9);
    let mut database = open(directory.path(), MAX).unwrap();
    insert_all(&mut database, &rows);
    assert_eq!(database.parked(&ParkReason::NotAuthorized, 0.5).unwrap(), None);
    let park = |index: usize, reason: ParkReason| {
        let key = RowKey { seq: i64::try_from(index).unwrap() + 1, id: rows[index].id.clone() };
        Change::Park(key, reason)
    };
    let parked = [2, 5, 6].map(|index| park(index, ParkReason::NotAuthorized));
    change(&mut database, &[&parked[..], &[park(8, ParkReason::TooLarge)]].concat()).unwrap();
    let found = |part| database.parked(&ParkReason::NotAuthorized, part).unwrap().map(|stored| stored.seq);
    assert_eq!([0.0, 0.3, 0.9, 1.0].map(found), [Some(3), Some(6), Some(7), Some(7)]);
}

#[test]
fn a_row_of_another_file_is_not_deleted_for_its_seq() {
    let directory = tempfile::tempdir().unwrap();
    let mut database = open(directory.path(), MAX).unwrap();
    insert_all(&mut database, &rows(1));
    let elsewhere = RowKey { seq: 1, id: rows(1)[0].id.clone() };
    let changes = [Change::Delete(elsewhere.clone()), Change::Park(elsewhere, ParkReason::TooLarge)];
    assert_eq!(change(&mut database, &changes).unwrap().waiting, 1);
}

/// A file of 40 deliveries, a page of which was changed beside SQLite: `harm` has the page and where its second row begins.
fn spoiled(directory: &Path, harm: fn(&mut [u8], usize)) -> Database {
    let mut database = open(directory, MAX).unwrap();
    insert_all(&mut database, &rows(40));
    database.close();
    let path = directory.join("spool.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let leaf = bytes[4096..].chunks_mut(4096).find(|page| page[0] == 0x0d && page[4] > 1).unwrap();
    // The array of cells begins behind the header of the page; a cell with two bytes of length and one of `seq`.
    let cell = usize::from(u16::from_be_bytes([leaf[10], leaf[11]]));
    harm(leaf, cell);
    std::fs::write(&path, bytes).unwrap();
    open(directory, MAX).unwrap()
}

#[test]
fn a_row_that_is_read_and_cannot_be_changed_is_damage() {
    let changes: [fn(RowKey) -> Change; 2] = [Change::Delete, |key| Change::Park(key, ParkReason::TooLarge)];
    // A `seq` that is nowhere where it is looked for, and an id that is no text.
    let harms: [fn(&mut [u8], usize); 2] = [
        |page, cell| page[cell + 2] = 0x7f,
        |page, cell| {
            let dash = page[cell..].iter().position(|byte| *byte == b'-').unwrap();
            page[cell + dash - 1] |= 0x80;
        },
    ];
    for harm in harms {
        for change in changes {
            let directory = tempfile::tempdir().unwrap();
            let mut database = spoiled(directory.path(), harm);
            let read = database.waiting(usize::MAX, MAX).unwrap();
            assert_eq!(read.len(), 40);
            let before = totals(&database.connection).unwrap();
            let changes: Vec<_> = read.iter().map(|stored| change(stored.key())).collect();
            let failed = database.apply(changes.iter(), before).unwrap_err();
            assert!(matches!(failed, StoreError::Damaged(_)), "{failed}");
            assert_eq!(totals(&database.connection).unwrap(), before, "nothing is changed");
            // A row that is gone is none.
            let gone = change(RowKey { seq: 1, id: "of another".to_owned() });
            assert_eq!(database.apply([gone].iter(), before).unwrap(), before);
        }
    }
}

#[test]
fn a_file_at_its_maximum_size_takes_no_more_and_keeps_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let mut database = open(directory.path(), 256 << 10).unwrap();
    let mut kept = Vec::new();
    let error = loop {
        let row = sample(TEXT).to_row();
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
fn a_file_is_opened_only_once_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path(), MAX).unwrap();
    totals(&first.connection).unwrap();
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
    // Of this format but for its number, which no version writes.
    assert!(matches!(open(directory.path(), MAX), Err(StoreError::Damaged(_))));
    let connection = connect(&path, None).unwrap();
    connection.execute_batch("ALTER TABLE deliveries ADD COLUMN later TEXT").unwrap();
    assert_eq!(check_version(&connection), Err(StoreError::LaterFormat(9)));
    // In words that this SQLite does not know.
    let unknown = "PRAGMA writable_schema = ON; \
                   UPDATE sqlite_master SET sql = 'CREATE TABLE deliveries LATER' WHERE name = 'deliveries'";
    connection.execute_batch(unknown).unwrap();
    drop(connection);
    assert_eq!(open(directory.path(), MAX).unwrap_err(), StoreError::LaterFormat(9));
}

#[test]
fn no_query_sorts() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path(), MAX).unwrap();
    let queries = [
        WAITING,
        WAITING_KEYS,
        LAST_SEQ,
        OLDEST,
        GROUPS,
        INSERT,
        DELETE,
        DELETE_BY_ID,
        PARK,
        UNPARK,
        PARKED,
        FIRST_PARKED,
        LAST_PARKED,
        NEXT_REASON,
    ];
    for query in queries.into_iter().chain(crate::spool::inspect::QUERIES) {
        let mut statement = database.connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let parameters = vec![rusqlite::types::Null; statement.parameter_count()];
        let steps = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        let plan: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{query}: {plan:?}");
    }
}

#[test]
fn a_transaction_that_failed_leaves_no_note() {
    let directory = tempfile::tempdir().unwrap();
    let mut database = open(directory.path(), 64 << 10).unwrap();
    let stored = rows(3);
    insert_all(&mut database, &stored);
    let large: &'static [u8] = vec![b' '; 200_000].leak();
    let too_much = [rows(2).remove(0), sample(large).to_row()].map(Change::Insert);
    assert_eq!(database.apply(too_much.iter(), Totals::default()).unwrap_err(), StoreError::Full);
    // A change that inserts nothing, over the same connection.
    let key = database.waiting(1, MAX).unwrap().remove(0).key();
    database.apply([Change::Delete(key)].iter(), Totals::default()).unwrap();
    drop(database);
    let database = open(directory.path(), MAX).unwrap();
    database.check_log().unwrap();
}
