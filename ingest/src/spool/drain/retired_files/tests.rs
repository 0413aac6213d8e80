//! What is done of a retired file is not sent again, whatever happens to its reader.

use super::*;
use crate::delivery::sample;
use crate::spool::database::{Change, Database, Totals};
use prometheus::Registry;

const TEXT: &[u8] = include_bytes!("../../../../../schemas/fixtures/message/text.json");
const ROWS: usize = 40;

/// A file of a spool in which [`ROWS`] deliveries wait, and its totals.
fn filled(path: &Path) -> (Database, Totals) {
    let mut database = Database::open(path, 64 << 20).unwrap();
    let changes: Vec<_> = (0..ROWS).map(|_| Change::Insert(sample(TEXT).to_row())).collect();
    let totals = database.apply(changes.iter(), Totals::default()).unwrap();
    (database, totals)
}

async fn all(retired: &mut RetiredFiles) -> Vec<StoredRow> {
    let mut found = Vec::new();
    while let Next::Rows(path, rows) = retired.next(7, u64::MAX).await {
        retired.completed(&path, &rows);
        found.extend(rows);
    }
    found
}

#[tokio::test]
async fn what_is_done_is_not_sent_again_after_a_panic_or_where_it_could_not_be_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let (mut database, totals) = filled(&path);
    // Sent from the file while it was written, and not deleted.
    let sent = database.waiting(5, u64::MAX).unwrap();
    drop(database);
    let backlog = Backlog::default();
    let mut retired = RetiredFiles::new(backlog.clone(), SpoolMetrics::new(&Registry::new()));
    assert!(!retired.take_over(&path, &sent), "it is not retired yet");
    backlog.add(path.clone(), Some(totals), None);
    assert!(retired.take_over(&path, &sent));
    assert_eq!(backlog.totals().unwrap().waiting, (ROWS - 5) as u64);

    let Next::Rows(_, rows) = retired.next(10, u64::MAX).await else { panic!("it can be read") };
    assert_eq!(rows.first().map(|stored| stored.seq), Some(6));
    retired.completed(&path, &rows);
    let next = rows.last().unwrap().seq + 1;
    // As after a panic: nothing of the reader is left.
    retired.reading = None;
    retired.postpone(&path, Ranges::default(), Duration::ZERO);
    let seqs: Vec<_> = all(&mut retired).await.iter().map(|stored| stored.seq).collect();
    assert_eq!(seqs, (next..=40).collect::<Vec<_>>());
    assert!(!path.exists() && backlog.paths().is_empty() && retired.progress.is_empty());
    assert_eq!(retired.metrics.lost.get(), 0);
}

#[tokio::test]
async fn a_corrupt_delivery_that_was_parked_as_its_file_was_retired_is_lost_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let (mut database, totals) = filled(&path);
    let corrupt = database.waiting(1, u64::MAX).unwrap().remove(0);
    let park = Change::Park(corrupt.key(), ParkReason::Corrupt);
    let totals = database.apply([park].iter(), totals).unwrap();
    drop(database);
    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(totals), None);
    let mut retired = RetiredFiles::new(backlog, SpoolMetrics::new(&Registry::new()));
    retired.lost(&path, &corrupt);
    assert_eq!(all(&mut retired).await.len(), ROWS - 1);
    assert_eq!(retired.metrics.lost.get(), 1);
    let mut files = std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path());
    assert!(files.any(|file| file.extension().is_some_and(|kind| kind == "salvaged")), "it is kept");
}

#[tokio::test]
async fn what_was_counted_and_left_no_trace_is_lost_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let (database, totals) = filled(&path);
    database.close();
    let mut file = std::fs::read(&path).unwrap();
    let (table, index) = (0x0d, 0x0a);
    let rows = |page: &[u8]| page[0] == table && page.windows(19).any(|text| text == b"x-hub-signature-256");
    let mut pages: Vec<_> = file.chunks_mut(4096).collect();
    pages.iter_mut().find(|page| rows(page)).unwrap().fill(0xa5);
    pages.iter_mut().filter(|page| page[0] == index).for_each(|page| page.fill(0xa5));
    std::fs::write(&path, file).unwrap();

    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(totals), None);
    let mut retired = RetiredFiles::new(backlog.clone(), SpoolMetrics::new(&Registry::new()));
    let found = all(&mut retired).await.len();
    assert!(found < ROWS, "a page of rows is gone");
    assert_eq!(retired.metrics.lost.get(), (ROWS - found) as u64);
    assert!(!path.exists() && backlog.paths().is_empty());
}

#[test]
fn what_left_no_trace_is_counted_once_though_its_file_cannot_be_removed_yet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    std::fs::write(&path, "x").unwrap();
    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(Totals { waiting: 7, ..Totals::default() }), None);
    let mut retired = RetiredFiles::new(backlog, SpoolMetrics::new(&Registry::new()));
    for _ in 0..2 {
        let losses = &mut retired.progress.entry(path.clone()).or_default().losses;
        (losses.indexed, losses.may_be_more) = (2, true);
        losses.record_without_trace(retired.backlog.left(&path), &path, &retired.metrics);
    }
    assert_eq!(retired.metrics.lost.get(), 5);
}

#[tokio::test]
async fn a_file_that_is_gone_is_let_go_of() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let (database, totals) = filled(&path);
    drop(database);
    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(totals), None);
    std::fs::remove_file(&path).unwrap();
    let mut retired = RetiredFiles::new(backlog.clone(), SpoolMetrics::new(&Registry::new()));
    let mut tries = 0;
    while !matches!(retired.next(7, u64::MAX).await, Next::None) {
        tries += 1;
        assert!(tries < 30);
    }
    assert!(backlog.paths().is_empty() && retired.progress.is_empty());
    assert_eq!(retired.metrics.lost.get(), ROWS as u64);
    // As by a thread that listed the directory before it was gone.
    backlog.add(path, None, None);
    assert!(backlog.paths().is_empty());
}
