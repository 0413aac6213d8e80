//! What is taken of `--spool-max-bytes`: what the gauge shows is what deliveries are refused by.

use super::super::space::IDLE;
use super::*;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of bytes")]
fn shown(store: &mut Store) -> u64 {
    store.update_gauges();
    store.parts.metrics.bytes.get() as u64
}

#[test]
fn rows_that_leave_their_pages_half_empty_leave_small_ones_their_part_too() {
    let directory = tempfile::tempdir().unwrap();
    let most = 8 << 20;
    let mut store = Store::new(parts(directory.path(), most));
    store.maintain();
    let mut rows = large_rows(4000, 2200).into_iter();
    while store.current_bytes() < most / 16 * 15 {
        assert_eq!(put(&mut store, rows.next().unwrap()), Ok(()), "at {} bytes", store.current_bytes());
    }
    assert_eq!(put(&mut store, large_rows(1, 70 << 10).remove(0)), Err(Unavailable::SpoolFull));
    assert_eq!(store.parts.metrics.healthy.get(), 1, "it takes small ones still");
    let taken = rows.take_while(|row| put(&mut store, row.clone()).is_ok()).count();
    assert!(taken > 100, "{taken}");
    let full = shown(&mut store);
    assert!((most / 100 * 97..=most).contains(&full), "it is full, and shown as {full}");
    // What it takes is known although its pages cannot be counted.
    store.fail(&StoreError::Transient("disk I/O error".to_owned()), Operation::Write);
    assert_eq!(shown(&mut store), full);
}

#[test]
fn a_retired_file_takes_what_it_has_on_the_disk_until_it_is_drained() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    assert_eq!(shown(&mut store), 0);
    put_all(&mut store, &rows(ROWS));
    store.fail(&StoreError::Unsynced("disk I/O error".to_owned()), Operation::Write);
    retry(&mut store);
    let file = spool_db(directory.path());
    let retired = files::total_size(&file).unwrap();
    assert_eq!(shown(&mut store), retired);
    let row = rows(1).remove(0);
    let cost = row.cost();
    put(&mut store, row).unwrap();
    assert!(shown(&mut store) >= retired + cost);
    let waiting = store.read(1, u64::MAX).remove(0).key();
    assert!(change(&mut store, vec![Change::Delete(waiting)]));
    store.parts.backlog.remove(&file);
    assert_eq!(shown(&mut store), 0);
}

#[test]
fn a_file_that_becomes_empty_gives_its_space_back_a_little_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put_together(&mut store, large_rows(100, 100_000)).into_iter().for_each(Result::unwrap);
    let stored = store.read(usize::MAX, u64::MAX);
    let size = || files::total_size(&spool_db(directory.path())).unwrap();
    let full = size();
    assert!(change(&mut store, stored.iter().map(|stored| Change::Delete(stored.key())).collect()));
    assert!(size() >= full, "not while whoever deletes waits for it");
    let mut steps = 0;
    while size() > 200_000 {
        steps += 1;
        assert!(steps < 100, "{} bytes of {full} are left", size());
        store.maintain();
        assert!(steps >= IDLE || size() >= full, "it may be needed again at once");
    }
    put_all(&mut store, &rows(ROWS));
    assert_eq!(store.read(usize::MAX, u64::MAX).len(), ROWS);
}

#[test]
fn what_cannot_be_seen_of_a_retired_file_is_unknown_and_not_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    let (backlog, metrics) = (store.parts.backlog.clone(), store.parts.metrics.clone());
    put_all(&mut store, &rows(1));
    assert!(metrics.oldest_seconds.get() < 60.0);
    // Below a file: what is there cannot be told.
    let unseen = spool_db(directory.path()).join("spool.db");
    backlog.add(unseen.clone(), Some(Totals { waiting: 3, parked: 0, bytes: 3_000 }), None);
    store.update_gauges();
    assert_eq!(waiting(&store), "4");
    assert!(metrics.oldest_seconds.get().is_nan(), "{}", metrics.oldest_seconds.get());
    assert!(metrics.bytes.get().is_nan(), "{}", metrics.bytes.get());
    assert_eq!(backlog.uncounted(), std::slice::from_ref(&unseen), "it is asked again");
    // What is done of it meanwhile stays done.
    backlog.completed(&unseen, 1_000, true);
    backlog.count(&unseen, Totals { waiting: 3, parked: 0, bytes: 3_000 }, Some(0));
    store.update_gauges();
    assert_eq!((waiting(&store).as_str(), backlog.uncounted()), ("3", Vec::new()));
    assert!(metrics.oldest_seconds.get() > 1e9);
}
