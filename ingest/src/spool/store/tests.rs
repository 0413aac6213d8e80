//! Files that are torn, flipped or no files at all, and disks that fail: nothing invented, nothing altered, nothing left
//! behind, and the spool goes on.

use super::super::database::Key;
use super::super::retired::{Outcome, Retired};
use super::super::row::{Row, sample};
use super::super::writer::Queued;
use super::*;
use prometheus::Registry;
use runtime::process::health::{Health, Probe};
use runtime::process::shutdown::Shutdown;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

const TEXT: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");
const MAX: u64 = 64 << 20;
const ROWS: usize = 40;
/// Bits that are flipped, one at a time.
const FLIPS: usize = 150;

/// Numbers that look random and are the same in every run (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

pub(in crate::spool) fn parts(directory: &Path, max_bytes: u64) -> StoreParts {
    StoreParts {
        settings: SpoolSettings { max_bytes, ..SpoolSettings::of(directory.to_owned()) },
        metrics: SpoolMetrics::new(&Registry::new()),
        stored: Arc::default(),
        backlog: Backlog::default(),
        check: Health::new(Shutdown::new()).check("spool", Probe::Shown),
    }
}

fn store(directory: &Path) -> Store {
    let mut store = Store::new(parts(directory, MAX));
    store.open();
    store
}

/// Stores a row and gives the answer that its delivery would get.
fn put(store: &mut Store, row: Row) -> Result<(), SpoolError> {
    let (done, mut is_done) = oneshot::channel();
    assert!(store.serve(&mut vec![Command::Store { row, queued: Queued::nothing(), done }]).is_continue());
    is_done.try_recv().unwrap_or_else(|_| panic!("every store is answered"))
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
    assert!(store.serve(&mut vec![Command::Change { changes, done }]).is_continue());
    is_done.try_recv().unwrap()
}

fn close(mut store: Store) {
    let (done, _is_done) = oneshot::channel();
    assert!(store.serve(&mut vec![Command::Close { done }]).is_break());
}

/// As a kill leaves it: nothing is tidied up.
fn kill(mut store: Store) {
    let failed = State::Failed { is_over: false, retry_at: Instant::now() };
    if let State::Open(database) = std::mem::replace(&mut store.state, failed) {
        database.abandon();
    }
}

/// Opens it again without waiting.
fn retry(store: &mut Store) {
    if let State::Failed { retry_at, .. } = &mut store.state {
        *retry_at = Instant::now();
    }
    assert!(store.serve(&mut vec![Command::Tend]).is_continue());
}

fn rows(count: usize) -> Vec<Row> {
    (0..count).map(|_| Row::of(&sample(TEXT))).collect()
}

/// Rows with bodies of that many bytes, which go on over pages of their own.
fn large_rows(count: usize, bytes: usize) -> Vec<Row> {
    let body: &'static [u8] = vec![b' '; bytes].leak();
    (0..count).map(|_| Row::of(&sample(body))).collect()
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

/// What came of all files.
#[derive(Debug, Default)]
struct Drained {
    ids: HashSet<String>,
    lost: Vec<String>,
    may_have_lost_more: bool,
}

/// Reads everything as the drain does: retired files first, then the one that is written.
fn drain(store: &mut Store, rows: &[Row], case: &str) -> Drained {
    let mut drained = Drained::default();
    for _ in 0..10 {
        let read = store.read(usize::MAX, u64::MAX);
        if read.is_empty() && matches!(store.state, State::Failed { .. }) {
            retry(store);
            continue;
        }
        drained.take(read, rows, case);
        break;
    }
    for path in store.parts.backlog.paths() {
        drained.take_retired(&path, rows, case);
    }
    drained
}

impl Drained {
    fn take(&mut self, read: Vec<Placed>, rows: &[Row], case: &str) {
        for placed in read {
            let Some(written) = rows.iter().find(|row| row.id == placed.row.id) else {
                assert!(!placed.row.is_intact(), "{case}: invented");
                self.may_have_lost_more = true;
                continue;
            };
            if placed.row.is_intact() {
                assert_eq!(&placed.row, written, "{case}: altered");
                self.ids.insert(placed.row.id);
            } else {
                self.lost.push(placed.row.id);
            }
        }
    }

    fn take_retired(&mut self, path: &Path, rows: &[Row], case: &str) {
        let before = contents(path);
        let mut retired = Retired::of(path.to_owned(), Vec::new());
        loop {
            let read = retired.next(7, u64::MAX).unwrap_or_else(|error| panic!("{case}: {error}"));
            if read.is_empty() {
                break;
            }
            self.take(read, rows, case);
        }
        let Outcome { lost, may_have_lost_more, unread } = retired.outcome(Vec::new());
        assert!(unread.is_empty(), "{case}: {unread:?}");
        self.lost.extend(lost);
        self.may_have_lost_more |= may_have_lost_more;
        assert!(contents(path) == before, "{case}: a retired file was written");
    }
}

/// The database and its log; an empty log is as good as none.
fn contents(path: &Path) -> [Vec<u8>; 2] {
    ["", "-wal"].map(|suffix| fs::read(files::with_suffix(path, suffix)).unwrap_or_default())
}

/// Opens a damaged file: what it gives back is checked, and that it takes deliveries again.
fn recovered(file: &[u8], rows: &[Row], case: &str) -> Drained {
    let directory = tempfile::tempdir().unwrap();
    fs::write(spool_db(directory.path()), file).unwrap();
    let mut store = store(directory.path());
    let drained = drain(&mut store, rows, case);
    let new = Row::of(&sample(TEXT));
    if put(&mut store, new.clone()).is_err() {
        retry(&mut store);
        assert_eq!(put(&mut store, new), Ok(()), "{case}: takes no more");
    }
    drained
}

#[test]
fn every_page_that_is_overwritten_costs_only_what_lies_on_it_and_that_is_named() {
    let rows: Vec<_> = rows(40).into_iter().chain(large_rows(8, 10_000)).collect();
    let file = closed_spool(&rows);
    assert_eq!(recovered(&file, &rows, "whole").ids.len(), rows.len());
    for page in 0..file.len() / 4096 {
        let filling = if page % 2 == 0 { 0x00 } else { 0xa5 };
        {
            let mut damaged = file.clone();
            let lies_there = |row: &&Row| {
                let id = row.id.as_bytes();
                let page = &file[page * 4096..(page + 1) * 4096];
                page.windows(id.len()).any(|window| window == id)
            };
            let named = rows.iter().filter(lies_there).count();
            damaged[page * 4096..(page + 1) * 4096].fill(filling);
            let case = format!("page {page} of {filling:#x}");
            let drained = recovered(&damaged, &rows, &case);
            let lost = rows.len() - drained.ids.len();
            assert!(lost <= named.max(1), "{case}: {lost} lost, {named} lay there");
            // Which they are is said, unless what names them is on the page.
            assert!(lost == drained.lost.len() || drained.may_have_lost_more, "{case}: {lost}, {drained:?}");
        }
    }
}

#[test]
fn flipped_bits_invent_nothing_alter_nothing_and_cost_no_more_than_their_row() {
    let rows = rows(ROWS);
    let file = closed_spool(&rows);
    let (mut numbers, mut missing) = (Numbers(7), 0);
    for case in 0..FLIPS {
        let mut damaged = file.clone();
        let bit = numbers.below(damaged.len() * 8);
        damaged[bit / 8] ^= 1 << (bit % 8);
        let back = recovered(&damaged, &rows, &format!("case {case}, bit {bit}")).ids.len();
        assert!(back + 4 >= ROWS, "case {case}, bit {bit}: {back}");
        missing += ROWS - back;
    }
    assert!(missing < FLIPS, "{missing}");
}

#[test]
fn a_file_cut_anywhere_gives_what_is_left_of_it_and_the_spool_goes_on() {
    let rows = rows(ROWS);
    let file = closed_spool(&rows);
    let mut numbers = Numbers(11);
    for case in 0..60 {
        let length = numbers.below(file.len());
        let back = recovered(&file[..length], &rows, &format!("case {case}, {length} bytes")).ids.len();
        // The table and its two indexes share the file.
        assert!(back + 8 >= (length / 4096).saturating_sub(8), "{back} of {length} bytes");
    }
    recovered(&vec![0xff; file.len()], &rows, "all ones");
    recovered(b"no database", &rows, "text");
}

#[test]
fn a_log_cut_anywhere_gives_back_every_transaction_that_ended_before_the_cut() {
    let rows = rows(ROWS);
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    let database = spool_db(directory.path());
    let log = database.with_extension("db-wal");
    let mut ends = Vec::new();
    for row in &rows {
        put(&mut store, row.clone()).unwrap();
        ends.push(fs::metadata(&log).unwrap().len());
    }
    // As after a kill: the files as they are, with nobody to tidy up.
    let (file, log) = (fs::read(&database).unwrap(), fs::read(&log).unwrap());
    let mut numbers = Numbers(13);
    for case in 0..60 {
        let cut = numbers.below(log.len());
        let torn = tempfile::tempdir().unwrap();
        let copy = spool_db(torn.path());
        fs::write(&copy, &file).unwrap();
        fs::write(copy.with_extension("db-wal"), &log[..cut]).unwrap();
        let mut store = self::store(torn.path());
        let back = drain(&mut store, &rows, &format!("case {case}")).ids;
        let ended = ends.iter().filter(|end| **end <= cut as u64).count();
        assert!(
            rows[..ended].iter().all(|row| back.contains(&row.id)),
            "case {case}: {} of {ended}",
            back.len()
        );
        assert_eq!(put(&mut store, Row::of(&sample(TEXT))), Ok(()));
    }
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
    assert_eq!((metrics.quarantined.get(), metrics.healthy.get()), (1, 1));
    assert!(metrics.deliveries.get().is_nan(), "not known, so not 0: {}", metrics.deliveries.get());
    assert!(spool_db(directory.path()).exists() && directory.path().join("spool-1.db").exists());
}

#[test]
fn a_file_whose_fsync_failed_is_retired_once_with_its_log_and_gives_everything_back() {
    let rows = rows(ROWS);
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put_all(&mut store, &rows[..30]);
    store.fail(&StoreError::Unsynced("disk I/O error".to_owned()));
    assert_eq!(put(&mut store, rows[30].clone()), Err(SpoolError::Failing));
    store.show();
    assert_eq!((store.parts.metrics.healthy.get(), waiting(&store).as_str()), (0, "30"));
    retry(&mut store);
    put_all(&mut store, &rows[30..]);
    assert_eq!(waiting(&store), "40");
    assert_eq!(drain(&mut store, &rows, "fsync").ids.len(), ROWS);
    // A kill while it is drained, and another start: nothing is retired anew.
    kill(store);
    let mut store = self::store(directory.path());
    assert_eq!(store.parts.metrics.quarantined.get(), 0);
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
        store.fail(&StoreError::Transient("disk I/O error".to_owned()));
        assert!(!store.is_over());
    }
    retry(&mut store);
    assert_eq!(store.parts.metrics.quarantined.get(), 0);
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
    kill(store);
    fs::write(spool_db(directory.path()), "").unwrap();
    let mut store = self::store(directory.path());
    assert_eq!(drain(&mut store, &rows, "no file").ids.len(), ROWS);
}

#[test]
fn rows_that_damage_hides_are_found() {
    let rows = rows(ROWS);
    let directory = tempfile::tempdir().unwrap();
    let mut file = closed_spool(&rows);
    // A leaf of the table that says it has one row: SQLite reads it without a word.
    let leaf =
        (1..file.len() / 4096).find(|page| file[page * 4096] == 0x0d && file[page * 4096 + 4] > 2).unwrap();
    file[leaf * 4096 + 4] = 1;
    fs::write(spool_db(directory.path()), file).unwrap();
    let mut store = store(directory.path());
    assert_eq!(drain(&mut store, &rows, "hidden").ids.len(), ROWS);
}

#[test]
fn a_full_disk_lets_deliveries_go_and_takes_others_once_there_is_space() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::new(parts(directory.path(), 200_000));
    store.open();
    let mut kept = Vec::new();
    while let Some(row) = rows(1).pop()
        && put(&mut store, row.clone()).is_ok()
    {
        kept.push(row);
    }
    assert_eq!(store.parts.metrics.healthy.get(), 0);
    let read = store.read(usize::MAX, u64::MAX);
    assert_eq!(read.len(), kept.len());
    assert!(change(&mut store, read.iter().map(|placed| Change::Delete(placed.key())).collect()));
    assert!(store.serve(&mut vec![Command::Tend]).is_continue());
    assert_eq!(put(&mut store, Row::of(&sample(TEXT))), Ok(()));
}

#[test]
fn a_directory_that_cannot_be_written_is_answered_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    // A directory where the file should be: nothing can be opened, by root either.
    fs::create_dir(spool_db(directory.path())).unwrap();
    let mut store = store(directory.path());
    assert_eq!(put(&mut store, Row::of(&sample(TEXT))), Err(SpoolError::Failing));
    assert_eq!(store.parts.metrics.healthy.get(), 0);
    assert!(store.parts.metrics.deliveries.get().is_nan());
    fs::remove_dir(spool_db(directory.path())).unwrap();
    retry(&mut store);
    assert_eq!(put(&mut store, Row::of(&sample(TEXT))), Ok(()));
    assert_eq!(store.parts.metrics.healthy.get(), 1);
}

#[test]
fn a_file_that_stays_out_of_reach_is_retired_and_service_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(spool_db(directory.path())).unwrap();
    let mut store = store(directory.path());
    for _ in 0..FAILURES {
        retry(&mut store);
    }
    assert_eq!(put(&mut store, Row::of(&sample(TEXT))), Ok(()));
    assert!(store.parts.metrics.deliveries.get().is_nan(), "what is in the other file is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_thread_is_counted_and_the_next_delivery_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let parts = parts(directory.path(), MAX);
    let writer = super::super::writer::Writer::start(parts.clone()).unwrap();
    writer.store(&sample(TEXT)).await.unwrap();
    writer.panic().await;
    // What the thread had taken along with the panic is answered 503.
    let mut stored = writer.store(&sample(TEXT)).await;
    if stored.is_err() {
        stored = writer.store(&sample(TEXT)).await;
    }
    stored.unwrap();
    assert_eq!((parts.metrics.panics.get(), parts.metrics.healthy.get()), (1, 1));
    assert_eq!(writer.read(10, MAX).await.len(), 2);
    writer.close().await;
}

#[test]
fn a_key_is_of_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    put(&mut store, Row::of(&sample(TEXT))).unwrap();
    assert!(change(&mut store, vec![Change::Delete(Key { seq: 1, id: "of another".to_owned() })]));
    assert_eq!(store.read(usize::MAX, u64::MAX).len(), 1);
}
