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

/// Makes a page of rows unreadable, and the index of their ids.
fn without_trace(path: &Path) {
    let mut file = std::fs::read(path).unwrap();
    let (table, index) = (0x0d, 0x0a);
    let rows = |page: &[u8]| page[0] == table && page.windows(19).any(|text| text == b"x-hub-signature-256");
    let mut pages: Vec<_> = file.chunks_mut(4096).collect();
    pages.iter_mut().find(|page| rows(page)).unwrap().fill(0xa5);
    pages.iter_mut().filter(|page| page[0] == index).for_each(|page| page.fill(0xa5));
    std::fs::write(path, file).unwrap();
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
    retired.postpone(&path, Duration::ZERO);
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
    without_trace(&path);
    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(totals), None);
    let mut retired = RetiredFiles::new(backlog.clone(), SpoolMetrics::new(&Registry::new()));
    let found = all(&mut retired).await.len();
    assert!(found < ROWS, "a page of rows is gone");
    assert_eq!(retired.metrics.lost.get(), (ROWS - found) as u64);
    assert!(!path.exists() && backlog.paths().is_empty());
}

#[tokio::test]
async fn what_is_lost_is_counted_once_though_what_is_left_of_its_file_is_read_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let (database, totals) = filled(&path);
    database.close();
    let mut file = std::fs::read(&path).unwrap();
    let rows = |page: &[u8]| page[0] == 0x0d && page.windows(19).any(|text| text == b"x-hub-signature-256");
    file.chunks_mut(4096).find(|page| rows(page)).unwrap().fill(0xa5);
    std::fs::write(&path, file).unwrap();
    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(totals), None);
    let mut retired = RetiredFiles::new(backlog, SpoolMetrics::new(&Registry::new()));
    let Next::Rows(_, first) = retired.next(1, u64::MAX).await else { panic!("it can be read") };
    retired.postpone_row(&first[0]);
    let found = 1 + all(&mut retired).await.len();
    let lost = (ROWS - found) as u64;
    assert!(lost > 0 && retired.metrics.lost.get() == lost);
    // As after a panic of the drain over what was postponed.
    for _ in 0..2 {
        assert!(retired.reading.is_none() && path.exists());
        retired.progress.get_mut(&path).unwrap().due = None;
        assert!(matches!(retired.next(7, u64::MAX).await, Next::Rows(_, rows) if rows == first));
        retired.discard_reading();
    }
    assert_eq!(all(&mut retired).await, first);
    assert_eq!((retired.metrics.lost.get(), path.exists()), (lost, false));
}

#[tokio::test]
async fn what_left_no_trace_is_counted_once_though_its_file_cannot_be_removed_yet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("quarantined-1763755200000.db");
    let (database, totals) = filled(&path);
    database.close();
    without_trace(&path);
    // A directory where it would be kept.
    let kept = path.with_extension("salvaged");
    std::fs::create_dir(&kept).unwrap();
    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(totals), None);
    let mut retired = RetiredFiles::new(backlog, SpoolMetrics::new(&Registry::new()));
    let lost = (ROWS - all(&mut retired).await.len()) as u64;
    for _ in 0..2 {
        assert!(lost > 0 && retired.metrics.lost.get() == lost && path.exists());
        retired.progress.get_mut(&path).unwrap().due = None;
        assert!(all(&mut retired).await.is_empty());
    }
    std::fs::remove_dir(&kept).unwrap();
    retired.progress.get_mut(&path).unwrap().due = None;
    assert!(all(&mut retired).await.is_empty());
    assert_eq!((retired.metrics.lost.get(), kept.is_file(), path.exists()), (lost, true, false));
}

#[tokio::test]
async fn a_file_of_which_only_a_part_could_be_removed_is_removed_later() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let (database, totals) = filled(&path);
    database.close();
    // No file, so that it cannot be removed as one; it goes last.
    let mark = files::with_suffix(&path, files::MARK);
    std::fs::remove_file(&mark).unwrap();
    std::fs::create_dir(&mark).unwrap();
    let backlog = Backlog::default();
    backlog.add(path.clone(), Some(totals), None);
    let mut retired = RetiredFiles::new(backlog.clone(), SpoolMetrics::new(&Registry::new()));
    assert_eq!(all(&mut retired).await.len(), ROWS);
    assert!(!path.exists() && mark.exists() && backlog.contains(&path));
    std::fs::remove_dir(&mark).unwrap();
    std::fs::write(&mark, "").unwrap();
    retired.progress.get_mut(&path).unwrap().due = None;
    assert!(matches!(retired.next(7, u64::MAX).await, Next::None));
    assert!(!mark.exists() && !backlog.contains(&path));
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
