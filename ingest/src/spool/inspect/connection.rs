//! Opens a spool's file without a write, or for the one write that there is.
//!
//! How, depends on what lies beside it:
//!
//! - A log (`-wal`) and its index (`-shm`): an ingest is running, or was killed. The file is opened read-only, and so is
//!   the index: with `readonly_shm=1`, which is what SQLite does by itself where it may not write to it
//!   (<https://sqlite.org/wal.html>, "Read-Only Databases", since 3.22.0). Beside a running ingest its index is used;
//!   where none runs, SQLite builds one of its own in memory. The parameter is in `os_unix.c` of the SQLite that is
//!   compiled in, what follows from it in `wal.c` (`walBeginShmUnreliable`); the tests compare every file byte by byte.
//! - No log, or an empty one without an index: the last one closed the file, everything is in it. A plain read-only
//!   connection would make a log and an index; so it is opened as `immutable=1` (<https://sqlite.org/uri.html>), which
//!   needs neither, nor any lock, but must not be trusted when somebody writes. Nobody can without making an index, or
//!   leaving another size or time of change; so both are looked at after each read, and what was read is thrown away
//!   where they differ.
//!
//! One thing is left to chance. Where an ingest deletes its log between the look and the first read, SQLite makes an empty
//! one, of the file's own owner and mode, before it finds that there is no index. It does so with the file locked against
//! that ingest, and an empty log is as good as none; so it is left there.

use super::super::database::{Trouble, VERSION};
use super::super::files;
use super::problem::InspectError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a statement waits for another process.
const BUSY: Duration = Duration::from_secs(2);

/// What a path may hold in a URI as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// An open file.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) directory: PathBuf,
    pub(super) connection: Connection,
    /// What the file was like, where nobody had it open.
    at_rest: Option<Rest>,
}

/// A file at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl Opened {
    /// Opens it to read; the directory stays as it is.
    pub(super) fn to_read(directory: &Path) -> Result<Self, InspectError> {
        let (file, metadata) = find(directory)?;
        let (at_rest, how) = match Beside::of(&file)? {
            Beside::Index => (None, "mode=ro&readonly_shm=1"),
            Beside::Nothing => (Some(Rest::of(&metadata)), "mode=ro&immutable=1"),
            Beside::LogAlone => return Err(InspectError::NoIndex(files::with_suffix(&file, "-shm"))),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = connect(&uri(&file, how), flags).map_err(|error| problem(&file, error))?;
        Ok(Self { directory: directory.to_owned(), connection, at_rest })
    }

    /// Opens it to change rows. A log and an index that are missing are made, as the file's own owner and mode say.
    pub(super) fn to_write(directory: &Path) -> Result<Self, InspectError> {
        let (file, _) = find(directory)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
        let opened = connect(&uri(&file, "mode=rw"), flags).and_then(|connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            Ok(connection)
        });
        let connection = opened.map_err(|error| problem(&file, error))?;
        Ok(Self { directory: directory.to_owned(), connection, at_rest: None })
    }

    pub(super) fn file(&self) -> PathBuf {
        files::database(&self.directory)
    }

    /// Whether what has just been read can be relied on.
    pub(super) fn is_as_opened(&self) -> bool {
        let Some(rest) = self.at_rest else { return true };
        let file = self.file();
        matches!(Beside::of(&file), Ok(Beside::Nothing))
            && fs::metadata(&file).is_ok_and(|metadata| Rest::of(&metadata) == rest)
    }

    pub(super) fn problem(&self, error: rusqlite::Error) -> InspectError {
        problem(&self.file(), error)
    }
}

/// What lies beside a file.
enum Beside {
    /// An index of a log: the file is in use, or was when its process was killed.
    Index,
    /// A log with something in it, of which there is no index.
    LogAlone,
    /// Nothing that matters.
    Nothing,
}

impl Beside {
    fn of(file: &Path) -> Result<Self, InspectError> {
        if size(&files::with_suffix(file, "-shm"))?.is_some() {
            return Ok(Self::Index);
        }
        let log = size(&files::with_suffix(file, "-wal"))?;
        Ok(if log.is_some_and(|bytes| bytes > 0) { Self::LogAlone } else { Self::Nothing })
    }
}

impl Rest {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), changed: metadata.modified().ok() }
    }
}

/// The format of the file; `None` where it has no deliveries.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let query = "SELECT user_version FROM pragma_user_version \
                 WHERE EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'deliveries')";
    let mut statement = connection.prepare(query)?;
    let mut found = statement.query([])?;
    found.next()?.map(|row| row.get(0)).transpose()
}

pub(super) fn check_version(directory: &Path, version: Option<i64>) -> Result<(), InspectError> {
    let file = files::database(directory);
    match version {
        None => Err(InspectError::NotASpool(file)),
        Some(format) if format > VERSION => Err(InspectError::LaterFormat { file, format, known: VERSION }),
        Some(_) => Ok(()),
    }
}

/// Whether it may have failed because an ingest begins, ends or was killed at this moment. `SQLITE_READONLY_RECOVERY` and
/// `SQLITE_READONLY_CANTINIT` say that the log's index is of no use yet, and that a writer is about to mend it;
/// `SQLITE_CANTOPEN`, that log and index were deleted since they were looked for (<https://sqlite.org/rescode.html>).
pub(super) fn changes_hands(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

/// Leaves the file to others for a while.
#[expect(
    clippy::disallowed_methods,
    reason = "it blocks as SQLite does; who looks into a spool has nothing else to do"
)]
pub(super) fn wait(duration: Duration) {
    std::thread::sleep(duration);
}

fn connect(uri: &str, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// The file, once it is known to be there. It is not opened for that: closing it again would let go of the locks that
/// this process has on it (<https://sqlite.org/howtocorrupt.html>, "POSIX advisory locks").
fn find(directory: &Path) -> Result<(PathBuf, Metadata), InspectError> {
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(InspectError::NoDirectory(directory.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(InspectError::NoDirectory(directory.to_owned()));
        }
        Err(error) => {
            return Err(InspectError::Unusable { file: directory.to_owned(), why: error.to_string() });
        }
    }
    let file = files::database(directory);
    match fs::metadata(&file) {
        Ok(metadata) => Ok((file, metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(InspectError::NoSpool(directory.to_owned())),
        Err(error) => Err(InspectError::Unusable { file, why: error.to_string() }),
    }
}

/// How large a file is; `None` where there is none.
fn size(file: &Path) -> Result<Option<u64>, InspectError> {
    match fs::metadata(file) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(InspectError::Unusable { file: file.to_owned(), why: error.to_string() }),
    }
}

fn problem(file: &Path, error: rusqlite::Error) -> InspectError {
    // Its message has the whole URI, and no reason.
    if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) {
        return InspectError::Unusable { file: file.to_owned(), why: "SQLite cannot open it".to_owned() };
    }
    InspectError::of(file, Trouble::from(error))
}

fn uri(file: &Path, how: &str) -> String {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    format!("file://{}?{how}", percent_encode(path.as_os_str().as_bytes(), PLAIN))
}
