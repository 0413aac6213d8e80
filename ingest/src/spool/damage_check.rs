//! Whether what SQLite reports as corruption is in truth a failing read (`EIO`).
//!
//! Where a read fails with `EIO`, SQLite says `SQLITE_CORRUPT`, as of a page with other bytes
//! (<https://sqlite.org/rescode.html#ioerr_corruptfs>). So the file is read once more without it.

use super::error::StoreError;
use super::files;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a file is read: deliveries wait meanwhile, and with the check before it that is less than what counts as a disk that
/// hangs (`maintenance.rs`). An error that lies further behind leaves it at damage, which loses nothing.
const LOOK_FOR: Duration = Duration::from_secs(2);
const CHUNK_BYTES: usize = 1 << 20;

/// What an error is once the disk was asked for the file. Nothing may have SQLite's lock on it: to open it a second time and close
/// it again would end that (<https://sqlite.org/howtocorrupt.html>, 2.2).
pub(super) fn recheck_damage(error: &StoreError, path: io::Result<PathBuf>) -> StoreError {
    let StoreError::Damaged(why) = error else { return error.clone() };
    match path.and_then(|path| look(&path)) {
        Ok(()) => error.clone(),
        Err(unread) => StoreError::Transient(format!("{why}, and reading it fails: {unread}")),
    }
}

fn look(path: &Path) -> io::Result<()> {
    let begin = Instant::now();
    for suffix in ["", "-wal"] {
        if let Some(file) = files::found(files::open_existing(&files::with_suffix(path, suffix)))? {
            read_through(&file, begin)?;
        }
    }
    Ok(())
}

fn read_through(file: &File, begin: Instant) -> io::Result<()> {
    let (mut chunk, mut offset) = (vec![0; CHUNK_BYTES], 0);
    while begin.elapsed() < LOOK_FOR {
        match file.read_at(&mut chunk, offset)? {
            0 => break,
            count => offset += count as u64,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_does_not_give_is_said() {
        // Linux gives no byte there: nothing is mapped at address 0.
        let unreadable = File::open("/proc/self/mem").unwrap();
        let error = read_through(&unreadable, Instant::now()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EIO));
        read_through(&File::open("Cargo.toml").unwrap(), Instant::now()).unwrap();
    }
}
