//! Opens a file of SQLite: to write it, or to read one that is not written any more, also where its volume is read-only.

use super::super::error::StoreError;
use super::super::files;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

/// SQLite's way to files without locks (<https://sqlite.org/vfs.html>): on a file system that is read-only a lock to write
/// cannot be had, and one to read is not enough for the log. The process has the lock of the directory.
const NO_LOCKS: &str = "?vfs=unix-none";
/// For a file without a log, which SQLite would create, and cannot there.
const NO_LOG: &str = "?vfs=unix-none&immutable=1";

/// Opens a file of SQLite for this process alone. Closing it leaves the log as it is: where the log is damaged, SQLite would
/// delete what it did not read. `parameters` name another way to the file than SQLite's usual one
/// (<https://sqlite.org/uri.html>).
pub(in crate::spool) fn connect(path: &Path, parameters: Option<&str>) -> Result<Connection, StoreError> {
    // A link anywhere in the path is refused, so those of the directory's own path are resolved first.
    let directory = path.parent().unwrap_or(Path::new(".")).canonicalize()?;
    let path = path.file_name().map_or_else(|| path.to_owned(), |name| directory.join(name));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = match parameters {
        Some(parameters) => {
            Connection::open_with_flags(uri(&path, parameters), flags | OpenFlags::SQLITE_OPEN_URI)?
        }
        None => Connection::open_with_flags(path, flags)?,
    };
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Opens a file that is not written any more, to read it alone; closing it does not checkpoint the log either.
pub(in crate::spool) fn connect_to_read(path: &Path) -> Result<Connection, StoreError> {
    // SQLite would delete the log of an empty file.
    if files::size(path)? == Some(0) {
        return Err(StoreError::Damaged("the file is empty".to_owned()));
    }
    let has_log = files::size(&files::with_suffix(path, "-wal"))?.is_some();
    let connection = connect(path, Some(if has_log { NO_LOCKS } else { NO_LOG }))?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A path that begins with a slash, with parameters; what would end it there is escaped.
fn uri(path: &Path, parameters: &str) -> OsString {
    let escaped = path.as_os_str().as_bytes().iter().flat_map(|byte| match byte {
        b'%' | b'?' | b'#' => format!("%{byte:02x}").into_bytes(),
        _ => vec![*byte],
    });
    OsString::from_vec(b"file://".iter().copied().chain(escaped).chain(parameters.bytes()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_log_is_read_and_gets_none_whatever_its_folder_is_called() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("50 %41?immutable=0#ü");
        std::fs::create_dir(&directory).unwrap();
        let path = directory.join("spool.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (7);")
            .unwrap();
        let read = connect_to_read(&path).unwrap();
        assert_eq!(read.query_row("SELECT a FROM t", [], |row| row.get::<_, i64>(0)), Ok(7));
        read.execute("DELETE FROM t", []).unwrap_err();
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
    }
}
