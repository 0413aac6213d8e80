//! What the disk of a spool holds at most, which may be less than `--spool-max-bytes`.

use super::super::database::PAGES_PART;
use super::super::files;
use super::{State, Store};
use std::path::Path;

/// The file system of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Disk {
    bytes: u64,
    /// What is left of it for this user.
    free: u64,
}

impl Disk {
    /// `None` where it does not say, as some that are mounted over a network.
    fn of(directory: &Path) -> Option<Self> {
        let stat = rustix::fs::statvfs(directory).ok().filter(|stat| stat.f_blocks > 0)?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Some(Self { bytes: bytes(stat.f_blocks), free: bytes(stat.f_bavail) })
    }

    /// What the rows of a file may take that has `file_bytes` by now, where `reserve_bytes` more are kept free.
    const fn fits(self, file_bytes: u64, reserve_bytes: u64) -> u64 {
        let bytes = file_bytes.saturating_add(self.free.saturating_sub(reserve_bytes));
        bytes / (PAGES_PART + 1) * PAGES_PART
    }
}

impl Store {
    /// Says where less fits than may be stored: nobody else would before it is full.
    pub(super) fn warn_of_small_disk(&mut self) {
        if let Some(disk) = self.look_at_disk()
            && self.fits < self.parts.max_bytes
        {
            tracing::warn!(
                directory = %self.parts.directory.display(),
                max_bytes = self.parts.max_bytes,
                disk_bytes = disk.bytes,
                free_bytes = disk.free,
                fits_bytes = self.fits,
                "the disk of --spool-dir does not hold --spool-max-bytes: it is full before, and deliveries are answered 503 then; \
                 enlarge the volume, or lower --spool-max-bytes to seven tenths of one that is the spool's alone"
            );
        }
    }

    /// Sees how much fits on it, where that can be told. What is admitted does not depend on it: it is an estimate, and the disk may be
    /// given more.
    pub(super) fn look_at_disk(&mut self) -> Option<Disk> {
        let State::Open(database) = &self.state else { return None };
        let disk = Disk::of(&self.parts.directory)?;
        let reserve_bytes = if self.reserve.is_there { 0 } else { self.reserve.bytes };
        let file_bytes = files::total_size(&database.path).unwrap_or_default();
        self.fits = disk.fits(file_bytes, reserve_bytes).saturating_add(self.parts.backlog.disk_bytes());
        Some(disk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn fits(bytes: u64, reserve_bytes: u64) -> u64 {
        Disk { bytes, free: bytes }.fits(0, reserve_bytes)
    }

    #[test]
    fn seven_tenths_of_a_volume_fit_on_what_a_file_system_leaves_of_it() {
        // Of 10 GiB and of 1 GiB with ext4, a twentieth of it for root alone.
        for (volume, max) in [(9460 * MIB, 7 << 30), (922 * MIB, 704 * MIB)] {
            assert!(fits(volume, 16 * MIB) >= max, "{}", fits(volume, 16 * MIB) / MIB);
        }
    }

    #[test]
    fn what_is_stored_already_fits_and_the_reserve_is_left_out() {
        assert_eq!(fits(24 * MIB, 16 * MIB), fits(8 * MIB, 0));
        assert_eq!(fits(8 * MIB, 16 * MIB), 0);
        let half_full = Disk { bytes: 10 * MIB, free: 5 * MIB };
        assert_eq!(half_full.fits(5 * MIB, 0), 8 * MIB);
    }
}
