//! Notes the `seq` of the last stored delivery beside the database.
//!
//! SQLite ends its log at the first frame that is not as it was written, and does not tell what it leaves out. The note is
//! written after each commit, without an `fsync` of its own: it is never ahead of what was stored, so a database that is behind
//! it has lost the end of its log.

use super::files;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Digits of the largest `seq`.
const DIGITS: usize = 19;

/// The note of one database.
#[derive(Debug, Default)]
pub(super) struct HighWaterMark {
    file: Option<File>,
    noted: i64,
}

impl HighWaterMark {
    /// For a database that is written. Where it cannot be opened nothing is noted: storing deliveries goes on.
    pub(super) fn open(database: &Path) -> Self {
        let file = files::private(&files::with_suffix(database, files::MARK));
        Self { file: file.map_err(|error| unusable(&error)).ok(), noted: 0 }
    }

    /// Of a database that was just created: a note that is there is of one that was deleted.
    pub(super) fn reset(&mut self) {
        self.write(0);
    }

    /// Notes a `seq` where it is larger than the last.
    pub(super) fn note(&mut self, seq: i64) {
        if seq > self.noted {
            self.write(seq);
        }
    }

    fn write(&mut self, seq: i64) {
        self.noted = seq;
        let Some(file) = &self.file else { return };
        if let Err(error) = file.write_all_at(format!("{seq:0DIGITS$}\n").as_bytes(), 0) {
            unusable(&error);
            self.file = None;
        }
    }

    /// What was noted for a database; nothing where there is no note.
    pub(super) fn read(database: &Path) -> Option<i64> {
        let mut digits = [0; DIGITS];
        let file = File::open(files::with_suffix(database, files::MARK)).ok()?;
        file.read_exact_at(&mut digits, 0).ok()?;
        std::str::from_utf8(&digits).ok()?.parse().ok()
    }
}

fn unusable(error: &io::Error) {
    tracing::warn!(%error, "cannot note the last stored delivery of the spool: if the end of its log is lost, that will not be noticed");
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
        mark.reset();
        assert_eq!(HighWaterMark::read(&database), Some(0));
        fs::write(files::with_suffix(&database, files::MARK), "no number at all, but long\n").unwrap();
        assert_eq!(HighWaterMark::read(&database), None);
    }
}
