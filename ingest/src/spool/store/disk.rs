//! What the disk of a spool holds at most, which may be less than `--spool-max-bytes`.

use super::super::database::PAGES_PART;
use super::super::files;
use super::{State, Store};
use rustix::fs::FsWord;
use std::path::Path;

/// File systems in memory, tmpfs and ramfs, by what `statfs(2)` calls them.
const IN_MEMORY: [FsWord; 2] = [0x0102_1994, 0x8584_58f6];

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

    /// Whether what is written there is on no disk.
    fn is_in_memory(directory: &Path) -> bool {
        rustix::fs::statfs(directory).is_ok_and(|stat| IN_MEMORY.contains(&stat.f_type))
    }

    /// What the rows of a file may take that has `file_bytes` by now, where `reserve_bytes` more are kept free.
    const fn fits(self, file_bytes: u64, reserve_bytes: u64) -> u64 {
        let bytes = file_bytes.saturating_add(self.free.saturating_sub(reserve_bytes));
        bytes / (PAGES_PART + 1) * PAGES_PART
    }
}

impl Store {
    /// Says where less fits than may be stored, and where it is on no disk at all: nobody else would before that shows.
    pub(super) fn warn_of_disk(&mut self) {
        if Disk::is_in_memory(&self.parts.directory) {
            tracing::warn!(
                directory = %self.parts.directory.display(),
                "--spool-dir is in memory (tmpfs): what waits there, though it was answered 200, is lost with the pod or the node; put it on a disk"
            );
        }
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

    #[test]
    fn a_file_system_in_memory_is_known() {
        assert!(Disk::is_in_memory(Path::new("/dev/shm")), "where Linux has shared memory (tmpfs)");
        assert!(!Disk::is_in_memory(Path::new("/proc")));
    }

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
