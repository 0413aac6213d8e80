//! Failures of one kind are not forgotten for a success of another, and a file that nothing can follow is drained all the same.

use super::super::super::inspect::{ParkReason, Request};
use super::*;

fn transient() -> StoreError {
    StoreError::Transient("disk I/O error".to_owned())
}

#[test]
fn a_file_that_takes_writes_and_cannot_be_read_is_retired() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    let rows = rows(ROWS);
    put_all(&mut store, &rows);
    for _ in 0..FAILURES {
        assert_eq!(store.parts.metrics.retirements.get(), 0);
        store.fail(&transient(), Operation::Read);
        retry(&mut store);
        put(&mut store, sample(TEXT).to_row()).unwrap();
    }
    assert_eq!(store.parts.backlog.paths(), [spool_db(directory.path())]);
}

#[test]
fn a_success_ends_the_failures_of_its_operation() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    for _ in 0..2 * FAILURES {
        store.fail(&transient(), Operation::Write);
        retry(&mut store);
        put(&mut store, sample(TEXT).to_row()).unwrap();
        store.fail(&transient(), Operation::Read);
        retry(&mut store);
        assert!(!store.read(1, u64::MAX).is_empty());
    }
    assert_eq!((store.parts.metrics.retirements.get(), store.retry), (0, RETRY_FIRST));
}

#[test]
fn a_file_that_cannot_be_written_and_not_be_followed_either_is_drained() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    let rows = rows(ROWS);
    put_all(&mut store, &rows);
    store.fail(&transient(), Operation::Write);
    // The next cannot be created, as where the volume is read-only.
    (store.failures, store.parts.max_bytes) = (EnumMap::from_fn(|_| FAILURES), 4096);
    retry(&mut store);
    assert_eq!(
        (store.parts.backlog.paths(), waiting(&store).as_str()),
        (vec![spool_db(directory.path())], "40")
    );
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Err(Unavailable::SpoolFailing));
    // Once it can be created.
    store.parts.max_bytes = MAX;
    retry(&mut store);
    put(&mut store, rows[0].clone()).unwrap();
    assert_eq!((store.parts.metrics.retirements.get(), waiting(&store).as_str()), (1, "41"));
    assert_eq!(drain(&mut store, &rows, "left").ids.len(), ROWS);
}

#[test]
fn a_file_that_is_drained_only_since_its_volume_is_read_only_is_no_retired_one() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("quarantined-1763755200000.db"), closed_spool(&rows(ROWS))).unwrap();
    fs::write(spool_db(directory.path()), closed_spool(&rows(ROWS))).unwrap();
    // The next cannot be created.
    let mut store = Store::new(StoreParts { is_read_only: true, ..parts(directory.path(), 4096) });
    store.maintain();
    let counts =
        |store: &Store| (store.parts.metrics.retirements.get(), store.parts.metrics.retired_files.get());
    assert_eq!((store.parts.backlog.len(), counts(&store)), (2, (0, 1.0)));
    // Once it can be, it is one until it is drained, and the next that fails is counted.
    store.parts.max_bytes = MAX;
    retry(&mut store);
    assert_eq!(counts(&store), (0, 2.0));
    store.fail(&StoreError::Unsynced("injected".to_owned()), Operation::Write);
    retry(&mut store);
    assert_eq!(counts(&store), (1, 3.0));
}

#[test]
fn a_panic_on_a_volume_that_can_be_written_by_now_makes_no_further_file() {
    let directory = tempfile::tempdir().unwrap();
    let was_read_only = StoreParts { is_read_only: true, ..parts(directory.path(), MAX) };
    for row in rows(2) {
        let mut again = Store::new(was_read_only.clone().after_panic());
        again.maintain();
        put(&mut again, row).unwrap();
        assert_eq!((again.file(), again.parts.backlog.len()), (spool_db(directory.path()), 0));
    }
}

#[test]
fn files_that_are_found_only_as_one_is_retired_are_drained_too() {
    let directory = tempfile::tempdir().unwrap();
    let older = directory.path().join("quarantined-1763755200000.db");
    fs::write(&older, closed_spool(&rows(ROWS))).unwrap();
    fs::write(spool_db(directory.path()), closed_spool(&rows(ROWS))).unwrap();
    let mut store = Store::new(parts(directory.path(), MAX));
    // It could not be listed until now.
    store.failures = EnumMap::from_fn(|_| FAILURES);
    store.maintain();
    assert_eq!(store.parts.backlog.paths(), [older, spool_db(directory.path())]);
}

#[test]
fn a_file_that_looks_damaged_since_the_disk_does_not_give_it_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    let rows = rows(ROWS);
    put_all(&mut store, &rows);
    // Nothing that can be read is where the file was.
    let (file, aside) = (spool_db(directory.path()), directory.path().join("aside"));
    fs::rename(&file, &aside).unwrap();
    fs::create_dir(&file).unwrap();
    let damaged = StoreError::Damaged("database disk image is malformed".to_owned());
    store.fail(&damaged, Operation::Read);
    assert!(matches!(store.state, State::Failed { is_final: false, .. }), "{:?}", store.state);
    fs::remove_dir(&file).unwrap();
    fs::rename(&aside, &file).unwrap();
    retry(&mut store);
    assert_eq!(store.parts.metrics.retirements.get(), 0);
    assert_eq!(store.read(usize::MAX, u64::MAX).len(), ROWS);
    // One that is given is as it was taken for.
    store.fail(&damaged, Operation::Read);
    assert!(store.must_retire());
}

#[test]
fn a_file_of_a_later_version_is_told_as_one_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = spool_db(directory.path());
    fs::write(&file, closed_spool(&rows(2))).unwrap();
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute_batch("ALTER TABLE deliveries ADD COLUMN later TEXT; PRAGMA user_version = 9")
        .unwrap();
    drop(connection);
    let before = fs::read(&file).unwrap();
    let mut store = store(directory.path());
    assert!(store.problem().unwrap().starts_with("a later version wrote its file"));
    let listed = store.inspect(&Request::RetryAll { reason: ParkReason::TooLarge, after: 0 });
    let said = listed.unwrap_err().to_string();
    assert!(said.contains("format 9") && said.contains("until that version runs again"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn an_error_closes_the_file_whoever_meets_it() {
    let retry = |store: &mut Store| {
        let retried = store.inspect(&Request::RetryAll { reason: ParkReason::TooLarge, after: 0 });
        let said = retried.unwrap_err().to_string();
        assert!(said.contains("ingest tries again by itself") && !said.contains("user"), "{said}");
    };
    let full = |store: &mut Store| {
        store.full = Some(Full { since: Instant::now(), bytes: MAX, fits: 0 });
        store.maintain();
    };
    let meetings: [fn(&mut Store); 2] = [retry, full];
    for meet in meetings {
        let directory = tempfile::tempdir().unwrap();
        let mut store = store(directory.path());
        put_all(&mut store, &rows(1));
        let key = store.read(1, u64::MAX).remove(0).key();
        assert!(change(&mut store, vec![Change::Park(key, ParkReason::TooLarge)]));
        let State::Open(database) = &store.state else { panic!("it is open") };
        // As on a volume that became read-only.
        database.connection().pragma_update(None, "query_only", true).unwrap();
        meet(&mut store);
        assert!(matches!(store.state, State::Failed { is_final: false, .. }), "{:?}", store.state);
        super::retry(&mut store);
        put_all(&mut store, &rows(1));
    }
}
