//! Disk space reserved for recovering from a full disk.
//!
//! A delete needs space too: SQLite writes it to its log first. A file of zeros reserves some, and is removed when the disk
//! is full; until it is there again, no delivery is stored.

use super::super::error::{StoreError, is_out_of_space};
use super::super::files::remove_if_there;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const FILE: &str = "spool.reserve";
/// A sixteenth of what the spool may take, between these.
const PART_OF_SPOOL: u64 = 16;
const MIN_BYTES: u64 = 1 << 20;
const MAX_BYTES: u64 = 16 << 20;
/// Enough that a write fails where there is no space.
const PROBE: u64 = 64 << 10;

/// The file, existing or not.
pub(super) struct Reserve {
    path: PathBuf,
    pub(super) bytes: u64,
    pub(super) is_there: bool,
}

impl Reserve {
    /// For a spool of this directory and size; nothing is created yet.
    pub(super) fn new(directory: &Path, max_bytes: u64) -> Self {
        Self {
            path: directory.join(FILE),
            bytes: (max_bytes / PART_OF_SPOOL).clamp(MIN_BYTES, MAX_BYTES),
            is_there: false,
        }
    }

    /// Creates it where it is missing.
    pub(super) fn make(&mut self) -> io::Result<()> {
        if !self.is_there {
            write(&self.path, self.bytes).inspect_err(|_| self.release())?;
            self.is_there = true;
        }
        Ok(())
    }

    /// Removes it, which frees its space.
    pub(super) fn release(&mut self) {
        self.is_there = false;
        if let Err(error) = remove_if_there(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "cannot remove the reserve of the spool");
        }
    }

    /// What an error of the database means: SQLite reports an exhausted quota as an I/O error.
    pub(super) fn classify(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Transient(_) if self.is_out_of_space() => StoreError::Full,
            error => error,
        }
    }

    /// Whether writes fail for lack of space: writing a file of our own tells that from another error.
    fn is_out_of_space(&self) -> bool {
        let probe = self.path.with_extension("probe");
        let is_out = write(&probe, PROBE).is_err_and(|error| is_out_of_space(&error));
        // Where nothing can be written there is none.
        if let Err(error) = remove_if_there(&probe)
            && error.kind() != io::ErrorKind::ReadOnlyFilesystem
        {
            tracing::warn!(%error, file = %probe.display(), "cannot remove the probe file of the spool");
        }
        is_out
    }
}

/// Writes zeros. The file is created anew: one of that name may be a link to somebody else's.
fn write(path: &Path, bytes: u64) -> io::Result<()> {
    remove_if_there(path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::copy(&mut io::repeat(0).take(bytes), &mut file)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_link_by_that_name_is_replaced_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "of somebody else").unwrap();
        std::os::unix::fs::symlink(&victim, directory.path().join(FILE)).unwrap();
        Reserve::new(directory.path(), 32 << 20).make().unwrap();
        assert_eq!(fs::read_to_string(victim).unwrap(), "of somebody else");
    }

    #[test]
    fn the_reserve_takes_space_until_it_is_released() {
        let directory = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::new(directory.path(), 32 << 20);
        assert!(!reserve.is_there);
        reserve.make().unwrap();
        assert_eq!(fs::metadata(directory.path().join(FILE)).unwrap().len(), 2 << 20);
        reserve.release();
        assert!(!directory.path().join(FILE).exists() && !reserve.is_there);
        reserve.make().unwrap();
        assert!(reserve.is_there);
    }
}
