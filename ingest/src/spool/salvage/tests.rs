//! A file that the disk does not give now is read again later, and is not taken for one that was read to its end.

use super::*;
use crate::delivery::sample;
use crate::spool::database::{Change, Database};
use std::fs;
use tempfile::TempDir;

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

#[test]
fn an_index_that_cannot_be_read_now_loses_nothing_yet() {
    let (_directory, path) = damaged();
    let away = path.with_extension("away");
    let mut retired = Salvage::of(path.clone(), Vec::new());
    let found = read_to_its_end(&mut retired);
    assert!(found < ROWS, "the page has rows");
    retired.connection = None;
    fs::rename(&path, &away).unwrap();
    let later = retired.outcome(Vec::new(), false);
    assert_eq!((later.lost.len(), later.may_have_lost_more), (0, false));
    assert!(!later.unread.is_empty());

    fs::rename(&away, &path).unwrap();
    let mut again = Salvage::of(path, later.unread);
    assert_eq!(read_to_its_end(&mut again), 0);
    let outcome = again.outcome(Vec::new(), false);
    assert_eq!((outcome.lost.len(), outcome.unread.len()), (ROWS - found, 0));
}

#[test]
fn an_index_that_stays_unreadable_ends_the_wait() {
    let (_directory, path) = damaged();
    let mut retired = Salvage::of(path.clone(), Vec::new());
    read_to_its_end(&mut retired);
    retired.connection = None;
    fs::rename(&path, path.with_extension("away")).unwrap();
    let outcome = retired.outcome(Vec::new(), true);
    assert_eq!((outcome.unread.len(), outcome.may_have_lost_more), (0, true));
}

#[test]
fn a_file_that_cannot_be_compared_now_is_asked_again() {
    let (_directory, path) = damaged();
    let away = path.with_extension("away");
    let mut retired = Salvage::of(path.clone(), Vec::new());
    while let Some(range) = retired.todo.front().cloned() {
        retired.read_range(range, usize::MAX, u64::MAX).unwrap();
    }
    retired.connection = None;
    fs::rename(&path, &away).unwrap();
    for _ in 1..ATTEMPTS {
        retired.next(usize::MAX, u64::MAX).unwrap_err();
    }
    fs::rename(&away, &path).unwrap();
    read_to_its_end(&mut retired);
    assert!(!retired.outcome(Vec::new(), false).lost.is_empty());
}
