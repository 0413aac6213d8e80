//! Files that are overwritten, flipped, cut or no files at all: nothing is invented or altered, and what is intact comes back.

use super::drained::Drained;
use super::*;

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

/// Opens a damaged file: what it gives back is checked, and that it takes deliveries again.
fn recovered(file: &[u8], rows: &[Row], case: &str) -> Drained {
    let directory = tempfile::tempdir().unwrap();
    fs::write(spool_db(directory.path()), file).unwrap();
    let mut store = store(directory.path());
    let drained = drain(&mut store, rows, case);
    let new = sample(TEXT).to_row();
    if put(&mut store, new.clone()).is_err() {
        retry(&mut store);
        assert_eq!(put(&mut store, new), Ok(()), "{case}: takes no more");
    }
    drained
}

#[test]
fn an_overwritten_page_loses_only_its_rows_and_they_are_named() {
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
fn a_flipped_bit_loses_at_most_its_row_and_alters_none() {
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

/// In the header of the file, which no digest covers (<https://sqlite.org/fileformat.html>, 1.3).
const VERSION_NUMBER: std::ops::Range<usize> = 60..64;

#[test]
fn a_flipped_bit_in_the_number_of_the_format_loses_nothing() {
    let rows = rows(ROWS);
    let file = closed_spool(&rows);
    for (byte, bit) in VERSION_NUMBER.flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut damaged = file.clone();
        damaged[byte] ^= 1 << bit;
        let back = recovered(&damaged, &rows, &format!("byte {byte}, bit {bit}")).ids.len();
        assert_eq!(back, ROWS, "byte {byte}, bit {bit}");
    }
}

#[test]
fn a_truncated_file_gives_what_is_left_and_the_spool_goes_on() {
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

/// The files of a spool that was killed, all of whose deliveries are in its log.
struct Killed {
    rows: Vec<Row>,
    /// Database, log and high-water mark.
    files: [Vec<u8>; 3],
    /// How long the log was after each delivery.
    ends: Vec<usize>,
}

const FILES: [&str; 3] = ["", "-wal", files::MARK];

fn killed() -> Killed {
    let rows = rows(ROWS);
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    let path = |suffix| files::with_suffix(&spool_db(directory.path()), suffix);
    let mut ends = Vec::new();
    for row in &rows {
        put(&mut store, row.clone()).unwrap();
        ends.push(fs::read(path("-wal")).unwrap().len());
    }
    let files = FILES.map(|suffix| fs::read(path(suffix)).unwrap());
    Killed { rows, files, ends }
}

impl Killed {
    /// What comes back with another log.
    fn drained_with(&self, log: &[u8], case: &str) -> Drained {
        let directory = tempfile::tempdir().unwrap();
        let [database, _, mark] = &self.files;
        for (suffix, content) in FILES.iter().zip([database, log, mark]) {
            fs::write(files::with_suffix(&spool_db(directory.path()), suffix), content).unwrap();
        }
        let mut store = store(directory.path());
        let drained = drain(&mut store, &self.rows, case);
        assert_eq!(put(&mut store, sample(TEXT).to_row()), Ok(()), "{case}");
        drained
    }
}

#[test]
fn a_truncated_log_gives_what_was_before_the_cut_and_counts_the_rest() {
    let killed = killed();
    let log = &killed.files[1];
    let mut numbers = Numbers(13);
    for case in 0..60 {
        let cut = numbers.below(log.len());
        let drained = killed.drained_with(&log[..cut], &format!("case {case}"));
        let ended = killed.ends.iter().filter(|end| **end <= cut).count();
        let back = drained.ids.len();
        assert!(
            killed.rows[..ended].iter().all(|row| drained.ids.contains(&row.id)),
            "case {case}: {back} of {ended}"
        );
        assert_eq!(back + usize::try_from(drained.lost_without_id).unwrap(), ROWS, "case {case}, {cut}");
    }
}

#[test]
fn a_large_delivery_behind_a_flipped_bit_is_found_beside_older_frames() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = store(directory.path());
    let path = |suffix| files::with_suffix(&spool_db(directory.path()), suffix);
    // More pages than a log takes before it begins anew, freed again: some frames stay behind those of what comes next.
    put_all(&mut store, &large_rows(250, 20_000));
    let stored = store.read(usize::MAX, u64::MAX);
    let deletes = stored[1..].iter().map(|stored| Change::Delete(stored.key())).collect();
    assert!(change(&mut store, deletes));
    let rows: Vec<_> = rows(5).into_iter().chain(large_rows(120, 20_000)).collect();
    put_all(&mut store, &rows);
    let waiting: Vec<_> =
        stored[..1].iter().map(|stored| &stored.row).chain(&rows).map(|row| row.id.clone()).collect();
    // Those that were drained may come back.
    let rows = stored.into_iter().map(|stored| stored.row).chain(rows).collect();
    let files = FILES.map(|suffix| fs::read(path(suffix)).unwrap());
    let mut log = files[1].clone();
    let salts = |frame: usize| &files[1][32 + frame * 4120 + 8..][..8];
    assert_ne!(salts(0), salts((log.len() - 32) / 4120 - 1), "the log has older frames");
    // In the second frame.
    log[32 + 4120 + 24 + 100] ^= 1;
    let killed = Killed { rows, files: files.clone(), ends: Vec::new() };
    let drained = killed.drained_with(&log, "large");
    assert!(waiting.iter().all(|id| drained.ids.contains(id)), "{} of {}", drained.ids.len(), waiting.len());
}

#[test]
fn deliveries_behind_a_flipped_bit_of_the_log_are_found() {
    let killed = killed();
    let mut numbers = Numbers(17);
    for case in 0..60 {
        let mut log = killed.files[1].clone();
        let bit = numbers.below(log.len() * 8);
        log[bit / 8] ^= 1 << (bit % 8);
        let drained = killed.drained_with(&log, &format!("case {case}, bit {bit}"));
        let back = drained.ids.len();
        assert!(back + 1 >= ROWS, "case {case}, bit {bit}: {back}");
        assert_eq!(back + usize::try_from(drained.lost_without_id).unwrap(), ROWS, "case {case}, bit {bit}");
    }
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
