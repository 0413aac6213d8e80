//! Notes the `seq` of the last stored delivery beside the database.
//!
//! SQLite ends its log at the first frame that is not as it was written, and does not tell what it leaves out. The note is
//! written after each commit, without an `fsync` of its own: it is never ahead of what was stored, so a database that is behind
//! it has lost the end of its log.

use super::files;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Digits of the largest `seq`, and of the first bytes of its SHA-256.
const DIGITS: usize = 19;
const CHECK: usize = 16;

/// The note of one database.
#[derive(Debug, Default)]
pub(super) struct HighWaterMark {
    file: Option<File>,
    noted: i64,
}

impl HighWaterMark {
    /// For a database that is written. Where it cannot be opened nothing is noted: storing deliveries goes on.
    pub(super) fn open(database: &Path) -> Self {
        let file = files::open_private(&files::with_suffix(database, files::MARK));
        Self { file: file.map_err(|error| unusable(&error)).ok(), noted: 0 }
    }

    /// Notes a `seq` where it is larger than the last.
    pub(super) fn note(&mut self, seq: i64) {
        if seq <= self.noted {
            return;
        }
        self.noted = seq;
        let Some(file) = &self.file else { return };
        if let Err(error) = file.write_all_at(line(seq).as_bytes(), 0) {
            unusable(&error);
            self.file = None;
        }
    }

    /// What was noted for a database; nothing where there is no note, or it is not what was written.
    fn read(database: &Path) -> Option<i64> {
        let mut found = [0; DIGITS + 1 + CHECK + 1];
        let file = files::open_existing(&files::with_suffix(database, files::MARK)).ok()?;
        file.read_exact_at(&mut found, 0).ok()?;
        let seq = std::str::from_utf8(&found).ok()?.get(..DIGITS)?.parse().ok()?;
        (line(seq).as_bytes() == found).then_some(seq)
    }

    /// What was stored and is in a database no more whose last `seq` is this one: the end of its log is lost.
    pub(super) fn missing_after(last: i64, database: &Path) -> Option<RangeInclusive<i64>> {
        Self::read(database).filter(|noted| *noted > last).map(|noted| last + 1..=noted)
    }
}

fn line(seq: i64) -> String {
    let digits = format!("{seq:0DIGITS$}");
    let check = Sha256::digest(digits.as_bytes()).first_chunk().copied().map(u64::from_be_bytes);
    format!("{digits} {:0CHECK$x}\n", check.unwrap_or_default())
}

fn unusable(error: &io::Error) {
    tracing::warn!(%error, "cannot write the high-water mark of the spool: if the end of its log is lost, that will not be noticed");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_largest_seq_is_noted_and_what_is_none_is_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("spool.db");
        assert_eq!(HighWaterMark::read(&database), None);
        let mut mark = HighWaterMark::open(&database);
        mark.note(0);
        assert_eq!(HighWaterMark::read(&database), None);
        for (seq, noted) in [(7, 7), (12_345, 12_345), (8, 12_345), (i64::MAX, i64::MAX)] {
            mark.note(seq);
            assert_eq!(HighWaterMark::read(&database), Some(noted));
        }
        assert_eq!(HighWaterMark::missing_after(i64::MAX, &database), None);
        assert_eq!(HighWaterMark::missing_after(i64::MAX - 2, &database), Some(i64::MAX - 1..=i64::MAX));
        let path = files::with_suffix(&database, files::MARK);
        let mut flipped = fs::read(&path).unwrap();
        flipped[3] ^= 1;
        fs::write(&path, flipped).unwrap();
        assert_eq!(HighWaterMark::read(&database), None);
        files::remove_if_there(&path).unwrap();
        files::remove_if_there(&path).unwrap();
        assert_eq!(HighWaterMark::read(&database), None);
    }

    #[test]
    fn a_note_that_is_a_link_or_a_pipe_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let (database, other) = (directory.path().join("spool.db"), directory.path().join("other.db"));
        HighWaterMark::open(&other).note(7);
        let path = files::with_suffix(&database, files::MARK);
        std::os::unix::fs::symlink(files::with_suffix(&other, files::MARK), &path).unwrap();
        assert_eq!(HighWaterMark::read(&database), None);
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(HighWaterMark::read(&database), None, "nor is it waited for");
    }
}
