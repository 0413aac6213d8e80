//! Disks and files that fail: nothing is lost, and the spool goes on. `damage` has torn and altered files.

mod bytes;
mod damage;
mod drained;
mod failures;
mod parked;
mod read_only;

use super::super::database::{Change, ParkReason, RowKey, StoredRow};
use super::super::writer::{Command, Write};
use super::space::{FULL_FOR, SMALL};
use super::*;
use crate::delivery::sample;
use crate::http::response::Unavailable;
use crate::signature::Row;
use drained::drain;
use prometheus::Registry;
use runtime::process::health::{Health, Probe};
use runtime::process::shutdown::Shutdown;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::sync::{Semaphore, oneshot};

const TEXT: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");
const MAX: u64 = 64 << 20;
const ROWS: usize = 40;

pub(in crate::spool) fn parts(directory: &Path, max_bytes: u64) -> StoreParts {
    StoreParts {
        directory: directory.to_owned(),
        is_read_only: false,
        max_bytes,
        metrics: SpoolMetrics::new(&Registry::new()),
        stored: Arc::default(),
        backlog: Backlog::default(),
        check: Health::new(Shutdown::new()).check("spool", Probe::Informational),
        timeliness: Timeliness::default(),
    }
}

fn store(directory: &Path) -> Store {
    let mut store = Store::new(parts(directory, MAX));
    store.maintain();
    store
}

/// Stores a row; what its delivery would be answered.
fn put(store: &mut Store, row: Row) -> Result<(), Unavailable> {
    put_together(store, vec![row]).remove(0)
}

/// Stores rows that wait together.
fn put_together(store: &mut Store, rows: Vec<Row>) -> Vec<Result<(), Unavailable>> {
    let (mut group, mut results) = (Vec::new(), Vec::new());
    for row in rows {
        let (done, is_done) = oneshot::channel();
        let (bytes, queue) = (row.cost(), Arc::new(Semaphore::new(1)));
        let held = Some((queue.try_acquire_owned().unwrap(), None));
        group.push(Command::Write(Write { changes: vec![Change::Insert(row)], bytes, done, _held: held }));
        results.push(is_done);
    }
    store.serve(&mut group);
    let result = |mut is_done: oneshot::Receiver<_>| is_done.try_recv().expect("every store gets a result");
    results.into_iter().map(result).collect()
}

fn put_all(store: &mut Store, rows: &[Row]) {
    for row in rows {
        put(store, row.clone()).unwrap();
    }
}

/// How many deliveries wait, as an operator sees it.
fn waiting(store: &Store) -> String {
    store.parts.metrics.deliveries.get().to_string()
}

fn change(store: &mut Store, changes: Vec<Change>) -> bool {
    let (done, mut is_done) = oneshot::channel();
    store.serve(&mut vec![Command::Write(Write { changes, bytes: 0, done, _held: None })]);
    is_done.try_recv().unwrap().is_ok()
}

fn close(mut store: Store) {
    store.close();
}

/// Opens it again without waiting.
fn retry(store: &mut Store) {
    if let State::Failed { retry_at, .. } = &mut store.state {
        *retry_at = Instant::now();
    }
    store.maintain();
}

fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|_| sample(TEXT).to_row()).collect()
}

/// Rows with bodies of that many bytes, which go on over pages of their own.
fn large_rows(count: usize, bytes: usize) -> Vec<Row> {
    let body: &'static [u8] = vec![b' '; bytes].leak();
    (0..count).map(|_| sample(body).to_row()).collect()
}

fn spool_db(directory: &Path) -> PathBuf {
    directory.join("spool.db")
}

/// A spool that was closed in order, as one file.
fn closed_spool(rows: &[Row]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put_all(&mut store, rows);
    close(store);
    fs::read(spool_db(directory.path())).unwrap()
}

#[test]
fn a_retired_file_counts_until_it_is_drained() {
    let rows = rows(ROWS);
    let mut damaged = closed_spool(&rows);
    let directory = tempfile::tempdir().unwrap();
    damaged[..4096].fill(0);
    fs::write(spool_db(directory.path()), damaged).unwrap();
    let store = store(directory.path());
    let metrics = &store.parts.metrics;
    assert_eq!((metrics.retirements.get(), metrics.healthy.get()), (1, 1));
    assert!(metrics.deliveries.get().is_nan(), "not known, so not 0: {}", metrics.deliveries.get());
    assert!(spool_db(directory.path()).exists() && directory.path().join("spool-1.db").exists());
}

#[test]
fn a_file_whose_fsync_failed_is_retired_once_with_its_log_and_gives_everything_back() {
    let rows = rows(ROWS);
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put_all(&mut store, &rows[..30]);
    store.fail(&StoreError::Unsynced("disk I/O error".to_owned()), Operation::Write);
    assert_eq!(put(&mut store, rows[30].clone()), Err(Unavailable::SpoolFailing));
    store.update_gauges();
    assert_eq!((store.parts.metrics.healthy.get(), waiting(&store).as_str()), (0, "30"));
    retry(&mut store);
    put_all(&mut store, &rows[30..]);
    assert_eq!(waiting(&store), "40");
    assert_eq!(drain(&mut store, &rows, "fsync").ids.len(), ROWS);
    // A kill while it is drained, and another start: nothing is retired anew.
    drop(store);
    let mut store = self::store(directory.path());
    assert_eq!(store.parts.metrics.retirements.get(), 0);
    assert_eq!(store.parts.backlog.paths(), [spool_db(directory.path())]);
    assert_eq!(drain(&mut store, &rows, "again").ids.len(), ROWS);
}

#[test]
fn what_may_pass_by_itself_is_tried_again_on_the_same_file() {
    let rows = rows(ROWS);
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put_all(&mut store, &rows);
    for _ in 1..FAILURES {
        store.fail(&StoreError::Transient("disk I/O error".to_owned()), Operation::Write);
        assert!(!store.must_retire());
    }
    retry(&mut store);
    assert_eq!(store.parts.metrics.retirements.get(), 0);
    assert_eq!(store.read(usize::MAX, u64::MAX).len(), ROWS);
}

#[test]
fn a_directory_that_an_earlier_version_left_is_taken_over() {
    let (old, new) = (rows(ROWS), rows(ROWS));
    let directory = tempfile::tempdir().unwrap();
    let quarantined = directory.path().join("quarantined-1763755200000.db");
    fs::write(&quarantined, closed_spool(&old)).unwrap();
    fs::write(spool_db(directory.path()), closed_spool(&new)).unwrap();
    let mut store = store(directory.path());
    assert_eq!(store.parts.backlog.paths(), [quarantined]);
    assert_eq!(drain(&mut store, &[old, new].concat(), "both").ids.len(), 2 * ROWS);
}

#[test]
fn an_empty_file_beside_a_log_keeps_its_log() {
    let rows = rows(ROWS);
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put_all(&mut store, &rows);
    drop(store);
    fs::write(spool_db(directory.path()), "").unwrap();
    let mut store = self::store(directory.path());
    assert_eq!(drain(&mut store, &rows, "no file").ids.len(), ROWS);
}

#[test]
fn a_full_disk_lets_deliveries_go_and_takes_others_once_there_is_space() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::new(parts(directory.path(), 200_000));
    store.maintain();
    let mut kept = Vec::new();
    while let Some(row) = rows(1).pop()
        && put(&mut store, row.clone()).is_ok()
    {
        kept.push(row);
    }
    assert_eq!(store.parts.metrics.healthy.get(), 0);
    let read = store.read(usize::MAX, u64::MAX);
    assert_eq!(read.len(), kept.len());
    assert!(change(&mut store, read.iter().map(|stored| Change::Delete(stored.key())).collect()));
    store.maintain();
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Ok(()));
}

#[test]
fn each_write_of_a_group_is_answered_for_itself() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::new(parts(directory.path(), 200_000));
    store.maintain();
    put_all(&mut store, &rows(2));
    let read = store.read(2, u64::MAX);
    let delete = |row: usize| (vec![Change::Delete(read[row].key())], 0);
    let small = || (vec![Change::Insert(sample(TEXT).to_row())], 1);
    // The disk has less space than it is admitted for.
    let too_much = |bytes| (large_rows(2, 200 << 10).into_iter().map(Change::Insert).collect(), bytes);
    let (full, mut answers) = (Err(Unavailable::SpoolFull), Vec::new());
    let mut command = |(changes, bytes)| {
        let (done, is_done) = oneshot::channel();
        answers.push(is_done);
        Command::Write(Write { changes, bytes, done, _held: None })
    };
    let mut groups = [
        vec![command(small()), command(too_much(SMALL + 1)), command(delete(0))],
        vec![command(too_much(1)), command(delete(1))],
        vec![command(small()), Command::Run(Box::new(Store::close)), command(small())],
    ];
    for group in &mut groups {
        assert!(store.reserve.is_there, "what is refused makes space enough");
        store.serve(group);
    }
    let answers: Vec<_> = answers.iter_mut().map(|is_done| is_done.try_recv().unwrap()).collect();
    assert_eq!(answers, [Ok(()), full, Ok(()), full, Ok(()), Ok(()), Err(Unavailable::SpoolFailing)]);
    assert_eq!(waiting(&store), "2");
}

#[test]
fn what_is_taken_over_of_a_retired_file_waits_for_space_and_has_no_delete_wait_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::new(parts(directory.path(), 200_000));
    store.maintain();
    put_all(&mut store, &rows(1));
    let read = store.read(1, u64::MAX);
    let adopt = |row| Change::Adopt(row, ParkReason::TooLarge);
    let adopt = || large_rows(2, 200 << 10).into_iter().map(adopt).collect();
    assert!(!change(&mut store, adopt()) && store.reserve.is_there);
    let (mut group, mut answers) = (Vec::new(), Vec::new());
    for changes in [adopt(), vec![Change::Delete(read[0].key())]] {
        let (done, is_done) = oneshot::channel();
        answers.push(is_done);
        group.push(Command::Write(Write { changes, bytes: 0, done, _held: None }));
    }
    store.serve(&mut group);
    let answers: Vec<_> = answers.iter_mut().map(|is_done| is_done.try_recv().unwrap()).collect();
    assert_eq!(answers, [Err(Unavailable::SpoolFull), Ok(())]);
    assert_eq!(waiting(&store), "0");
}

#[test]
fn a_reserve_that_a_full_disk_did_not_let_go_is_released_at_the_next_change() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::new(parts(directory.path(), 200_000));
    store.maintain();
    let file = directory.path().join("spool.reserve");
    let too_much = || large_rows(2, 200 << 10).into_iter().map(Change::Insert).collect();
    assert!(file.exists() && !change(&mut store, too_much()) && !file.exists());
    // As where it could not be removed.
    fs::write(&file, "zeros").unwrap();
    assert!(!change(&mut store, too_much()) && !file.exists());
    assert_eq!(store.parts.metrics.healthy.get(), 0);
}

#[test]
fn a_disk_that_has_space_again_is_used_however_many_deliveries_were_refused_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    // As where a delete needed its space.
    store.reserve.release();
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Err(Unavailable::SpoolFull));
    let full = store.full.unwrap();
    store.full = Some(Full { since: full.since.checked_sub(FULL_FOR).unwrap(), ..full });
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Err(Unavailable::SpoolFull));
    store.maintain();
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Ok(()));
    assert_eq!(store.parts.metrics.healthy.get(), 1);
}

#[test]
fn a_disk_that_was_enlarged_is_shown_as_well_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    // With nothing drained, and as often as another is refused.
    store.full = Some(Full { since: Instant::now(), bytes: 0, fits: u64::MAX });
    store.maintain();
    assert_eq!(store.parts.metrics.healthy.get(), 0);
    store.full = store.full.map(|full| Full { fits: 0, ..full });
    store.maintain();
    assert_eq!(store.parts.metrics.healthy.get(), 1);
}

#[test]
fn a_spool_that_its_disk_does_not_hold_counts_what_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    let max_bytes = |store: &Store| store.parts.metrics.max_bytes.get().cast_unsigned();
    assert_eq!(max_bytes(&store(directory.path())), MAX);
    let (directory, most) = (tempfile::tempdir().unwrap(), 1 << 60);
    let mut store = Store::new(parts(directory.path(), most));
    store.maintain();
    assert!((1..most).contains(&max_bytes(&store)), "{}", max_bytes(&store));
    // It takes deliveries as long as it can.
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Ok(()));
}

#[test]
fn large_deliveries_that_do_not_fit_take_no_small_one_with_them() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::new(parts(directory.path(), 8 << 20));
    store.maintain();
    let large = || large_rows(1, 210 << 10).remove(0);
    while put(&mut store, large()).is_ok() {}
    let together = [rows(1), vec![large()], rows(1)].concat();
    assert_eq!(put_together(&mut store, together), [Ok(()), Err(Unavailable::SpoolFull), Ok(())]);
    // A large one that fits is not refused for the sake of one that does not.
    let fits = large_rows(1, 70 << 10).remove(0);
    assert_eq!(put_together(&mut store, vec![large(), fits]), [Err(Unavailable::SpoolFull), Ok(())]);
    assert_eq!(store.parts.metrics.healthy.get(), 1, "it takes small ones still");
    // What is left for them is used up too, in the end.
    let small = large_rows(20, 60 << 10).into_iter();
    let taken = small.take_while(|row| put(&mut store, row.clone()).is_ok()).count();
    assert!((8..20).contains(&taken), "{taken}");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    // A directory where the file should be: nothing can be opened, by root either.
    fs::create_dir(spool_db(directory.path())).unwrap();
    let mut store = store(directory.path());
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Err(Unavailable::SpoolFailing));
    assert_eq!(store.parts.metrics.healthy.get(), 0);
    assert!(
        store.parts.metrics.deliveries.get().is_nan() && store.parts.metrics.retired_files.get().is_nan()
    );
    fs::remove_dir(spool_db(directory.path())).unwrap();
    retry(&mut store);
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Ok(()));
    assert_eq!(store.parts.metrics.healthy.get(), 1);
}

#[test]
fn an_unreachable_file_is_retired_and_service_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(spool_db(directory.path())).unwrap();
    let mut store = store(directory.path());
    for _ in 0..FAILURES {
        retry(&mut store);
    }
    assert_eq!(put(&mut store, sample(TEXT).to_row()), Ok(()));
    assert!(store.parts.metrics.deliveries.get().is_nan(), "what is in the other file is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_thread_is_counted_and_the_next_delivery_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let parts = parts(directory.path(), MAX);
    let writer = super::super::writer::Writer::start(parts.clone(), 1 << 20).unwrap();
    writer.store(&sample(TEXT), None).await.unwrap();
    writer.run::<()>(|_| panic!("as the test wants")).await;
    // What the thread had taken along with the panic is answered 503.
    let mut stored = writer.store(&sample(TEXT), None).await;
    if stored.is_err() {
        stored = writer.store(&sample(TEXT), None).await;
    }
    stored.unwrap();
    assert_eq!((parts.metrics.panics.get(), parts.metrics.healthy.get()), (1, 1));
    assert_eq!(writer.read(10, MAX).await.1.len(), 2);
    writer.close().await;
}

#[test]
fn a_key_is_of_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put(&mut store, sample(TEXT).to_row()).unwrap();
    assert!(change(&mut store, vec![Change::Delete(RowKey { seq: 1, id: "of another".to_owned() })]));
    assert_eq!(store.read(usize::MAX, u64::MAX).len(), 1);
}
