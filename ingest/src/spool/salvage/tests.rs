//! A file of which a read fails now is read again later, and is not taken for one that was read to its end; and how
//! much memory a file of many rows takes.

use super::*;
use crate::delivery::sample;
use crate::spool::database::{Change, Database};
use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tracing_subscriber::layer::SubscriberExt as _;

const TEXT: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");
const ROWS: usize = 40;

/// A file with a page of rows overwritten.
fn damaged() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let mut database = Database::open(&path, 64 << 20).unwrap();
    let changes: Vec<_> = (0..ROWS).map(|_| Change::Insert(sample(TEXT).to_row())).collect();
    database.apply(changes.iter(), Totals::default()).unwrap();
    database.close();
    let mut file = fs::read(&path).unwrap();
    let id = |row: &[u8]| row.windows(19).any(|text| text == b"x-hub-signature-256");
    let page = file.chunks(4096).position(|page| page[0] == 0x0d && id(page)).unwrap();
    file[page * 4096..(page + 1) * 4096].fill(0xa5);
    fs::write(&path, file).unwrap();
    (directory, path)
}

fn read_to_its_end(retired: &mut Salvage) -> usize {
    let mut count = 0;
    loop {
        match retired.next(usize::MAX, u64::MAX).unwrap().len() {
            0 => return count,
            more => count += more,
        }
    }
}

/// What is logged, by all who have it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        runtime::mutex::lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The line that tells of rows that cannot be read, once all were tried.
fn said_of_rows(retired: &mut Salvage) -> String {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
        while let Some(range) = retired.next_range() {
            retired.read_range(range, usize::MAX, u64::MAX).unwrap();
        }
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    log.lines().find(|line| line.contains("cannot read rows of a retired file")).unwrap().to_owned()
}

#[test]
fn rows_that_the_disk_does_not_give_are_not_called_damaged() {
    let (_directory, path) = damaged();
    assert!(!said_of_rows(&mut Salvage::of(path.clone(), Ranges::all())).contains("the disk"));
    let mut retired = Salvage::of(path.clone(), Ranges::all());
    let connection = connected(&mut retired.connection, &retired.path).unwrap();
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, database::VERSION, "SQLite has opened it");
    // Whoever opens it besides gets no byte.
    fs::rename(&path, path.with_extension("away")).unwrap();
    fs::create_dir(&path).unwrap();
    let said = said_of_rows(&mut retired);
    assert!(said.contains("and reading it fails"), "{said}");
}

#[test]
fn an_index_that_cannot_be_read_now_loses_nothing_yet() {
    let (_directory, path) = damaged();
    let away = path.with_extension("away");
    let mut retired = Salvage::of(path.clone(), Ranges::all());
    let found = read_to_its_end(&mut retired);
    assert!(found < ROWS, "the page has rows");
    retired.connection = None;
    fs::rename(&path, &away).unwrap();
    let later = retired.outcome(&SeqSet::default(), false);
    assert_eq!((later.lost, later.may_have_lost_more), (0, false));
    assert!(!later.left.is_empty());

    fs::rename(&away, &path).unwrap();
    let mut again = Salvage::of(path, later.left);
    assert_eq!(read_to_its_end(&mut again), 0);
    let outcome = again.outcome(&SeqSet::default(), false);
    assert_eq!((outcome.lost, outcome.left.is_empty()), ((ROWS - found) as u64, true));
    assert_eq!(outcome.lost_ids.len(), ROWS - found);
}

#[test]
fn an_index_that_stays_unreadable_ends_the_wait() {
    let (_directory, path) = damaged();
    let mut retired = Salvage::of(path.clone(), Ranges::all());
    read_to_its_end(&mut retired);
    retired.connection = None;
    fs::rename(&path, path.with_extension("away")).unwrap();
    let outcome = retired.outcome(&SeqSet::default(), true);
    assert_eq!((outcome.left.is_empty(), outcome.may_have_lost_more), (true, true));
}

#[test]
fn a_file_that_cannot_be_compared_now_is_asked_again() {
    let (_directory, path) = damaged();
    let away = path.with_extension("away");
    let mut retired = Salvage::of(path.clone(), Ranges::all());
    while let Some(range) = retired.next_range() {
        retired.read_range(range, usize::MAX, u64::MAX).unwrap();
    }
    retired.connection = None;
    fs::rename(&path, &away).unwrap();
    for _ in 1..ATTEMPTS {
        retired.next(usize::MAX, u64::MAX).unwrap_err();
    }
    fs::rename(&away, &path).unwrap();
    read_to_its_end(&mut retired);
    assert!(retired.outcome(&SeqSet::default(), false).lost > 0);
}

#[test]
fn where_the_disk_never_gave_the_index_all_is_asked_again_later() {
    let (_directory, path) = damaged();
    let mut retired = Salvage::of(path.clone(), Ranges::all());
    while let Some(range) = retired.next_range() {
        retired.read_range(range, usize::MAX, u64::MAX).unwrap();
    }
    // Nothing else is missing, so that the index alone could tell of a hidden row.
    retired.found.missing.gaps = Ranges::default();
    retired.connection = None;
    fs::rename(&path, path.with_extension("away")).unwrap();
    while retired.found.index == IndexRead::Not {
        drop(retired.next(usize::MAX, u64::MAX));
    }
    let outcome = retired.outcome(&SeqSet::default(), false);
    assert!(outcome.left.contains(1) && !outcome.may_have_lost_more, "{outcome:?}");
}

#[test]
fn with_a_damaged_index_it_is_not_known_whether_more_is_lost() {
    let (_directory, path) = damaged();
    let mut file = fs::read(&path).unwrap();
    for page in file.chunks_mut(4096).filter(|page| page[0] == 0x0a) {
        page.fill(0xa5);
    }
    fs::write(&path, file).unwrap();
    let mut retired = Salvage::of(path, Ranges::all());
    read_to_its_end(&mut retired);
    assert_eq!(retired.found.index, IndexRead::Damaged);
    retired.found.missing = Missing::default();
    assert!(retired.outcome(&SeqSet::default(), false).may_have_lost_more);
}

/// A file of many small rows whose digests are not right, after some were drained out of their order.
fn of_many(rows: u32) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    Database::open(&path, 1 << 30).unwrap().close();
    let connection = database::connect(&path, None).unwrap();
    let many = format!(
        "PRAGMA synchronous = OFF;
         WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {rows})
         INSERT INTO deliveries SELECT number, printf('%08d-0000-7000-8000-000000000000', number), 0, 'a', '{{}}', 600,
           zeroblob(16), NULL, zeroblob(20) FROM numbers;
         DELETE FROM deliveries WHERE seq % 3 = 0;"
    );
    connection.execute_batch(&many).unwrap();
    (directory, path)
}

/// Bytes that are kept of the rows which were read.
fn kept(retired: &Salvage) -> usize {
    let Missing { seen, hidden, .. } = &retired.found.missing;
    let scan = if let Phase::Pages(scan) = &retired.phase { scan.bytes() } else { 0 };
    seen.bytes() + hidden.bytes() + scan
}

#[test]
fn many_rows_take_less_than_a_byte_of_memory_each() {
    const MANY: u32 = 150_000;
    let (_directory, path) = of_many(MANY);
    let mut retired = Salvage::of(path, Ranges::all());
    let (mut count, mut most) = (0, 0);
    loop {
        let found = retired.next(256, 4 << 20).unwrap().len();
        (count, most) = (count + found, most.max(kept(&retired)));
        if found == 0 {
            break;
        }
    }
    assert_eq!(count, MANY as usize / 3 * 2);
    assert!(most < MANY as usize, "{most} bytes");
    assert_eq!(retired.outcome(&SeqSet::default(), false), SalvageReport::default());
}

#[test]
fn many_rows_that_are_lost_are_counted_and_the_first_are_named() {
    const MANY: u32 = 30_000;
    let (_directory, path) = of_many(MANY);
    let mut retired = Salvage::of(path, Ranges::all());
    // As where the root of the table is gone, and the index is not; no row has the digest that the pages are looked for by.
    retired.phase = Phase::Index;
    read_to_its_end(&mut retired);
    assert!(kept(&retired) < MANY as usize / 4 + 2 * scan::WINDOW * 16, "{} bytes", kept(&retired));
    let outcome = retired.outcome(&SeqSet::default(), false);
    assert_eq!((outcome.lost, outcome.lost_ids.len()), (u64::from(MANY) / 3 * 2, NAMED));
    assert!(outcome.left.is_empty());
}

#[test]
fn pages_are_gone_through_a_window_at_a_time_and_every_row_is_found_once_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let mut database = Database::open(&path, 64 << 20).unwrap();
    let changes: Vec<_> = (0..500).map(|_| Change::Insert(sample(TEXT).to_row())).collect();
    database.apply(changes.iter(), Totals::default()).unwrap();
    // In the file and in its log; copies of both are found.
    drop(database);
    for window in [1, 7, 100, 10_000] {
        let mut missing = Missing { gaps: std::iter::once(0..=i64::MAX).collect(), ..Missing::default() };
        let mut scan = Scan::of(&path).unwrap();
        scan.window = window;
        let mut seqs = Vec::new();
        loop {
            let found = scan.next(&mut missing, 11, u64::MAX);
            assert!(
                scan.bytes() < 500 + 30 * window.max(100) * 16 + 4096 * 8,
                "{} of {window}",
                scan.bytes()
            );
            if found.is_empty() {
                break;
            }
            seqs.extend(found.into_iter().map(|stored| stored.seq));
        }
        assert_eq!(seqs, (1..=500).collect::<Vec<_>>(), "window {window}");
    }
}
