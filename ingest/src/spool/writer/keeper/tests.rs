//! Files that are torn, flipped or no files at all: nothing invented, nothing altered, and the spool goes on.

use super::super::super::row::{Row, sample};
use super::super::Queued;
use super::*;
use prometheus::Registry;
use std::collections::HashSet;
use std::fs;

const TEXT: &[u8] = include_bytes!("../../../../../schemas/fixtures/message/text.json");
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

fn keeper(directory: &Path) -> Keeper {
    let settings = SpoolSettings { max_bytes: MAX, ..SpoolSettings::of(directory.to_owned()) };
    let mut keeper = Keeper::new(settings, SpoolMetrics::new(&Registry::new()), Arc::default());
    keeper.open();
    keeper
}

/// Stores a row and gives the answer that its delivery would get.
fn store(keeper: &mut Keeper, row: Row) -> Result<(), SpoolError> {
    let (done, mut is_done) = oneshot::channel();
    let queued = Queued { bytes: 0, total: Arc::default() };
    assert!(keeper.serve(&mut vec![Command::Store { row, queued, done }]).is_continue());
    is_done.try_recv().unwrap_or_else(|_| panic!("every store is answered"))
}

fn close(mut keeper: Keeper) {
    let (done, _is_done) = oneshot::channel();
    assert!(keeper.serve(&mut vec![Command::Close { done }]).is_break());
}

fn rows() -> Vec<Row> {
    (0..ROWS).map(|_| Row::of(&sample(TEXT))).collect()
}

/// A spool that was closed in order, as one file.
fn closed_spool(rows: &[Row]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let mut keeper = keeper(directory.path());
    for row in rows {
        store(&mut keeper, row.clone()).unwrap();
    }
    close(keeper);
    fs::read(files::database(directory.path())).unwrap()
}

/// Opens a damaged file: what it gives back is checked, and that it takes deliveries again. Says how many came back.
fn recovered(file: &[u8], rows: &[Row], case: &str) -> usize {
    let directory = tempfile::tempdir().unwrap();
    fs::write(files::database(directory.path()), file).unwrap();
    let mut keeper = keeper(directory.path());
    let new = Row::of(&sample(TEXT));
    // Damage is met when the file is opened, read or written; then it is put aside, and a new one begun.
    let mut back = keeper.read(usize::MAX, u64::MAX);
    if store(&mut keeper, new.clone()).is_err() {
        assert!(matches!(keeper.state, State::Broken { is_damaged: true, .. }), "{case}: {:?}", keeper.state);
        keeper.open();
        back = keeper.read(usize::MAX, u64::MAX);
        assert_eq!(store(&mut keeper, new), Ok(()), "{case}: takes no more");
    }
    let written: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut intact = HashSet::new();
    for row in back {
        let id = row.id.clone();
        // One with a wrong digest is set aside, and never published.
        if let Some(delivery) = row.into_delivery() {
            assert!(written.contains(id.as_str()), "{case}: invented");
            assert_eq!(delivery.body.bytes(), TEXT, "{case}: altered");
            intact.insert(id);
        }
    }
    intact.len()
}

#[test]
fn flipped_bits_invent_nothing_alter_nothing_and_cost_no_more_than_their_page() {
    let rows = rows();
    let file = closed_spool(&rows);
    assert_eq!(recovered(&file, &rows, "whole"), ROWS);
    let (mut numbers, mut kept) = (Numbers(7), 0);
    for case in 0..FLIPS {
        let mut damaged = file.clone();
        // The first page says what the file is; without it there is nothing to read.
        let bit = 4096 * 8 + numbers.below((damaged.len() - 4096) * 8);
        damaged[bit / 8] ^= 1 << (bit % 8);
        let back = recovered(&damaged, &rows, &format!("case {case}, bit {bit}"));
        kept += back;
    }
    // Most flips meet a body or free space; one in a page of the tree costs what is below it.
    assert!(kept > FLIPS * ROWS * 8 / 10, "{kept} of {}", FLIPS * ROWS);
}

#[test]
fn a_file_cut_anywhere_is_put_aside_and_the_spool_goes_on() {
    let rows = rows();
    let file = closed_spool(&rows);
    let mut numbers = Numbers(11);
    for case in 0..60 {
        let length = numbers.below(file.len());
        recovered(&file[..length], &rows, &format!("case {case}, {length} bytes"));
    }
    recovered(&vec![0xff; file.len()], &rows, "all ones");
    recovered(b"no database", &rows, "text");
}

#[test]
fn a_log_cut_anywhere_gives_back_every_transaction_that_ended_before_the_cut() {
    let rows = rows();
    let directory = tempfile::tempdir().unwrap();
    let mut keeper = keeper(directory.path());
    let database = files::database(directory.path());
    let log = database.with_extension("db-wal");
    let mut ends = Vec::new();
    for row in &rows {
        store(&mut keeper, row.clone()).unwrap();
        ends.push(fs::metadata(&log).unwrap().len());
    }
    // As after a kill: the files as they are, with nobody to tidy up.
    let (file, log) = (fs::read(&database).unwrap(), fs::read(&log).unwrap());
    let mut numbers = Numbers(13);
    for case in 0..60 {
        let cut = numbers.below(log.len());
        let torn = tempfile::tempdir().unwrap();
        let copy = files::database(torn.path());
        fs::write(&copy, &file).unwrap();
        fs::write(copy.with_extension("db-wal"), &log[..cut]).unwrap();
        let mut keeper = self::keeper(torn.path());
        let back = keeper.read(usize::MAX, u64::MAX);
        let ended = ends.iter().filter(|end| **end <= cut as u64).count();
        assert!(back.len() >= ended, "case {case}: {} of {ended} at {cut}", back.len());
        assert_eq!(back, rows[..back.len()], "case {case}");
        assert_eq!(store(&mut keeper, Row::of(&sample(TEXT))), Ok(()));
    }
}

#[test]
fn a_damaged_file_is_kept_beside_and_told_by_its_name() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(files::database(directory.path()), "no database").unwrap();
    let keeper = keeper(directory.path());
    assert_eq!(keeper.metrics.quarantined.get(), 1);
    assert_eq!(keeper.metrics.healthy.get(), 1);
    let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let kept: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("quarantined-")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
}

#[test]
fn a_directory_that_cannot_be_written_is_answered_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    // A directory where the file should be: nothing can be opened, by root either.
    fs::create_dir(files::database(directory.path())).unwrap();
    let mut keeper = keeper(directory.path());
    assert_eq!(store(&mut keeper, Row::of(&sample(TEXT))), Err(SpoolError::Failing));
    assert_eq!(keeper.metrics.healthy.get(), 0);
    fs::remove_dir(files::database(directory.path())).unwrap();
    keeper.state = State::Broken { is_damaged: false, retry_at: Instant::now() };
    assert!(keeper.serve(&mut vec![Command::Tend]).is_continue());
    assert_eq!(store(&mut keeper, Row::of(&sample(TEXT))), Ok(()));
    assert_eq!(keeper.metrics.healthy.get(), 1);
}
