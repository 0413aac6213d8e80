//! A spool is looked at as it lies there: in use, at rest, after a kill, damaged; and is afterwards what it was.

use super::super::database::{Change, Database};
use super::super::files;
use super::super::row::{Row, sample};
use super::{InspectError, Inspector, Reason, Retrier, Stored, Which, put_aside};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const TEXT: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");
const MAX: u64 = 64 << 20;

/// A spool of so many deliveries, still open; the first is set aside.
fn spool(directory: &Path, count: usize) -> (Database, Vec<Row>) {
    let mut database = Database::open(directory, MAX).unwrap();
    let rows: Vec<_> = (0..count).map(|_| Row::of(&sample(TEXT))).collect();
    let inserts = rows.iter().cloned().map(Change::Insert);
    let changes: Vec<_> = inserts.chain([Change::SetAside(rows[0].id.clone(), "too_large")]).collect();
    let before = database.figures().unwrap();
    database.apply(changes.iter(), before).unwrap();
    (database, rows)
}

/// The directory as a process leaves it that is killed.
fn killed(count: usize) -> (tempfile::TempDir, Vec<Row>) {
    let (alive, dead) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_database, rows) = spool(alive.path(), count);
    for (path, bytes) in contents(alive.path()) {
        fs::write(dead.path().join(path.file_name().unwrap()), bytes).unwrap();
    }
    (dead, rows)
}

/// The directory as a process leaves it that ends.
fn at_rest(count: usize) -> (tempfile::TempDir, Vec<Row>) {
    let directory = tempfile::tempdir().unwrap();
    let (_, rows) = spool(directory.path(), count);
    assert_eq!(contents(directory.path()).len(), 1, "a log is left only by a kill");
    (directory, rows)
}

fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn list(directory: &Path, which: Which) -> Vec<Stored> {
    let mut inspector = Inspector::open(directory).unwrap();
    inspector.deliveries(which).collect::<Result<_, _>>().unwrap()
}

fn ids(stored: &[Stored]) -> Vec<&str> {
    stored.iter().map(|stored| stored.id.as_str()).collect()
}

fn ids_of(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

fn to_change(directory: &Path) -> Retrier {
    Retrier::open(Inspector::open(directory).unwrap()).unwrap()
}

fn alter(directory: &Path, statement: &str) {
    Connection::open(files::database(directory)).unwrap().execute_batch(statement).unwrap();
}

#[test]
fn a_spool_in_use_is_read_in_the_order_in_which_deliveries_came() {
    let directory = tempfile::tempdir().unwrap();
    // More than a page.
    let (_database, rows) = spool(directory.path(), 300);
    let stored = list(directory.path(), Which::All);
    assert_eq!(ids(&stored), ids_of(&rows));
    assert!(stored.iter().all(|stored| stored.is_intact && stored.body == TEXT && stored.app == "shop"));
    assert_eq!(stored[0].set_aside, Some(Reason::TooLarge));
    assert!(stored[1..].iter().all(|stored| stored.set_aside.is_none()));
    assert_eq!(ids(&list(directory.path(), Which::SetAside)), [rows[0].id.as_str()]);
    assert_eq!(ids(&list(directory.path(), Which::SetAsideFor(Reason::TooLarge))), [rows[0].id.as_str()]);
    assert!(list(directory.path(), Which::SetAsideFor(Reason::UnknownTopic)).is_empty());
}

#[test]
fn what_a_killed_process_left_is_read_and_left_byte_for_byte() {
    let (directory, rows) = killed(5);
    let before = contents(directory.path());
    assert_eq!(before.len(), 3);
    assert_eq!(ids(&list(directory.path(), Which::All)), ids_of(&rows));
    assert!(contents(directory.path()) == before, "nothing was written");
}

#[test]
fn what_an_ended_process_left_is_read_and_left_byte_for_byte() {
    let (directory, rows) = at_rest(5);
    let before = contents(directory.path());
    assert_eq!(ids(&list(directory.path(), Which::All)), ids_of(&rows));
    assert!(contents(directory.path()) == before, "nothing was written or made");
}

#[test]
fn an_empty_log_without_an_index_is_as_good_as_none() {
    let (directory, rows) = at_rest(5);
    fs::write(files::with_suffix(&files::database(directory.path()), "-wal"), "").unwrap();
    let before = contents(directory.path());
    assert_eq!(ids(&list(directory.path(), Which::All)), ids_of(&rows));
    assert!(contents(directory.path()) == before, "nothing was written or made");
}

#[test]
fn a_process_that_begins_meanwhile_is_noticed() {
    let (directory, rows) = at_rest(300);
    let mut inspector = Inspector::open(directory.path()).unwrap();
    let mut deliveries = inspector.deliveries(Which::All);
    let first = deliveries.next().unwrap().unwrap();
    assert_eq!(first.id, rows[0].id);
    let mut database = Database::open(directory.path(), MAX).unwrap();
    let gone = Change::Delete(rows[299].id.clone());
    database.apply([gone].iter(), database.figures().unwrap()).unwrap();
    let rest = deliveries.collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(ids(&rest), ids_of(&rows[1..299]));
    drop(database);
    assert_eq!(inspector.groups().unwrap().iter().map(|group| group.deliveries).sum::<u64>(), 299);
}

#[test]
fn groups_count_what_costs_and_waits_since_when() {
    let (directory, rows) = at_rest(5);
    let groups = Inspector::open(directory.path()).unwrap().groups().unwrap();
    let states: Vec<_> = groups.iter().map(|group| (group.set_aside.clone(), group.deliveries)).collect();
    assert_eq!(states, [(None, 4), (Some(Reason::TooLarge), 1)]);
    assert_eq!(groups[0].bytes, rows[1..].iter().map(Row::cost).sum::<u64>());
    assert_eq!(groups[0].oldest.as_millis(), u64::try_from(rows[1].received).unwrap());
}

#[test]
fn what_is_not_what_was_written_is_said_and_hides_nothing() {
    let (directory, rows) = at_rest(4);
    alter(directory.path(), "UPDATE deliveries SET body = CAST('x' || body AS BLOB) WHERE seq = 2");
    // No text in UTF-8 any more.
    alter(directory.path(), "UPDATE deliveries SET app = CAST(x'ff' AS TEXT) WHERE seq = 3");
    let intact: Vec<_> = list(directory.path(), Which::All).iter().map(|stored| stored.is_intact).collect();
    assert_eq!(intact, [true, false, false, true]);
    let mut inspector = Inspector::open(directory.path()).unwrap();
    assert!(!inspector.delivery(&rows[1].id).unwrap().unwrap().is_intact);
    assert_eq!(inspector.delivery("0").unwrap(), None);
}

#[test]
fn what_cannot_be_looked_at_is_told_apart_and_left() {
    let parent = tempfile::tempdir().unwrap();
    let open = |directory: &Path| Inspector::open(directory).map(drop).unwrap_err();
    let missing = parent.path().join("missing");
    assert_eq!(open(&missing), InspectError::NoDirectory(missing.clone()));
    assert_eq!(open(parent.path()), InspectError::NoSpool(parent.path().to_owned()));
    assert!(contents(parent.path()).is_empty());

    let file = files::database(parent.path());
    fs::write(&file, "").unwrap();
    assert_eq!(open(parent.path()), InspectError::NotASpool(file.clone()));
    fs::write(&file, "no database at all, but long enough to have a header ".repeat(50)).unwrap();
    assert!(matches!(open(parent.path()), InspectError::Damaged { .. }));

    let (later, _) = at_rest(1);
    alter(later.path(), "PRAGMA user_version = 9");
    assert!(matches!(open(later.path()), InspectError::LaterFormat { format: 9, .. }));
}

#[test]
fn a_copy_without_the_index_of_its_log_is_read_once_an_empty_one_is_there() {
    let (directory, rows) = killed(3);
    let index = files::with_suffix(&files::database(directory.path()), "-shm");
    fs::remove_file(&index).unwrap();
    let error = Inspector::open(directory.path()).map(drop).unwrap_err();
    assert_eq!(error, InspectError::NoIndex(index.clone()));
    fs::write(&index, "").unwrap();
    assert_eq!(ids(&list(directory.path(), Which::All)), ids_of(&rows));
    assert_eq!(fs::read(&index).unwrap(), b"");
}

#[test]
fn a_path_may_hold_what_means_something_in_a_uri() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("a%20b?mode=rw#ü");
    fs::create_dir(&directory).unwrap();
    let (_database, rows) = spool(&directory, 2);
    assert_eq!(ids(&list(&directory, Which::All)), ids_of(&rows));
    assert!(to_change(&directory).retry(&rows[0].id).unwrap());
}

#[test]
fn what_was_set_aside_waits_again_in_its_old_place_and_the_owner_of_the_file_notices() {
    let directory = tempfile::tempdir().unwrap();
    let (mut database, rows) = spool(directory.path(), 3);
    let mut retrier = to_change(directory.path());
    assert!(retrier.retry(&rows[0].id).unwrap());
    assert!(!retrier.retry(&rows[0].id).unwrap(), "it waits already");
    assert!(!retrier.retry("no such id").unwrap());
    assert!(database.was_changed_by_others().unwrap());
    assert_eq!(database.waiting(10, MAX).unwrap(), rows);
}

#[test]
fn all_of_a_reason_wait_again_but_never_what_is_corrupt() {
    let (directory, rows) = killed(200);
    alter(
        directory.path(),
        "UPDATE deliveries SET set_aside = CASE WHEN seq <= 150 THEN 'too_large' WHEN seq = 151 THEN 'corrupt' ELSE 'later' END",
    );
    let mut retrier = to_change(directory.path());
    assert_eq!(retrier.retry_all(Some(&Reason::TooLarge)).unwrap(), 150);
    assert_eq!(retrier.retry_all(Some(&Reason::TooLarge)).unwrap(), 0);
    assert_eq!(list(directory.path(), Which::SetAside).len(), 50);
    assert_eq!(retrier.retry_all(None).unwrap(), 49);
    assert!(!retrier.retry(&rows[150].id).unwrap());
    drop(retrier);
    let left = list(directory.path(), Which::SetAside);
    assert_eq!((ids(&left), left[0].set_aside.clone()), (vec![rows[150].id.as_str()], Some(Reason::Corrupt)));
    assert!(
        files::with_suffix(&files::database(directory.path()), "-wal").exists(),
        "the log is not deleted"
    );
}

#[test]
fn files_that_were_put_aside_are_found_with_all_that_belongs_to_them() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &str| fs::write(directory.path().join(name), bytes).unwrap();
    write("quarantined-1763755200000.db", "damaged");
    write("quarantined-1763755200000.db-wal", "log");
    write("quarantined-1763755100000.salvaged", "old");
    write("spool.db", "good");
    let found = put_aside(directory.path()).unwrap();
    let facts: Vec<_> = found.iter().map(|file| (file.is_salvaged, file.bytes)).collect();
    assert_eq!(facts, [(true, 3), (false, 10)]);
    assert_eq!(found[1].since.unwrap().to_string(), "2025-11-21T20:00:00.000Z");
}

#[test]
fn a_file_that_another_process_is_writing_can_be_read_and_is_told_to_be_busy_otherwise() {
    let (directory, rows) = at_rest(1);
    let other = Connection::open(files::database(directory.path())).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE deliveries SET app = 'other'").unwrap();
    assert!(list(directory.path(), Which::All)[0].is_intact, "what is not committed is not seen");
    let error = to_change(directory.path()).retry(&rows[0].id).unwrap_err();
    assert!(matches!(error, InspectError::Busy(_)), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(to_change(directory.path()).retry(&rows[0].id).unwrap());
}
