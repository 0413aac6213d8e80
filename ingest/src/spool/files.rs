//! The files of a spool's directory: their names, how they are opened, and who may use them.
//!
//! A spool is a sequence of SQLite files: `spool.db`, `spool-1.db`, `spool-2.db` and so on. The last of them is written; the
//! others are *retired*: never written again, and drained in place. To retire a file is to create the next, so a database is
//! never separated from its log. `quarantined-MILLIS.db` is what earlier versions called a
//! retired file; `quarantined-MILLIS.salvaged` is one that was drained and is kept, since bytes of it are lost.

use schemas::Millis;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const LOCK: &str = "spool.lock";
pub(super) const SOCKET: &str = "spool.sock";
/// How the names begin of files that an earlier version retired, and of those that are kept.
pub(super) const QUARANTINED: &str = "quarantined-";
/// A database and what is beside it.
pub(super) const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", MARK];
/// The high-water mark of a database.
pub(super) const MARK: &str = "-mark";
const WORLD_WRITABLE: u32 = 0o002;
const GROUP_WRITABLE: u32 = 0o020;
/// In the mode of a directory: its group or everybody may put files into it.
pub(super) const WRITABLE_FOR_OTHERS: u32 = WORLD_WRITABLE | GROUP_WRITABLE;

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
    /// Others could put files of their own there.
    #[error("the spool in {} is not safe: {why}; close it to others (chmod go-w, chown), or name a directory inside of it, which ingest makes for itself", directory.display())]
    Unsafe {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system gives no thread.
    #[error("no thread for the spool: {0}")]
    Thread(io::Error),
}

/// Locks the spool against other processes for as long as it lives. The lock is on the directory too, so that it
/// holds when the file is deleted; and SQLite has one of its own on the database.
#[derive(Debug)]
pub(super) struct Lock {
    /// Whether the file system is read-only, as after an error of its disk, or mounted so.
    pub(super) is_read_only: bool,
    _directory: File,
    _file: Option<File>,
}

impl Lock {
    /// Creates the directory where it is missing, checks that it belongs to this user, and locks it.
    pub(super) fn take(directory: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { directory: directory.to_owned(), source };
        if make(directory).map_err(failed)? {
            tracing::warn!(directory = %directory.display(), "made the directory of the spool, which was not there: is its volume mounted?");
        }
        check_access(directory)?;
        let locked = |file: &File| match file.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        };
        let path = directory.join(LOCK);
        let (file, is_read_only) = match open_private(&path) {
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                (found(open_existing(&path)).map_err(failed)?, true)
            }
            opened => (Some(opened.map_err(failed)?), false),
        };
        match file.as_ref().map_or(Ok(()), locked) {
            // Where nobody can write, some give no lock either.
            Err(error) if !is_read_only || matches!(error, OpenError::InUse(_)) => return Err(error),
            _ => {}
        }
        let directory = File::open(directory).map_err(failed)?;
        // Some network file systems lock no directories.
        if let Err(error @ OpenError::InUse(_)) = locked(&directory) {
            return Err(error);
        }
        Ok(Self { is_read_only, _directory: directory, _file: file })
    }
}

/// Whether nothing can be written in the directory since its file system is read-only.
pub(super) fn is_read_only(directory: &Path) -> bool {
    open_private(&directory.join(LOCK)).is_err_and(|error| error.kind() == io::ErrorKind::ReadOnlyFilesystem)
}

/// Makes the directory where it is missing, and says whether it was. Its name is on the disk before anything is stored in it, also where the
/// one before ended in between, unless its parent may not be read or cannot be synced.
fn make(directory: &Path) -> io::Result<bool> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    let is_new = match DirBuilder::new().mode(0o700).create(directory) {
        Err(_) if directory.is_dir() => false,
        made => made.map(|()| true)?,
    };
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    match File::open(parent.unwrap_or(Path::new("."))).and_then(|parent| parent.sync_all()) {
        Err(error) if is_new && !matches!(error.kind(), PermissionDenied | InvalidInput | Unsupported) => {
            Err(error)
        }
        _ => Ok(is_new),
    }
}

/// A volume of Kubernetes belongs to root and is writable for the pod's `fsGroup`, with the set-group-id bit.
fn check_access(directory: &Path) -> Result<(), OpenError> {
    let unsafe_ = |why: String| OpenError::Unsafe { directory: directory.to_owned(), why };
    let failed = |source| OpenError::Directory { directory: directory.to_owned(), source };
    let metadata = fs::metadata(directory).map_err(failed)?;
    let (mode, owner) = (metadata.mode(), metadata.uid());
    if mode & WORLD_WRITABLE != 0 {
        return Err(unsafe_(format!("everybody can write to it (mode {:o})", mode & 0o7777)));
    }
    let is_volume_of_the_group = owner == 0 && mode & libc::S_ISGID != 0;
    if mode & GROUP_WRITABLE != 0 && !is_volume_of_the_group {
        return Err(unsafe_(format!("its group can write to it (mode {:o})", mode & 0o7777)));
    }
    if let Ok(user) = user()
        && ![0, user].contains(&owner)
    {
        return Err(unsafe_(format!("it belongs to user {owner}, and this process runs as {user}")));
    }
    Ok(())
}

/// The user of this process.
pub(super) fn user() -> io::Result<u32> {
    fs::metadata("/proc/self").map(|process| process.uid())
}

/// The database of a number.
fn numbered(directory: &Path, number: u64) -> PathBuf {
    let name = if number == 0 { "spool.db".to_owned() } else { format!("spool-{number}.db") };
    directory.join(name)
}

/// The number of a database of the spool, or of a file beside one.
fn number(name: &str) -> Option<u64> {
    let (stem, rest) = name.split_once(".db")?;
    if !SUFFIXES.contains(&rest) {
        return None;
    }
    if stem == "spool" { Some(0) } else { stem.strip_prefix("spool-")?.parse().ok() }
}

/// The databases of a spool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    /// The first of them; those that are not written any more, the oldest first.
    pub(super) retired: Vec<PathBuf>,
    /// Those that were drained and are kept, since rows of them are lost.
    pub(super) salvaged: Vec<PathBuf>,
    /// The one that is written, or will be created.
    pub(super) current: PathBuf,
    /// The one that would come after it.
    pub(super) next: PathBuf,
}

/// Finds the databases of a directory.
pub(super) fn sequence(directory: &Path) -> io::Result<Sequence> {
    let (mut retired, mut salvaged, mut numbers, mut last) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with(QUARANTINED) && path.extension().is_some_and(|extension| extension == "db") {
            retired.push(path);
        } else if name.starts_with(QUARANTINED) && name.ends_with(".salvaged") {
            salvaged.push(path);
        } else if let Some(number) = number(name) {
            // A log whose database was deleted keeps its number taken.
            last = number.max(last);
            if path == numbered(directory, number) {
                numbers.push(number);
            }
        }
    }
    retired.sort();
    numbers.sort_unstable();
    let current = numbers.pop().unwrap_or(if last == 0 { 0 } else { last + 1 });
    retired.extend(numbers.into_iter().map(|number| numbered(directory, number)));
    let next = numbered(directory, current.max(last) + 1);
    Ok(Sequence { retired, salvaged, current: numbered(directory, current), next })
}

/// Opens a file of its owner's alone, and creates it where it is missing. A link is never followed: it could name a file of somebody else.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    regular(options.open(path)?)
}

/// Opens a file to read it, with the same care; a pipe is not waited for.
pub(super) fn open_existing(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    regular(options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?)
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
}

/// `None` where a file is not there.
pub(super) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// How large a file is; `None` where there is none.
pub(super) fn size(path: &Path) -> io::Result<Option<u64>> {
    Ok(found(fs::symlink_metadata(path))?.map(|metadata| metadata.len()))
}

/// The size on disk of a database and the files beside it.
pub(super) fn total_size(path: &Path) -> io::Result<u64> {
    SUFFIXES.iter().map(|suffix| Ok(size(&with_suffix(path, suffix))?.unwrap_or_default())).sum()
}

/// Deletes a database and the files beside it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    SUFFIXES.iter().try_for_each(|suffix| remove_if_there(&with_suffix(path, suffix)))
}

/// Deletes a file, where it is there.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    found(fs::remove_file(path)).map(|_| ())
}

/// Renames a database that was drained and lost rows, so that it is kept for inspection.
pub(super) fn mark_as_salvaged(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let done = if name.starts_with(QUARANTINED) {
        path.with_extension("salvaged")
    } else {
        let millis = Millis::of(SystemTime::now()).as_millis();
        path.with_file_name(format!("{QUARANTINED}{millis}.salvaged"))
    };
    for suffix in SUFFIXES.iter().rev() {
        found(fs::rename(with_suffix(path, suffix), with_suffix(&done, suffix)))?;
    }
    Ok(done)
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
        fs::remove_file(directory.join(LOCK)).unwrap();
        assert!(
            matches!(Lock::take(&directory), Err(OpenError::InUse(_))),
            "the file of the lock was deleted"
        );
        drop(lock);
        Lock::take(&directory).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&directory.join(LOCK))), (0o700, 0o600));
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        for (mode, is_safe) in [(0o700, true), (0o755, true), (0o770, false), (0o777, false), (0o1777, false)]
        {
            let directory = tempfile::tempdir().unwrap();
            fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
            let taken = Lock::take(directory.path());
            assert_eq!(matches!(taken, Err(OpenError::Unsafe { .. })), !is_safe, "{mode:o}: {taken:?}");
        }
    }

    #[test]
    fn a_directory_of_its_own_is_made_where_everybody_may_write() {
        let volume = tempfile::tempdir().unwrap();
        fs::set_permissions(volume.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let own = volume.path().join("own");
        for is_new in [true, false] {
            assert_eq!(make(&own).unwrap(), is_new);
            drop(Lock::take(&own).unwrap());
            assert_eq!(fs::metadata(&own).unwrap().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "of somebody else").unwrap();
        let spool = directory.path().join("spool");
        fs::create_dir(&spool).unwrap();
        for name in [LOCK, "spool.db"] {
            std::os::unix::fs::symlink(&victim, spool.join(name)).unwrap();
            open_private(&spool.join(name)).unwrap_err();
        }
        assert!(matches!(Lock::take(&spool), Err(OpenError::Directory { .. })));
        assert_eq!(fs::read_to_string(victim).unwrap(), "of somebody else");
    }

    #[test]
    fn the_last_database_is_written_and_those_before_it_are_retired() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let of = |names: &[&str]| {
            for name in names {
                fs::write(path(name), "").unwrap();
            }
            sequence(directory.path()).unwrap()
        };
        let first = of(&["spool.lock", "spool.reserve"]);
        assert_eq!((first.current, first.next), (path("spool.db"), path("spool-1.db")));
        assert_eq!(of(&["spool.db", "spool.db-wal", "quarantined-17.salvaged"]).retired, [] as [PathBuf; 0]);
        let later = of(&["spool-10.db", "spool-9.db", "quarantined-17.db"]);
        assert_eq!(later.retired, ["quarantined-17.db", "spool.db", "spool-9.db"].map(path));
        assert_eq!((later.current, later.next), (path("spool-10.db"), path("spool-11.db")));
        assert_eq!(of(&["spool-12.db-wal"]).next, path("spool-13.db"), "its log is of another database");
    }
}
