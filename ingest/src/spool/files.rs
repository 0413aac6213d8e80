//! The files of a spool's directory: their names, their lock, and how a broken one is put aside.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const DATABASE: &str = "spool.db";
const LOCK: &str = "spool.lock";
pub(super) const QUARANTINED: &str = "quarantined-";
/// What SQLite keeps beside a database.
pub(super) const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// Why a spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the spool in {} is in use by another process: stop that one, or give each a --spool-dir of its own", .0.display())]
    InUse(PathBuf),
    /// The directory cannot be used.
    #[error("the spool in {} cannot be used: {source}; check --spool-dir, its owner and its mode", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("no thread for the spool: {0}")]
    Thread(io::Error),
}

/// Says to other processes that the spool is in use, for as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Makes the directory where it is missing, and takes it.
    pub(super) fn take(directory: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { directory: directory.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let file = private(directory.join(LOCK)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// The database of a spool.
pub(super) fn database(directory: &Path) -> PathBuf {
    directory.join(DATABASE)
}

/// Makes the file where it is missing, so that only its owner can read it; SQLite gives its other files the same mode.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    private(path.to_owned()).map(drop)
}

fn private(path: PathBuf) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}

/// Moves a broken database beside, whole, where nothing deletes it; the new name, `None` where there is none.
pub(super) fn quarantine(directory: &Path) -> io::Result<Option<PathBuf>> {
    let current = database(directory);
    if !current.try_exists()? {
        return Ok(None);
    }
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let aside = directory.join(format!("{QUARANTINED}{millis}.db"));
    // The database itself last: until it is moved, everything is found where it was.
    for suffix in SUFFIXES.iter().rev() {
        let from = with_suffix(&current, suffix);
        if from.try_exists()? {
            fs::rename(from, with_suffix(&aside, suffix))?;
        }
    }
    File::open(directory)?.sync_all()?;
    Ok(Some(aside))
}

/// Databases that were put aside and not yet read to their end, the oldest first.
pub(super) fn quarantined(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let is_quarantined = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(QUARANTINED) && path.extension().is_some_and(|extension| extension == "db")
    };
    let entries = fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
    paths.retain(is_quarantined);
    paths.sort();
    Ok(paths)
}

/// Says by its name that a database has been read to its end; it stays for people to look at.
pub(super) fn mark_as_salvaged(path: &Path) -> io::Result<()> {
    let done = path.with_extension("salvaged");
    for suffix in SUFFIXES.iter().rev() {
        let from = with_suffix(path, suffix);
        if from.try_exists()? {
            fs::rename(from, with_suffix(&done, suffix))?;
        }
    }
    Ok(())
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_directory_is_for_one_process_and_for_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("spool");
        let lock = Lock::take(&directory).unwrap();
        assert!(matches!(Lock::take(&directory), Err(OpenError::InUse(_))));
        drop(lock);
        Lock::take(&directory).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&directory.join(LOCK))), (0o700, 0o600));
    }

    #[test]
    fn a_broken_database_is_moved_aside_whole_and_found_until_it_is_salvaged() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(quarantine(directory.path()).unwrap(), None);
        fs::write(directory.path().join("spool.db"), "broken").unwrap();
        fs::write(directory.path().join("spool.db-wal"), "log").unwrap();
        let aside = quarantine(directory.path()).unwrap().unwrap();
        assert_eq!(quarantined(directory.path()).unwrap(), std::slice::from_ref(&aside));
        assert_eq!(fs::read_to_string(with_suffix(&aside, "-wal")).unwrap(), "log");
        mark_as_salvaged(&aside).unwrap();
        assert!(quarantined(directory.path()).unwrap().is_empty());
        assert_eq!(fs::read_to_string(aside.with_extension("salvaged")).unwrap(), "broken");
    }
}
