//! What is done of a retired file is not sent again, whatever happens to its reader.

use super::*;
use crate::delivery::sample;
use crate::spool::database::{Change, Database, Totals};
use prometheus::Registry;

const TEXT: &[u8] = include_bytes!("../../../../../schemas/fixtures/message/text.json");
const ROWS: usize = 40;

async fn all(retired: &mut RetiredFiles) -> Vec<StoredRow> {
    let mut found = Vec::new();
    while let Next::Rows(rows) = retired.next(7, u64::MAX).await {
        retired.completed(&rows);
        found.extend(rows);
    }
    found
}

#[tokio::test]
async fn what_is_done_is_not_sent_again_after_a_panic_or_where_it_could_not_be_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let mut database = Database::open(&path, 64 << 20).unwrap();
    let changes: Vec<_> = (0..ROWS).map(|_| Change::Insert(sample(TEXT).to_row())).collect();
    let totals = database.apply(changes.iter(), Totals::default()).unwrap();
    // Sent from the file while it was written, and not deleted.
    let sent = database.waiting(5, u64::MAX).unwrap();
    drop(database);
    let backlog = Backlog::default();
    let mut retired = RetiredFiles::new(backlog.clone(), SpoolMetrics::new(&Registry::new()));
    assert!(!retired.take_over(&path, &sent), "it is not retired yet");
    backlog.add(path.clone(), Some(totals), None);
    assert!(retired.take_over(&path, &sent));
    assert_eq!(backlog.totals().unwrap().waiting, (ROWS - 5) as u64);

    let Next::Rows(rows) = retired.next(10, u64::MAX).await else { panic!("it can be read") };
    assert_eq!(rows.first().map(|stored| stored.seq), Some(6));
    retired.completed(&rows);
    let next = rows.last().unwrap().seq + 1;
    // As after a panic: nothing of the reader is left.
    retired.reading = None;
    retired.postpone(path.clone(), Ranges::default(), Duration::ZERO);
    let seqs: Vec<_> = all(&mut retired).await.iter().map(|stored| stored.seq).collect();
    assert_eq!(seqs, (next..=40).collect::<Vec<_>>());
    assert!(!path.exists() && backlog.paths().is_empty() && retired.progress.is_empty());
    assert_eq!(retired.metrics.lost.get(), 0);
}

#[tokio::test]
async fn a_file_that_is_gone_is_let_go_of() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool.db");
    let mut database = Database::open(&path, 64 << 20).unwrap();
    let changes: Vec<_> = (0..ROWS).map(|_| Change::Insert(sample(TEXT).to_row())).collect();
    let totals = database.apply(changes.iter(), Totals::default()).unwrap();
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
